// Room FacilityPage.
