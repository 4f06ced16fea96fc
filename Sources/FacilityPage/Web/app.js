// The page's modules stand here.
