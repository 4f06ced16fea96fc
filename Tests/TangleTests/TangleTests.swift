// TangleTests.
