// MerkleLogTests.
