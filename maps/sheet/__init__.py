"""Map sheets on paper: A4 or A3 with title, legend, scale bar, north arrow, date, maker, mark."""

from maps.sheet.model import Drawn, Sheet
from maps.sheet.render import pdf, png

__all__ = ["Drawn", "Sheet", "pdf", "png"]
