"""Visits of places and notes on them: what to see next, in which order, and what was noticed."""
