"""Offline map pages: frames in, one HTML page out (Folium, Leaflet, no network)."""

from maps.context import MapContext
from maps.material import Material
from maps.page import build, pieces

__all__ = ["MapContext", "Material", "build", "pieces"]
