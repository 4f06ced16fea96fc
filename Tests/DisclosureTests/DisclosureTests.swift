// DisclosureTests.
