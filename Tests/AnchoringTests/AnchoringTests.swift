// AnchoringTests.
