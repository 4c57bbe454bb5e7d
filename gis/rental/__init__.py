"""Rental housing: density per compound, grid, division and H3 cell (REN-1, REN-2)."""
