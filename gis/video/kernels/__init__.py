"""Compiled kernels of view fields: walls, shadows, what a point sees, its outlines."""
