// CaptureTests.
