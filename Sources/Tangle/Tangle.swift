// Room Tangle.
