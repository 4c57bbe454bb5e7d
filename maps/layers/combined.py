"""The one page with all layers in groups."""

from gis.layers.model import COMBINED
from maps.layers.drawing import Sheet

_SHOWN = {"rating"}

SHEETS = (Sheet("combined", tuple((name, name in _SHOWN) for name in COMBINED)),)
