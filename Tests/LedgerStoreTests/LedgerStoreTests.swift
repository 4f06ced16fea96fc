// LedgerStoreTests.
