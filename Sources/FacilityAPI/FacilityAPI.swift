// Room FacilityAPI.
