"""Residential compounds and the buildings that stand in them."""
