// Room CanonicalCBOR.
