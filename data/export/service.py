"""Writes a layer to a file: whole or not at all, private when it is internal."""

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd

from data.export import columns, sheets, spatial
from data.export.model import Caption, Format
from gis.errors import BadInput

_WRITERS: dict[Format, Callable[[gpd.GeoDataFrame, Caption, Path], None]] = {
    Format.GPKG: spatial.gpkg,
    Format.GEOJSON: spatial.geojson,
    Format.SHP: spatial.shp,
    Format.FGB: spatial.fgb,
    Format.PARQUET: spatial.parquet,
    Format.KML: spatial.kml,
    Format.XLSX: sheets.xlsx,
    Format.CSV: sheets.csv,
}
_SUFFIX = {Format.SHP: ".zip"}


def suffix(form: Format) -> str:
    """The file ending of a format; a shapefile travels as a zip."""
    return _SUFFIX.get(form, f".{form.value}")


def export(frame: gpd.GeoDataFrame, caption: Caption, *, form: Format, out: Path) -> Path:
    """Write ``frame`` (EPSG:4326) as ``form`` to ``out`` and return ``out``.

    The file appears complete or not at all (written beside, then renamed); an internal one is
    readable by its owner only. Raises BadInput when ``out`` cannot be written.
    """
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=".wangge-", dir=out.parent))
    except OSError as exc:
        raise BadInput(f"{out}: cannot be written ({exc.strerror})") from exc
    try:
        written = folder / f"{out.stem}{suffix(form)}"
        _WRITERS[form](columns.with_note(frame, caption), caption, written)
        written.chmod(0o600 if caption.internal else 0o644)
        os.replace(written, out)
    except OSError as exc:
        raise BadInput(f"{out}: cannot be written ({exc.strerror})") from exc
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return out
