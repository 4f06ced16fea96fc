// Room LogEntries.
