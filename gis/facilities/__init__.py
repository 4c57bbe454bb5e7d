"""Community service facilities and their coverage per 100 households (FAC-1 to FAC-5)."""
