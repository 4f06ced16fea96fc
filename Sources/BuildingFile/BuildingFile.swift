// Room BuildingFile.
