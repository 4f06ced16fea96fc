// Room Hashing.
