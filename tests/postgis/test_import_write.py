"""The writing half of an import: rows of hand-made sources go into a real store, once and right."""

from datetime import UTC, date, datetime
from pathlib import Path

import pandas as pd
import pytest
import shapely
from sqlalchemy import text

from data.ingest.service import import_source
from data.ingest.types import Chunk, FileFacts, Kind, RowNote, Severity, Source
from gis import district as districts
from gis.errors import ImportRefused

WUHUA = districts.load(Path(districts.__file__).parents[1] / "data/reference/wuhua.toml")
HUASHAN = "530102001001"  # two communities side by side: west and east of 102.71
NEIGHBOUR = "530102001002"


def square(west: float, south: float, side: float = 0.01) -> shapely.MultiPolygon:
    return shapely.MultiPolygon([shapely.box(west, south, west + side, south + side)])


def source(rows: list[dict], *, sha256: str = "ab", key: str | None = "key", notes=(), read=None):
    """A source as reading would hand it over: one chunk, rows numbered from 1."""
    frame = pd.DataFrame(rows)
    if "row" not in frame:
        frame.insert(0, "row", range(1, len(frame) + 1))
    facts = FileFacts(
        path=Path("file.csv"),
        sha256=sha256 * 32,
        format="CSV",
        layer=None,
        encoding="UTF-8",
        frame="wgs84",
        columns=tuple(frame.columns),
        mapping={name: name for name in frame.columns},
        unmapped=(),
        rows=len(frame),
        key_column=key,
    )
    return Source(facts, iter([Chunk(frame, tuple(notes), read or len(frame))]))


def take(session, kind: Kind, rows: list[dict], **options):
    """Import hand-made rows."""
    dry_run = options.pop("dry_run", False)
    return import_source(session, source(rows, **options), kind, WUHUA, dry_run=dry_run)


def scalar(session, query: str, **values):
    return session.scalar(text(query), values)


AREAS = [
    {"code": "530100", "name": "昆明市"},
    {"code": "530102", "name": "五华区"},
    {"code": "530102001", "name": "华山街道"},
    {"code": HUASHAN, "name": "甲社区", "geom": square(102.70, 25.04)},
    {"code": NEIGHBOUR, "name": "乙社区", "geom": square(102.71, 25.04)},
]
GRIDS = [
    {"code": f"{HUASHAN}001", "name": "甲一", "geom": square(102.70, 25.04, 0.005)},
    {"code": f"{NEIGHBOUR}001", "name": "乙一", "geom": square(102.71, 25.04)},
]
COMPOUNDS = [
    {
        "code": "C1",
        "name": "甲苑",
        "kind": "old",
        "households": 300,
        "geom": square(102.701, 25.041, 0.002),
    },
]
ROWS = {
    Kind.AREAS: AREAS,
    Kind.GRIDS: GRIDS,
    Kind.COMPOUNDS: COMPOUNDS,
    Kind.POSTS: [
        {
            "source_key": "P1",
            "grid_code": f"{HUASHAN}001",
            "title": "网格员",
            "on_duty_on": date(2026, 1, 1),
        }
    ],
    Kind.HOUSEHOLDS: [
        {"subject_code": HUASHAN, "as_of": date(2026, 6, 30), "households": 1200},
        {"subject_code": f"{HUASHAN}001", "as_of": date(2026, 6, 30), "households": 400},
        {"subject_code": "C1", "as_of": date(2026, 6, 30), "households": 310},
        {"subject_name": "甲苑", "as_of": date(2026, 3, 31), "households": 305},
    ],
    Kind.BUILDINGS: [
        {
            "source_key": "B1",
            "storeys": 6,
            "geom": shapely.box(102.7011, 25.0411, 102.7013, 25.0412),
        }
    ],
    Kind.FACILITIES: [
        {
            "source_key": "F1",
            "name": "服务站",
            "function": "service_station",
            "floor_area_m2": 320.5,
            "shared_with": f"{HUASHAN}:0.6;{NEIGHBOUR}:0.4",
            "geom": shapely.Point(102.7015, 25.0415),
        }
    ],
    Kind.INCIDENTS: [
        {
            "source_key": f"I{n}",
            "occurred_at": datetime(2026, 5, n, 8, tzinfo=UTC),
            "occurred_precision": "minute",
            "category": "theft",
            "severe": False,
            "geom": shapely.Point(102.7015 + n / 1000, 25.0415),
        }
        for n in range(1, 6)
    ],
    Kind.DWELLINGS: [
        {"source_key": "D1", "building_key": "B1", "mode": "whole", "occupants": 3, "geom": None}
    ],
    Kind.CAMERAS: [
        {
            "source_key": "K1",
            "gb28181_id": "53010200011327000001",
            "status": "in_use",
            "direction_deg": 90.0,
            "indoor": False,
            "geom": shapely.Point(102.7015, 25.0415),
        }
    ],
    Kind.CAMERA_STATUS: [
        {"camera_key": "K1", "observed_at": datetime(2026, 6, 1, tzinfo=UTC), "state": "working"},
        {
            "camera_key": "53010200011327000001",
            "observed_at": datetime(2026, 6, 2, tzinfo=UTC),
            "state": "down",
        },
    ],
    Kind.STREETS: [
        {
            "source_key": "S1",
            "name": "人民路",
            "geom": shapely.LineString([(102.701, 25.042), (102.705, 25.042)]),
        }
    ],
    Kind.EVALUATIONS: [
        {"area_code": HUASHAN, "period": "2026Q2", "measure": "satisfaction", "score": 92.5}
    ],
}


@pytest.fixture
def town(db):
    """A store with two communities, their grids and one compound."""
    for kind in (Kind.AREAS, Kind.GRIDS, Kind.COMPOUNDS):
        take(db, kind, ROWS[kind])
    return db


def test_every_kind_goes_in_once(db):
    for kind, rows in ROWS.items():
        first = take(db, kind, rows)
        assert (first.read, first.inserted, first.refused) == (len(rows), len(rows), 0), kind
    before = db.execute(text("SELECT id, xmin::text FROM incidents ORDER BY id")).all()
    imports = scalar(db, "SELECT count(*) FROM imports")

    for kind, rows in ROWS.items():
        again = take(db, kind, rows)
        assert (again.kept, again.unchanged, again.reassigned) == (len(rows), len(rows), {}), kind

    assert db.execute(text("SELECT id, xmin::text FROM incidents ORDER BY id")).all() == before
    assert scalar(db, "SELECT count(*) FROM imports") == imports
