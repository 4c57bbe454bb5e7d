"""Walkable streets."""
