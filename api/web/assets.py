"""Browser files of the web pages by the name after ``/assets/``: libraries and our own."""

import gzip
import hashlib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files as package_files
from pathlib import Path

from maps import assets as map_assets
from maps.assets import Asset

_STATIC = Path(str(package_files("api.web"))) / "static"
_MEDIA = {".js": "text/javascript", ".css": "text/css"}
LIBRARIES = {
    "htmx.js": "htmx.org/dist/htmx.min.js",
    "pico.css": "@picocss/pico/css/pico.min.css",
    "geoman.js": "@geoman-io/leaflet-geoman-free/dist/leaflet-geoman.min.js",
    "geoman.css": "@geoman-io/leaflet-geoman-free/dist/leaflet-geoman.css",
    "echarts.js": "echarts/dist/echarts.common.min.js",
}


@cache
def files() -> Mapping[str, Asset]:
    """Every file a page may ask for: the maps' and the web application's."""
    libraries = map_assets.library_folder()
    found = {name: libraries / inside for name, inside in LIBRARIES.items()}
    found |= {path.name: path for path in sorted(_STATIC.iterdir())}
    own = {name: Asset(path, _MEDIA[path.suffix]) for name, path in found.items()}
    return {**map_assets.files(), **own}


def link(name: str) -> str:
    """The address of a file with a mark of its content, so that browsers may keep it for good."""
    path = files()[name].path
    return f"/assets/{name}?v={_digest(path, path.stat().st_mtime_ns)}"


@cache
def _digest(path: Path, changed_ns: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


def packed(asset: Asset) -> bytes:
    """The file gzipped, made once."""
    return _packed(asset.path, asset.path.stat().st_mtime_ns)


@cache
def _packed(path: Path, changed_ns: int) -> bytes:
    return gzip.compress(path.read_bytes(), mtime=0)
