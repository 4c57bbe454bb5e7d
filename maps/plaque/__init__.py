"""Plaques (SAF-1) for the entrances of compounds: colour, word, shape, advice, check text."""

from maps.plaque.model import Paper, Plaque
from maps.plaque.render import book, pdf, png

__all__ = ["Paper", "Plaque", "book", "pdf", "png"]
