"""The registry of fields: one tuple of ``Field`` per kind of file, and the shape of each kind."""

from collections.abc import Mapping

from data.ingest.fields import (
    places,
    premises,
    safety,
    video,
    video_places,
    video_status,
)
from data.ingest.fields.model import UNSEEN, Field, Shape, Type, fold, seen
from data.ingest.types import Kind

FIELDS: Mapping[Kind, tuple[Field, ...]] = {
    Kind.AREAS: places.AREAS,
    Kind.GRIDS: places.GRIDS,
    Kind.POSTS: places.POSTS,
    Kind.COMPOUNDS: places.COMPOUNDS,
    Kind.HOUSEHOLDS: places.HOUSEHOLD_COUNTS,
    Kind.BUILDINGS: premises.BUILDINGS,
    Kind.FACILITIES: premises.FACILITIES,
    Kind.INCIDENTS: safety.INCIDENTS,
    Kind.DWELLINGS: premises.DWELLINGS_LET,
    Kind.CAMERAS: video.CAMERAS,
    Kind.CAMERA_STATUS: video_status.CAMERA_STATUS,
    Kind.PRIVATE_PLACES: video_places.PRIVATE_PLACES,
    Kind.STREETS: premises.STREETS,
    Kind.EVALUATIONS: places.EVALUATIONS,
}
SHAPES: Mapping[Kind, Shape] = {
    Kind.AREAS: Shape.POLYGON,
    Kind.GRIDS: Shape.POLYGON,
    Kind.COMPOUNDS: Shape.POLYGON,
    Kind.BUILDINGS: Shape.POLYGON,
    Kind.FACILITIES: Shape.POINT_OR_POLYGON,
    Kind.INCIDENTS: Shape.POINT,
    Kind.DWELLINGS: Shape.POINT,
    Kind.CAMERAS: Shape.POINT,
    Kind.PRIVATE_PLACES: Shape.POLYGON,
    Kind.STREETS: Shape.LINE,
}
GEOMETRY_OPTIONAL = frozenset({Kind.AREAS})
POSITIONS = frozenset({Type.LON, Type.LAT, Type.WKT})


def shape(kind: Kind) -> Shape:
    """The geometry that ``kind`` stores."""
    return SHAPES.get(kind, Shape.NONE)


def field(kind: Kind, name: str) -> Field | None:
    """The field of ``kind`` with canonical ``name``."""
    return next((known for known in FIELDS[kind] if known.name == name), None)


__all__ = [
    "FIELDS",
    "GEOMETRY_OPTIONAL",
    "POSITIONS",
    "SHAPES",
    "UNSEEN",
    "Field",
    "Shape",
    "Type",
    "field",
    "fold",
    "seen",
    "shape",
]
