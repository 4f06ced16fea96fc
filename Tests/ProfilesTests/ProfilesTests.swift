// ProfilesTests.
