// Room SourceYAML.
