// Room LedgerStore.
