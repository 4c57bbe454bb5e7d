"""The writing half of an import: rows of hand-made sources go into a real store, once and right."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest
import shapely
from sqlalchemy import text

from data.ingest import merge
from data.ingest.service import import_source
from data.ingest.types import Chunk, FileFacts, Kind, RowNote, Severity, Source
from data.ingest.versions import fit
from gis import district as districts
from gis.errors import ImportRefused
from gis.facts import service as facts

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


def test_an_import_into_a_demo_store_says_so(db, wuhua):
    facts.claim_demo(db, wuhua, "small, seed 1", files=[])
    assert "demo store" in take(db, Kind.AREAS, ROWS[Kind.AREAS]).remarks[-1]


def test_what_is_staged_is_what_is_stored(town):
    for kind in (Kind.BUILDINGS, Kind.FACILITIES, Kind.INCIDENTS, Kind.DWELLINGS, Kind.CAMERAS):
        take(town, kind, ROWS[kind])
    take(town, Kind.CAMERA_STATUS, ROWS[Kind.CAMERA_STATUS])
    take(town, Kind.HOUSEHOLDS, ROWS[Kind.HOUSEHOLDS])

    areas = dict(
        town.execute(
            text("SELECT code, level || ' ' || coalesce(parent_code, '-') FROM areas")
        ).all()
    )
    assert areas["530102"] == "district 530100"
    assert areas[HUASHAN] == "community 530102001"
    assert town.execute(text("SELECT area_code, grid_code FROM compounds")).one() == (
        HUASHAN,
        f"{HUASHAN}001",
    )
    shares = town.execute(text("SELECT area_code, share FROM facility_shares ORDER BY 1")).all()
    assert shares == [(HUASHAN, 0.6), (NEIGHBOUR, 0.4)]
    placed = town.execute(
        text("SELECT area_code, compound_code, ST_AsText(geom) FROM dwellings")
    ).one()
    assert placed[:2] == (HUASHAN, "C1")
    assert placed[2].startswith("POINT(102.7012 25.0411")  # middle of its building
    states = town.execute(text("SELECT camera_key, area_code FROM camera_observations")).all()
    assert states == [("K1", HUASHAN)] * 2  # one of them was named by its GB/T 28181 id
    counted = town.execute(
        text(
            "SELECT subject_kind, subject_code, area_code FROM household_counts ORDER BY households"
        )
    ).all()
    assert counted == [
        ("compound", "C1", HUASHAN),
        ("compound", "C1", HUASHAN),
        ("grid", f"{HUASHAN}001", HUASHAN),
        ("community", HUASHAN, HUASHAN),
    ]
    kept = town.execute(
        text("SELECT occurred_at, severe, preventable, frame FROM incidents ORDER BY 1")
    ).first()
    assert kept == (datetime(2026, 5, 1, 8, tzinfo=UTC), False, False, "wgs84")


def test_only_different_rows_are_written(town):
    take(town, Kind.INCIDENTS, ROWS[Kind.INCIDENTS])
    changed = [dict(row) for row in ROWS[Kind.INCIDENTS]]
    changed[2]["category"] = "fire"

    report = take(town, Kind.INCIDENTS, changed, sha256="cd")

    assert (report.inserted, report.updated, report.unchanged) == (0, 1, 4)
    assert scalar(town, "SELECT category FROM incidents WHERE source_key = 'I3'") == "fire"
    assert scalar(town, "SELECT count(DISTINCT import_id) FROM incidents") == 2


def test_columns_that_a_file_does_not_have_keep_their_values(town):
    take(
        town,
        Kind.COMPOUNDS,
        [{"code": "C1", "name": "甲苑", "kind": "old", "geom": COMPOUNDS[0]["geom"]}],
    )
    assert scalar(town, "SELECT households FROM compounds") == 300


def test_a_part_is_held_against_the_whole_that_the_store_has(town):
    """The file says nothing of the dwellings; the row that cannot be is refused, not the file."""
    place = {"kind": "old", "geom": COMPOUNDS[0]["geom"]}
    whole = [{"code": f"P{n}", "name": f"{n}苑", "dwellings": 50, **place} for n in "12"]
    take(town, Kind.COMPOUNDS, whole)
    let = [
        {"code": f"P{n}", "name": f"{n}苑", "rented_dwellings": rented, **place}
        for n, rented in (("1", 60), ("2", 40))
    ]
    report = take(town, Kind.COMPOUNDS, let)
    assert [(n.row, n.code) for n in report.notes if n.severity == "refused"] == [
        (1, "breaks_rule")
    ]
    stored = (
        "SELECT array_agg(rented_dwellings ORDER BY code) FROM whole_compounds WHERE code LIKE 'P_'"
    )
    assert scalar(town, stored) == [None, 40]


def test_a_key_that_repeats_is_no_key(town):
    rows = [dict(row, source_key="same") for row in ROWS[Kind.CAMERAS] * 3]

    report = take(town, Kind.CAMERAS, rows)
    again = take(town, Kind.CAMERAS, rows)

    assert (report.inserted, report.refused, again.unchanged) == (3, 0, 3)
    assert "2 rows repeat an earlier key" in report.remarks[0]
    keys = town.scalars(text("SELECT source_key FROM cameras ORDER BY 1")).all()
    assert [key.split(":")[1] for key in keys] == ["1", "2", "3"]


def test_rows_without_a_key_are_told_apart_by_file_and_row(town):
    rows = [dict(row, source_key=None) for row in ROWS[Kind.INCIDENTS]]
    assert take(town, Kind.INCIDENTS, rows, sha256="aa", key=None).inserted == 5
    assert take(town, Kind.INCIDENTS, rows, sha256="aa", key=None).unchanged == 5
    assert take(town, Kind.INCIDENTS, rows, sha256="bb", key=None).inserted == 5


BAD = [
    (Kind.INCIDENTS, {"category": "jaywalking"}, "breaks_rule"),
    (Kind.INCIDENTS, {"occurred_at": None}, "value_missing"),
    (Kind.INCIDENTS, {"occurred_at": datetime(2206, 8, 18, tzinfo=UTC)}, "far_ahead"),
    (Kind.INCIDENTS, {"geom": None}, "geometry_missing"),
    (Kind.INCIDENTS, {"geom": shapely.Point(102.7, 89.9)}, "outside_world"),
    (
        Kind.INCIDENTS,
        {"geom": shapely.LineString([(102.7, 25.0), (102.8, 25.0)])},
        "wrong_geometry",
    ),
    (Kind.INCIDENTS, {"source": "a\0b"}, "bad_text"),
    (Kind.BUILDINGS, {"storeys": 301}, "breaks_rule"),
    (Kind.BUILDINGS, {"dwellings": 3_000_000_000}, "bad_value"),
    (Kind.BUILDINGS, {"height_m": float("inf")}, "bad_value"),
    (Kind.BUILDINGS, {"height_m": "tall"}, "bad_value"),
    (
        Kind.BUILDINGS,
        {"geom": shapely.Polygon([(102.7, 25), (102.71, 25.01), (102.71, 25), (102.7, 25.01)])},
        "invalid_geometry",
    ),
    (Kind.GRIDS, {"code": "530102009009001", "area_code": None}, "community_missing"),
    (Kind.GRIDS, {"code": f"{HUASHAN}0A1", "area_code": None}, "breaks_rule"),
    (Kind.GRIDS, {"area_code": NEIGHBOUR}, "breaks_rule"),
    (Kind.CAMERA_STATUS, {"camera_key": "unknown"}, "camera_missing"),
    (Kind.EVALUATIONS, {"score": 101.0}, "breaks_rule"),
    (Kind.FACILITIES, {"shared_with": f"{HUASHAN}:0.7;{NEIGHBOUR}:0.4"}, "shares_exceed"),
    (Kind.FACILITIES, {"shared_with": "half and half"}, "shares_unreadable"),
    (Kind.DWELLINGS, {"occupants": 2, "floating_occupants": 3}, "breaks_rule"),
    (Kind.POSTS, {"off_duty_on": date(2025, 1, 1)}, "breaks_rule"),
]


@pytest.mark.parametrize("kind", sorted({kind for kind, _, _ in BAD}))
def test_rows_that_would_break_a_constraint_are_refused_by_themselves(town, kind):
    take(town, Kind.BUILDINGS, ROWS[Kind.BUILDINGS])
    take(town, Kind.CAMERAS, ROWS[Kind.CAMERAS])
    good = ROWS[kind][0]
    faults = [(fault, reason) for of, fault, reason in BAD if of is kind]
    rows = [good]
    for number, (fault, _) in enumerate(faults, start=2):
        own = {"source_key": f"k{number}", "code": f"{HUASHAN}{number:03d}", "period": "2026Q1"}
        if "observed_at" in good:
            own = {"observed_at": datetime(2026, 6, number, tzinfo=UTC)}
        rows.append(good | {name: value for name, value in own.items() if name in good} | fault)

    report = take(town, kind, rows, sha256="ef")

    assert (report.read, report.kept, report.refused) == (len(rows), 1, len(faults))
    said = {note.row: note.code for note in report.notes if note.severity == "refused"}
    assert said == {number: reason for number, (_, reason) in enumerate(faults, start=2)}


def test_an_incident_after_today_is_kept_and_pointed_out(town):
    tomorrow_week = datetime.now(UTC) + timedelta(days=8)
    report = take(town, Kind.INCIDENTS, [ROWS[Kind.INCIDENTS][0] | {"occurred_at": tomorrow_week}])
    assert (report.kept, [note.code for note in report.notes]) == (1, ["ahead"])


def test_the_second_row_of_a_natural_key_is_refused(town):
    twice = [ROWS[Kind.HOUSEHOLDS][0], dict(ROWS[Kind.HOUSEHOLDS][0], households=1300)]
    report = take(town, Kind.HOUSEHOLDS, twice)
    assert [(n.row, n.code) for n in report.notes] == [(2, "duplicate_key")]
    assert scalar(town, "SELECT households FROM household_counts") == 1200


def test_nothing_kept_refuses_the_file_and_changes_nothing(town):
    rows = [dict(row, category="jaywalking") for row in ROWS[Kind.INCIDENTS]]
    with pytest.raises(ImportRefused, match="5 × breaks_rule") as refused:
        take(town, Kind.INCIDENTS, rows)
    assert refused.value.code == "nothing_kept"
    assert refused.value.report.as_json()["refusal"]["code"] == "nothing_kept"
    assert refused.value.report.refused == 5
    assert scalar(town, "SELECT count(*) FROM incidents") == 0
    assert scalar(town, "SELECT count(*) FROM imports WHERE kind = 'incidents'") == 0


def test_a_dry_run_says_the_same_and_writes_nothing(town):
    trial = take(town, Kind.INCIDENTS, ROWS[Kind.INCIDENTS], dry_run=True)
    assert scalar(town, "SELECT count(*) FROM incidents") == 0
    real = take(town, Kind.INCIDENTS, ROWS[Kind.INCIDENTS])
    assert trial.as_json() == real.as_json() | {"dry_run": True, "import": None}
    again = take(town, Kind.INCIDENTS, ROWS[Kind.INCIDENTS])
    assert (real.import_id, again.import_id) == (scalar(town, "SELECT max(id) FROM imports"), None)


def test_rows_refused_while_reading_are_counted_and_said(town):
    said = RowNote(
        6, Severity.REFUSED, "position_missing", "经度", None, "没有坐标", "has no coordinates"
    )
    report = take(town, Kind.INCIDENTS, ROWS[Kind.INCIDENTS], notes=[said], read=6)
    assert (report.read, report.kept, report.refused) == (6, 5, 1)
    assert report.as_json()["reasons"][0]["code"] == "position_missing"


def test_a_reader_that_fails_half_way_leaves_nothing(town):
    whole = source(ROWS[Kind.INCIDENTS])

    def broken():
        yield from whole.chunks
        raise ImportRefused("file_damaged", "the file ends too early")

    with pytest.raises(ImportRefused, match="ends too early"):
        import_source(town, Source(whole.facts, broken()), Kind.INCIDENTS, WUHUA)
    assert scalar(town, "SELECT count(*) FROM incidents") == 0


# -- versions --------------------


def versions(session) -> list[tuple]:
    query = "SELECT valid_from, valid_to, households FROM compounds ORDER BY valid_from"
    return [tuple(row) for row in session.execute(text(query))]


def compound(**values) -> list[dict]:
    return [dict(COMPOUNDS[0], **values)]


def test_a_newer_version_ends_the_one_before(db):
    take(db, Kind.AREAS, AREAS)
    first, second = date(2020, 1, 1), date(2024, 1, 1)
    take(db, Kind.COMPOUNDS, compound(valid_from=first))

    report = take(db, Kind.COMPOUNDS, compound(valid_from=second, households=350))

    assert (report.inserted, report.closed) == (1, 1)
    assert versions(db) == [(first, second, 300), (second, None, 350)]
    older = take(db, Kind.COMPOUNDS, compound(valid_from=first))  # the first file once more
    assert (older.unchanged, older.closed) == (1, 0)
    assert versions(db) == [(first, second, 300), (second, None, 350)]


def test_the_same_start_is_updated_in_place(db):
    take(db, Kind.AREAS, AREAS)
    take(db, Kind.COMPOUNDS, compound())
    assert take(db, Kind.COMPOUNDS, compound(households=301)).updated == 1
    assert versions(db) == [(date(1, 1, 1), None, 301)]


def test_an_older_version_becomes_history_and_says_so(db):
    take(db, Kind.AREAS, AREAS)
    take(db, Kind.COMPOUNDS, compound(valid_from=date(2024, 1, 1)))
    report = take(db, Kind.COMPOUNDS, compound(valid_from=date(2020, 1, 1), households=200))
    assert [note.code for note in report.notes] == ["older_version"]
    assert versions(db) == [
        (date(2020, 1, 1), date(2024, 1, 1), 200),
        (date(2024, 1, 1), None, 300),
    ]


def test_an_overlapping_version_is_refused(db):
    take(db, Kind.AREAS, AREAS)
    take(db, Kind.COMPOUNDS, compound(valid_from=date(2020, 1, 1), valid_to=date(2024, 1, 1)))
    with pytest.raises(ImportRefused, match="overlapping_version"):
        take(db, Kind.COMPOUNDS, compound(valid_from=date(2022, 1, 1)))


def test_one_file_may_hold_the_whole_history(db):
    take(db, Kind.AREAS, AREAS)
    rows = [
        *compound(valid_from=date(2024, 1, 1), households=2),
        *compound(valid_from=date(2020, 1, 1), households=1),
    ]
    assert take(db, Kind.COMPOUNDS, rows).inserted == 2
    assert take(db, Kind.COMPOUNDS, rows).unchanged == 2
    assert versions(db) == [(date(2020, 1, 1), date(2024, 1, 1), 1), (date(2024, 1, 1), None, 2)]


def test_codes_with_one_version_are_not_fetched_to_be_fitted(db, monkeypatch):
    """A million of them must not be held here; the server knows which ones have several."""
    asked = []
    monkeypatch.setattr(merge, "fit", lambda versions: fit(asked.append(v) or v for v in versions))
    take(db, Kind.AREAS, AREAS)
    other = dict(COMPOUNDS[0], code="C2", geom=square(102.704, 25.041, 0.002))
    for _ in range(2):
        take(db, Kind.COMPOUNDS, [*compound(valid_from=date(2020, 1, 1)), other])
    assert asked == []
    take(db, Kind.COMPOUNDS, [*compound(valid_from=date(2024, 1, 1)), other])
    assert [(one.key, one.start.year) for one in asked] == [("C1", 2020), ("C1", 2024)]
