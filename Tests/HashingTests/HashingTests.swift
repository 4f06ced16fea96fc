// HashingTests.
