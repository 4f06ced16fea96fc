// Room LocalTangle.
