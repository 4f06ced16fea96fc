// BuildingFileTests.
