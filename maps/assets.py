"""Finds the browser files: our own in ``maps/static``, the libraries where set-up put them."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files as package_files
from pathlib import Path

from gis.errors import BadInput

_HERE = Path(str(package_files("maps")))
_MEDIA = {".js": "text/javascript", ".css": "text/css"}

LIBRARIES = {
    "leaflet.js": "leaflet/dist/leaflet.js",
    "leaflet.css": "leaflet/dist/leaflet.css",
    "pmtiles.js": "pmtiles/dist/pmtiles.js",
    "protomaps-leaflet.js": "protomaps-leaflet/dist/protomaps-leaflet.js",
}
STYLES = ("map.css", "phone.css", "print.css")
SCRIPTS = (
    "core.js", "theme.js", "draw.js", "layers.js", "points.js", "marks.js", "tiles.js", "detail.js",
    "panel.js", "search.js", "link.js", "print.js", "plan.js", "tools.js", "frame.js",
    "boot.js",
)  # fmt: skip


class LibrariesMissing(BadInput):
    """The browser libraries are not installed; the message has the command."""

    code = "libraries_missing"


@dataclass(frozen=True)
class Asset:
    """One file a browser may ask for."""

    path: Path
    media_type: str

    def text(self) -> str:
        """The file's text."""
        return self.path.read_text("utf-8")


@cache
def library_folder() -> Path:
    """The libraries' folder: WANGGE_NODE_MODULES, else the checkout's.

    Raises LibrariesMissing with the command that installs them.
    """
    place = Path(os.environ.get("WANGGE_NODE_MODULES") or _HERE.parent / "node_modules")
    if all((place / inside).is_file() for inside in LIBRARIES.values()):
        return place
    raise LibrariesMissing(
        "浏览器组件尚未安装 / "
        "the browser libraries of the maps are not installed: run npm ci --ignore-scripts in the"
        " folder of package.json, or let WANGGE_NODE_MODULES name the folder that holds leaflet"
    )


def files() -> Mapping[str, Asset]:
    """Every file a page in server mode may ask for, by the name after ``/assets/``."""
    libraries = library_folder()
    found = {name: libraries / inside for name, inside in LIBRARIES.items()}
    found |= {name: _HERE / "static" / name for name in (*STYLES, *SCRIPTS)}
    return {name: Asset(path, _MEDIA[path.suffix]) for name, path in found.items()}
