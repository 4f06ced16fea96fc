// Room Profiles.
