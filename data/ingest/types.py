"""What passes between reading and writing: chunks of typed columns and notes on rows."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

import pandas as pd


class Kind(StrEnum):
    """What a file can hold: the first argument of ``wangge import``."""

    AREAS = "areas"
    GRIDS = "grids"
    POSTS = "posts"
    COMPOUNDS = "compounds"
    HOUSEHOLDS = "households"
    BUILDINGS = "buildings"
    FACILITIES = "facilities"
    INCIDENTS = "incidents"
    DWELLINGS = "dwellings"
    CAMERAS = "cameras"
    CAMERA_STATUS = "camera_status"
    PRIVATE_PLACES = "private_places"
    STREETS = "streets"
    EVALUATIONS = "evaluations"


class Severity(StrEnum):
    """What became of a row that something was said about."""

    NOTE = "note"
    REPAIRED = "repaired"
    FLAGGED = "flagged"
    REFUSED = "refused"


@dataclass(frozen=True)
class RowNote:
    """One remark on one row; ``row`` counts the file's data rows from 1; ``value`` is masked."""

    row: int
    severity: Severity
    code: str
    column: str | None
    value: str | None
    reason_zh: str
    reason_en: str


@dataclass(frozen=True)
class Options:
    """What the person who imports said about the file."""

    frame: str | None = None
    encoding: str | None = None
    layer: str | None = None
    mapping: Mapping[str, str] = field(default_factory=dict)
    profile: Path | None = None


@dataclass(frozen=True)
class FileFacts:
    """What reading found out about the file as a whole; ``rows`` is None where unknown before."""

    path: Path
    sha256: str
    format: str
    layer: str | None
    encoding: str | None
    frame: str
    columns: tuple[str, ...]
    mapping: Mapping[str, str]
    unmapped: tuple[str, ...]
    rows: int | None
    key_column: str | None
    notes: tuple[str, ...] = ()
    counting: tuple[str, ...] = ()  # where row 1 is, if the rows are lines of the file


@dataclass(frozen=True)
class Chunk:
    """Up to some ten thousand rows, typed and checked.

    ``rows`` has one column per canonical field (``docs/fields.md``), ``row`` (int, 1-based data
    row of the file), ``source_key`` (str or NA where the file has no key) and, for kinds with a
    geometry, ``geom`` (shapely, EPSG:4326, None where missing). Refused rows are not in it.
    """

    rows: pd.DataFrame
    notes: tuple[RowNote, ...]
    read: int


@dataclass(frozen=True)
class Source:
    """An opened file: facts, and its chunks to be consumed once."""

    facts: FileFacts
    chunks: Iterator[Chunk]
