// ProofOfWorkTests.
