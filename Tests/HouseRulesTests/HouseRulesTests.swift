// HouseRulesTests.
