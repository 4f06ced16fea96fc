// TwinModelTests.
