// Room Anchoring.
