"""What every reader hands over: a layer's facts and its rows in batches."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import pyarrow as pa
from pyproj import CRS

from data.ingest.types import RowNote
from gis.arrays import Ints

BATCH_ROWS = 50_000


@dataclass(frozen=True)
class Batch:
    """Rows as the file has them: columns under the file's headers, WKB geometry, row numbers.

    ``read`` counts the rows met, those that could not be read at all (see ``notes``) included.
    """

    table: pa.Table
    rows: Ints
    wkb: pa.Array | None = None
    notes: tuple[RowNote, ...] = ()

    @property
    def read(self) -> int:
        """Rows met, readable or not."""
        return len(self.rows) + len(self.notes)


@dataclass(frozen=True)
class Layer:
    """One layer of one file, opened but not read.

    ``stated_frame`` is a frame word that the file or its format states beyond a CRS (OSM is
    WGS84; a GeoJSON with ``"crs": "GCJ-02"``). ``batches`` takes the columns that are wanted.
    ``held`` keeps unpacked files alive as long as the layer. ``since_1904`` is true of a workbook
    whose serial dates count from 1904. ``counting`` says where row 1 is, if the rows are lines.
    """

    format: str
    name: str | None
    columns: tuple[str, ...]
    batches: Callable[[Sequence[str]], Iterator[Batch]]
    has_geometry: bool = False
    crs: CRS | None = None
    stated_frame: str | None = None
    encoding: str | None = None
    rows: int | None = None
    mapping: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    held: object = None
    since_1904: bool = False
    counting: tuple[str, ...] = ()


def header_notes(line: int) -> tuple[str, ...]:
    """The remark that a file's header is on ``line``, counted from 1; none for the first."""
    zh = f"表头在第 {line} 行，其上各行不读"
    en = f"the header is on line {line}; what stands above it is not read"
    return (f"{zh} · {en}",) if line > 1 else ()


def unique_names(names: Sequence[str]) -> tuple[str, ...]:
    """Headers made distinct: a repeated one becomes ``name#2``; an empty one ``column 3``."""
    seen: dict[str, int] = {}
    found = []
    for position, raw in enumerate(names, start=1):
        name = raw.strip() or f"column {position}"
        seen[name] = seen.get(name, 0) + 1
        found.append(name if seen[name] == 1 else f"{name}#{seen[name]}")
    return tuple(found)
