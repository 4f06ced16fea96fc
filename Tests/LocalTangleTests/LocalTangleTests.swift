// LocalTangleTests.
