// SourceYAMLTests.
