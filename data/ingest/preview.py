"""What a file looks like before anything is taken in: columns, mapping, frame, rows, points."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Self

import pandas as pd
import shapely

from data.ingest.fields import FIELDS
from data.ingest.formats import open_layer
from data.ingest.mapping import is_personal, resolve
from data.ingest.read import open_source
from data.ingest.refusal import masked
from data.ingest.types import Kind, Options
from gis.district import District
from gis.errors import ImportRefused

ROWS = 20
POINTS = 500


@dataclass(frozen=True)
class FieldOffer:
    """One field of the kind and the column of the file that would feed it."""

    name: str
    zh: str
    en: str
    required: bool
    column: str | None


@dataclass(frozen=True)
class Preview:
    """A file as it would be read; ``problem`` says (code, message) what still stands in the way.

    ``rows`` hold mapped columns only, masked as in reports; ``points`` is a GeoJSON feature
    collection in EPSG:4326 of the first rows that have a place.
    """

    format: str | None = None
    layer: str | None = None
    encoding: str | None = None
    frame: str | None = None
    columns: tuple[str, ...] = ()
    personal: int = 0
    fields: tuple[FieldOffer, ...] = ()
    rows: tuple[Mapping[str, Any], ...] = ()
    points: Mapping[str, Any] | None = None
    notes: tuple[str, ...] = ()
    problem: tuple[str, str] | None = None

    def as_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        said = asdict(self)
        problem = self.problem and {"code": self.problem[0], "message": self.problem[1]}
        return said | {"problem": problem}

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> Self:
        """The preview of which `as_json` gave ``said``."""
        problem = said["problem"]
        return cls(**{
            **said, "columns": tuple(said["columns"]), "rows": tuple(said["rows"]),
            "notes": tuple(said["notes"]), "fields": tuple(FieldOffer(**f) for f in said["fields"]),
            "problem": problem and (problem["code"], problem["message"]),
        })  # fmt: skip


def preview(
    path: Path, kind: Kind, options: Options, district: District, *,
    begin: Callable[[int], None] = lambda step: None,
) -> Preview:  # fmt: skip
    """Look at the first rows of ``path``; a file that cannot be read yet says why.

    ``begin`` hears of each step: 0 opening, 1 finding frame and encoding, 2 reading rows.
    """
    seen = Preview()
    try:
        begin(0)
        layer = open_layer(path, kind, options)
        seen = Preview(
            format=layer.format, layer=layer.name and masked(layer.name), encoding=layer.encoding,
            columns=tuple(masked(c) for c in layer.columns if not is_personal(c)),
            personal=sum(map(is_personal, layer.columns)), fields=_offers(kind, layer.mapping),
        )  # fmt: skip
        begin(1)
        chosen = {
            **layer.mapping,
            **resolve(path, kind, layer.columns, options, placed=layer.has_geometry).columns,
        }
        seen = Preview(**{**vars(seen), "fields": _offers(kind, chosen)})
        source = open_source(path, kind, options, district)
        begin(2)
        chunk = next(source.chunks)
    except ImportRefused as refusal:
        return Preview(**{**vars(seen), "problem": (refusal.code, str(refusal))})
    facts = source.facts
    return Preview(
        **{
            **vars(seen), "frame": facts.frame, "notes": facts.notes,
            "rows": _rows(chunk.rows, facts.mapping), "points": _points(chunk.rows),
        }
    )  # fmt: skip


def _offers(kind: Kind, chosen: Mapping[str, str]) -> tuple[FieldOffer, ...]:
    return tuple(
        FieldOffer(
            one.name, one.label_zh, one.label_en, one.required and one.default is None,
            masked(chosen[one.name]) if one.name in chosen else None,
        )
        for one in FIELDS[kind]
    )  # fmt: skip


def _rows(rows: pd.DataFrame, mapping: Mapping[str, str]) -> tuple[dict[str, Any], ...]:
    names = ["row", *(name for name in rows.columns if name in mapping and name != "geom")]
    first = rows.head(ROWS)[names].to_dict("records")
    return tuple(
        {str(name): None if pd.isna(value) else masked(value) for name, value in row.items()}
        for row in first
    )


def _points(rows: pd.DataFrame) -> dict[str, Any] | None:
    if "geom" not in rows:
        return None
    there = ((row, geom) for row, geom in zip(rows["row"], rows["geom"], strict=True) if geom)
    features = [
        {
            "type": "Feature", "properties": {"row": int(row)},
            "geometry": shapely.geometry.mapping(shapely.point_on_surface(geom)),
        }
        for row, geom in islice(there, POINTS)
    ]  # fmt: skip
    return {"type": "FeatureCollection", "features": features}
