// CanonicalCBORTests.
