"""Quarterly ranking and yearly class of divisions by their evaluations (EVA-1, EVA-2)."""
