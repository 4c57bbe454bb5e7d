"""Grids: the cells of grid management, their worker posts and their audit (GRD-1, GRD-2)."""
