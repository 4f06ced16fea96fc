// SimulationTests.
