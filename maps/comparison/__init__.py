"""A scenario beside today as an A4 page."""

from maps.comparison.render import Comparison, pdf

__all__ = ["Comparison", "pdf"]
