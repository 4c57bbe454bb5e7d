"""Plaques (SAF-1) for the entrances of compounds: colour, word, shape, advice, check text."""

from maps.plaque.model import Paper, Plaque
from maps.plaque.render import pdf, png

__all__ = ["Paper", "Plaque", "pdf", "png"]
