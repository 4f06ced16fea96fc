// LogEntriesTests.
