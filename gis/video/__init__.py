"""Video points of the sharp-eyes network: inventory and working rate (VID-1, VID-2)."""
