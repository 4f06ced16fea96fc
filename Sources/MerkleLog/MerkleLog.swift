// Room MerkleLog.
