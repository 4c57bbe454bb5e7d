"""Writes a layer to a file: whole or not at all, private when it is internal."""

import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import geopandas as gpd
from pyogrio.errors import DataLayerError, DataSourceError, FeatureError
from xlsxwriter.exceptions import FileCreateError

from data.export import columns, pgsql, sheets, spatial
from data.export.model import Caption, Format, Part
from gis.errors import BadInput

_GDAL = (DataLayerError, DataSourceError, FeatureError)
_PROBE_BYTES = 4 << 20  # more than any of GDAL's buffers

_ONE: dict[Format, Callable[[gpd.GeoDataFrame, Caption, Path], None]] = {
    Format.GEOJSON: spatial.geojson,
    Format.SHP: spatial.shp,
    Format.FGB: spatial.fgb,
    Format.PARQUET: spatial.parquet,
    Format.KML: spatial.kml,
    Format.CSV: sheets.csv,
}
_MANY: dict[Format, Callable[[Sequence[Part], Path], None]] = {
    Format.GPKG: spatial.gpkg,
    Format.XLSX: sheets.xlsx,
    Format.GDB: spatial.gdb,
    Format.PGSQL: pgsql.dump,
}
_SUFFIX = {Format.SHP: ".zip", Format.GDB: ".gdb.zip", Format.PGSQL: ".sql"}


def suffix(form: Format) -> str:
    """The file ending of a format; a shapefile and a geodatabase travel as a zip."""
    return _SUFFIX.get(form, f".{form.value}")


def export(parts: Sequence[Part], *, form: Format, out: Path) -> Path:
    """Write one layer, or several into a format that holds several, to ``out`` and return it.

    The file appears complete or not at all (written beside, then renamed); an internal one is
    readable by its owner only. Raises BadInput when ``out`` cannot be written or the format holds
    one layer only.
    """
    if len(parts) != 1 and form not in _MANY:
        others = sorted(_MANY)
        raise BadInput(
            f"{form} 只能存一个图层；多个图层请用 {'、'.join(others)}"
            f" / {form} holds one layer: take {' or '.join(others)} for several"
        )
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=".wangge-", dir=out.parent))
    except OSError as exc:
        raise _unwritten(out, exc) from exc
    try:
        written = folder / f"{out.stem}{suffix(form)}"
        _write([(columns.with_note(frame, words), words) for frame, words in parts], form, written)
        written.chmod(0o600 if any(words.internal for _, words in parts) else 0o644)
        os.replace(written, out)
    except (OSError, FileCreateError) as exc:
        raise _unwritten(out, exc) from exc
    except _GDAL as exc:
        if _room(folder):
            raise  # what else is wrong is a bug
        raise _unwritten(out, exc) from exc
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return out


def _unwritten(out: Path, exc: Exception) -> BadInput:
    why = getattr(exc, "strerror", None) or exc
    return BadInput.at(
        str(out), "无法写入，没有写出；请腾出空间或换一处",
        f"cannot be written ({why}) and was not; make room or name another place",
    )  # fmt: skip


def _room(folder: Path) -> bool:
    """Whether more can be written."""
    try:
        (folder / "room").write_bytes(bytes(_PROBE_BYTES))
    except OSError:
        return False
    return True


def _write(parts: Sequence[Part], form: Format, path: Path) -> None:
    if form in _MANY:
        _MANY[form](parts, path)
    else:
        frame, words = parts[0]
        _ONE[form](frame, words, path)
