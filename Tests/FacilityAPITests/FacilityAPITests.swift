// FacilityAPITests.
