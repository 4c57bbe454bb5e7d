"""Every record lies in one community, grid and compound: when written, and when redrawn."""

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shapely
from sqlalchemy import func, literal, null, select, text
from sqlalchemy.types import NullType

from data.ingest.service import import_source
from data.ingest.types import Chunk, FileFacts, Kind, Source
from gis import crs
from gis import district as districts
from gis.access.rights import Action, Capability, Role
from gis.assignment import service as assignment
from gis.assignment.store import PLACED
from gis.db.session import User
from gis.errors import ImportRefused

WUHUA = districts.load(Path(districts.__file__).parents[1] / "data/reference/wuhua.toml")
WEST, EAST = "530102001001", "530102001002"  # communities that meet at 102.71
BORDER = 102.71


def box(west: float, east: float, south: float = 25.04, north: float = 25.05) -> shapely.Geometry:
    return shapely.box(west, south, east, north)


def take(session, kind: Kind, rows: list[dict]):
    frame = pd.DataFrame(rows)
    frame.insert(0, "row", range(1, len(frame) + 1))
    names = tuple(frame.columns)
    facts = FileFacts(
        Path("rows"), "ab" * 32, "memory", None, None, "wgs84", names, {}, (), len(frame), None
    )
    return import_source(session, Source(facts, iter([Chunk(frame, (), len(frame))])), kind, WUHUA)


def communities(session, *, border: float = BORDER):
    return take(
        session,
        Kind.AREAS,
        [
            {"code": "530102", "name": "五华区", "geom": None},
            {"code": "530102001", "name": "华山", "geom": None},
            {"code": WEST, "name": "西", "geom": box(102.70, border)},
            {"code": EAST, "name": "东", "geom": box(border, 102.72)},
        ],
    )


def incidents(session, *places: tuple[float, float], **columns):
    rows = [
        {
            "source_key": f"I{number}",
            "occurred_at": datetime(2026, 5, 1, tzinfo=UTC),
            "category": "theft",
            "geom": shapely.Point(lon, lat),
            **{name: values[number] for name, values in columns.items()},
        }
        for number, (lon, lat) in enumerate(places)
    ]
    return take(session, Kind.INCIDENTS, rows)


def codes(session, column: str = "area_code", records: str = "incidents") -> list[str | None]:
    return list(session.scalars(text(f"SELECT {column} FROM {records} ORDER BY source_key")))


def test_a_point_on_a_border_goes_to_the_lower_code_whichever_was_drawn_first(db):
    communities(db)
    grids = [
        {"code": f"{WEST}002", "geom": box(102.705, BORDER)},
        {"code": f"{WEST}001", "geom": box(102.70, 102.705)},
        {"code": f"{EAST}001", "geom": box(BORDER, 102.72)},
    ]
    take(db, Kind.GRIDS, grids)
    incidents(db, (BORDER, 25.045), (102.705, 25.045), (102.70, 25.04))
    assert codes(db) == [WEST] * 3
    assert codes(db, "grid_code") == [f"{WEST}002", f"{WEST}001", f"{WEST}001"]


def test_whoever_imports_places_alike_and_reaches_no_further_than_his_areas(store):
    """The border is the lower code's also for a steward who does not see that community."""

    def cameras(user, *points):
        rows = [{"source_key": key, "geom": shapely.Point(lon, 25.045)} for key, lon in points]
        with store.begin(user) as session:
            report = take(session, Kind.CAMERAS, rows)
        return [(note.row, note.code) for note in report.notes if note.severity == "refused"]

    eastern = User.of(Role.DATA_STEWARD, id="steward", area_prefixes=(EAST,))
    with store.begin() as session:
        communities(session)
    assert cameras(None, ("held", 102.705)) == []
    points = ("border", BORDER), ("held", 102.715), ("own", 102.715)
    assert cameras(eastern, *points) == [(1, "beyond_areas"), (2, "key_elsewhere")]
    with store.begin() as session:
        assert codes(session, records="cameras") == [WEST, EAST]
        assert codes(session, "source_key", "cameras") == ["held", "own"]


EASTERN = User.of(Role.DATA_STEWARD, id="steward", area_prefixes=(EAST,))
PAST = {"valid_from": date(2020, 1, 1), "valid_to": date(2026, 3, 1)}


def placed(store, user, lon: float, *, named: str | None = None):
    """Codes of a point placed in a file and by itself, and whether no community holds it."""
    spot = func.ST_SetSRID(func.ST_MakePoint(lon, 25.045), 4326, type_=NullType())
    declared = select(literal(1), literal(named), null(), null())
    with store.begin(user) as session:
        assignment.place(session, select(literal(1), spot), declared if named else None)
        found = tuple(
            session.execute(select(PLACED.c["area_code", "grid_code", "compound_code"])).one()
        )
        one = assignment.locate(session, lon=lon, lat=25.045)
        return found, (one.community, one.grid, one.compound), list(assignment.outside(session))


def test_outlines_that_have_ended_hold_a_point_for_whoever_writes_it(store):
    """They are of the west and reach over the border, where the steward of the east sees none."""
    with store.begin() as session:
        communities(session)
        over = {"geom": box(102.70, 102.715), **PAST}
        take(session, Kind.GRIDS, [{"code": f"{WEST}001", **over}])
        take(session, Kind.COMPOUNDS, [{"code": "C1", "name": "甲", "kind": "old", **over}])
        assert codes(session, records="compounds") == [WEST]
    held = (EAST, f"{WEST}001", "C1")
    for user in (None, EASTERN):
        assert placed(store, user, 102.714) == (held, held, [])


def test_a_community_that_has_ended_holds_a_point_for_whoever_writes_it(store):
    with store.begin() as session:
        communities(session)
        ended = {"code": f"{WEST[:9]}009", "name": "旧", "geom": box(102.73, 102.74), **PAST}
        take(session, Kind.AREAS, [ended])
    held = (ended["code"], None, None)
    for user in (None, EASTERN):
        assert placed(store, user, 102.735) == (held, held, [])


def test_a_single_point_on_a_border_is_the_lower_code_s_for_whoever_writes_it(store):
    with store.begin() as session:
        communities(session)
        take(session, Kind.GRIDS, [{"code": f"{WEST}001", "geom": box(102.70, 102.715)}])
    held = (WEST, f"{WEST}001", None)
    narrow = replace(EASTERN, rights=frozenset({(Capability.FACILITIES, Action.WRITE)}))
    for user in (None, EASTERN, narrow):
        assert placed(store, user, BORDER) == (held, held, [])


def test_the_register_of_all_places_for_whoever_writes(store):
    """The west is named and has no outline, the east has one: the steward sees the east alone."""
    with store.begin() as session:
        take(session, Kind.AREAS, [
            {"code": "530102", "name": "五华区", "geom": None},
            {"code": "530102001", "name": "华山", "geom": None},
            {"code": WEST, "name": "西", "geom": box(102.70, BORDER)},
            {"code": EAST, "name": "东", "geom": None},
        ])  # fmt: skip
    western = replace(EASTERN, area_prefixes=(WEST,))
    for user in (None, EASTERN, western):
        assert placed(store, user, 102.73, named=EAST)[::2] == ((EAST, None, None), [])
        assert placed(store, user, 102.73)[2] == [1]  # flagged: there is an outline, of the west


def test_who_may_place_nothing_is_told_nothing(store):
    with store.begin() as session:
        communities(session)
    for rights in (frozenset(), frozenset({(Capability.HEALTH, Action.READ)})):
        nobody = replace(EASTERN, rights=rights)
        assert placed(store, nobody, BORDER)[:2] == ((None, None, None), (None, None, None))


def test_a_grid_of_another_network_does_not_hide_the_unified_one(db):
    communities(db)
    unified = {"code": f"{WEST}001", "geom": box(102.70, BORDER), "valid_from": date(2020, 1, 1)}
    other = {"network": "public_security", "valid_from": date(2024, 1, 1)}
    take(db, Kind.GRIDS, [unified, unified | other])
    incidents(db, (102.705, 25.045))
    assert codes(db, "grid_code") == [f"{WEST}001"]
    assert assignment.locate(db, lon=102.705, lat=25.045).grid == f"{WEST}001"


@pytest.mark.parametrize("whole", [True, False])
def test_nobody_draws_over_records_that_he_may_not_write(store, whole):
    """The west would take a point of the east with the ground: the district's steward moves it."""
    western = User.of(Role.DATA_STEWARD, id="steward", area_prefixes=("" if whole else WEST,))
    with store.begin() as session:
        communities(session)
        rows = [("west", 102.709), ("east", 102.711)]
        take(session, Kind.CAMERAS, [
            {"source_key": key, "geom": shapely.Point(lon, 25.045)} for key, lon in rows
        ])  # fmt: skip

    def redraw(border):
        with store.begin(western) as session:
            west = {"code": WEST, "name": "西", "geom": box(102.70, border)}
            return take(session, Kind.AREAS, [west]).reassigned

    assert redraw(102.7105) == {}
    if whole:
        assert redraw(102.7115) == {"cameras": 1}
    else:
        with pytest.raises(ImportRefused, match="outside your areas") as refused:
            redraw(102.7115)
        assert refused.value.code == "outside_areas"
    with store.begin() as session:
        assert codes(session, records="cameras") == [WEST if whole else EAST, WEST]
        assert session.scalar(text(
            f"SELECT ST_XMax(geom) FROM areas WHERE code = '{WEST}'"
        )) == (102.7115 if whole else 102.7105)  # fmt: skip


def test_whether_a_record_would_move_is_told_to_whoever_draws_such_outlines(store):
    """Anybody else who writes records could find those of others with it, box by box."""
    wider = text("UPDATE areas SET geom = ST_Multi(ST_GeomFromText(:wkt, 4326)) WHERE code = :west")
    asked = text(
        "SELECT wangge.moved_elsewhere('cameras', 'areas', ARRAY[:west],"
        " ARRAY[ST_GeomFromText(:wkt, 4326)])"
    )
    with store.begin() as session:
        communities(session)
        take(session, Kind.CAMERAS, [{"source_key": "a", "geom": shapely.Point(102.711, 25.045)}])
        session.execute(wider, {"wkt": box(102.70, 102.7115).wkt, "west": WEST})
    told = {}
    for role in (Role.PLANNER, Role.DATA_STEWARD):
        with store.begin(User.of(role, id="x", area_prefixes=(WEST,))) as session:
            told[role] = session.scalar(asked, {"wkt": box(102.71, 102.7115).wkt, "west": WEST})
    assert told == {Role.PLANNER: False, Role.DATA_STEWARD: True}


def test_a_point_in_no_community_carries_the_district_and_is_flagged(db):
    communities(db)
    report = incidents(db, (102.705, 25.045), (102.73, 25.045))
    assert codes(db) == [WEST, "530102"]
    assert [(note.row, note.code) for note in report.notes] == [(2, "outside_communities")]
    assert report.flagged == 1


def test_without_drawn_communities_nothing_is_flagged_and_the_register_decides(db):
    take(db, Kind.AREAS, [{"code": WEST, "name": "西", "parent_code": None}])
    report = incidents(db, (102.705, 25.045), (102.705, 25.045), area_code=[WEST, None])
    assert codes(db) == [WEST, "530102"]
    assert report.flagged == 0


def test_a_declared_community_is_compared_with_where_the_point_lies(db):
    communities(db)
    degree_m = 111_320 * np.cos(np.radians(25.045))  # of longitude on a sphere: within 0.5 %
    report = incidents(
        db,
        (102.705, 25.045),
        (BORDER, 25.045),  # on the border of the two: inside what it names
        (BORDER - 0.003, 25.045),  # too far for a GCJ-02 shift, some 140 m eastward
        (102.705, 25.045),
        area_code=[WEST, EAST, EAST, "530102009009"],
    )
    notes = {note.row: note for note in report.notes}
    assert {row: note.code for row, note in notes.items()} == {3: "outside_area", 4: "area_unknown"}
    codes_named_and_found, distance = notes[3].value.split(": ")
    assert codes_named_and_found == f"{EAST} → {WEST}"
    assert float(distance.removesuffix(" m")) == pytest.approx(0.003 * degree_m, rel=0.01)
    assert codes(db) == [WEST, WEST, WEST, WEST]


@pytest.mark.parametrize(
    ("frame", "shift"),
    [
        ("gcj02", crs.wgs84_to_gcj02),  # a GCJ-02 file that said WGS84
        ("bd09", lambda lon, lat: crs.gcj02_to_bd09(*crs.wgs84_to_gcj02(lon, lat))),
        ("wgs84", crs.gcj02_to_wgs84),  # a WGS84 file that said GCJ-02
    ],
)
def test_a_wrong_frame_is_suspected_and_nothing_is_moved(db, frame, shift):
    small = [
        {"code": WEST, "name": "西", "geom": shapely.box(102.7000, 25.0400, 102.7010, 25.0410)},
        {"code": EAST, "name": "东", "geom": shapely.box(102.69, 25.03, 102.72, 25.04)},
    ]
    take(db, Kind.AREAS, small)
    lon, lat = shift(np.array([102.7005]), np.array([25.0405]))
    report = incidents(db, (lon[0], lat[0]), area_code=[WEST])
    suspect = next(note for note in report.notes if note.column == "area_code")
    assert (suspect.code, frame in suspect.reason_en) == ("frame_suspect", True)
    stored = db.execute(text("SELECT ST_X(geom), ST_Y(geom) FROM incidents")).one()
    assert stored == (lon[0], lat[0])


def test_lines_and_surfaces_lie_where_a_point_on_them_lies(db):
    communities(db)
    horseshoe = shapely.Polygon(  # its centroid (102.7105) lies outside it, and east of the border
        [
            (102.7085, 25.044),
            (102.7125, 25.044),
            (102.7125, 25.0441),
            (102.7086, 25.0441),
            (102.7086, 25.0459),
            (102.7125, 25.0459),
            (102.7125, 25.046),
            (102.7085, 25.046),
        ]
    )
    take(db, Kind.BUILDINGS, [{"source_key": "B", "geom": horseshoe}])
    on_it = shapely.point_on_surface(horseshoe).x
    assert codes(db, records="buildings") == [WEST if on_it <= BORDER else EAST]
    take(
        db,
        Kind.STREETS,
        [{"source_key": "S", "geom": shapely.LineString([(102.701, 25.045), (102.702, 25.045)])}],
    )
    assert codes(db, records="streets") == [WEST]


def test_redrawing_moves_what_it_touches_and_nothing_else(db):
    communities(db)
    incidents(db, (102.701, 25.045), (102.7095, 25.045), (102.7105, 25.045))
    far = db.execute(text("SELECT ctid::text, xmin::text FROM incidents ORDER BY source_key")).all()
    assert codes(db) == [WEST, WEST, EAST]

    report = communities(db, border=102.709)

    assert codes(db) == [WEST, EAST, EAST]
    assert report.reassigned == {"incidents": 1}
    after = db.execute(
        text("SELECT ctid::text, xmin::text FROM incidents ORDER BY source_key")
    ).all()
    assert (after[0], after[2]) == (far[0], far[2])
    assert communities(db, border=102.709).reassigned == {}


def test_later_outlines_take_in_what_is_there_already(db):
    communities(db)
    incidents(db, (102.701, 25.045), (102.715, 25.045))
    compound = {"name": "苑", "kind": "old", "code": "C1", "geom": box(102.7005, 102.7015)}
    take(
        db,
        Kind.HOUSEHOLDS,
        [
            {
                "subject_kind": "compound",
                "subject_code": "C1",
                "as_of": date(2026, 1, 1),
                "households": 9,
            }
        ],
    )
    assert codes(db, records="household_counts") == ["530102"]

    report = take(db, Kind.COMPOUNDS, [compound])

    assert codes(db, "compound_code") == ["C1", None]
    assert report.reassigned == {"incidents": 1, "followers": 1}
    assert codes(db, records="household_counts") == [WEST]
    grown = take(db, Kind.COMPOUNDS, [compound | {"geom": box(102.7005, 102.7165)}])
    assert codes(db, "compound_code") == ["C1", "C1"]
    assert grown.reassigned["incidents"] == 1


@pytest.mark.parametrize("end", [date(2026, 3, 1), date(2099, 1, 1)])
def test_an_ended_outline_keeps_its_records_until_another_takes_the_ground(db, end):
    communities(db)
    spots = (102.7006, 25.045), (102.7012, 25.045)
    incidents(db, *spots)
    old = {"name": "旧", "kind": "old", "code": "A1", "geom": box(102.7005, 102.7015),
           "valid_from": date(2020, 1, 1)}  # fmt: skip
    new = old | {"name": "新", "code": "B1", "geom": box(102.701, 102.702)}
    take(db, Kind.COMPOUNDS, [old | {"valid_to": end}])  # over records that are there
    assert codes(db, "compound_code") == ["A1", "A1"]
    incidents(db, *spots)
    assert codes(db, "compound_code") == ["A1", "A1"]
    assert assignment.locate(db, lon=spots[1][0], lat=spots[1][1]).compound == "A1"

    take(db, Kind.COMPOUNDS, [new])

    assert codes(db, "compound_code") == ["A1", "B1"]
    assert assignment.locate(db, lon=spots[1][0], lat=spots[1][1]).compound == "B1"


def test_an_outline_that_ends_leaves_what_it_shared(db):
    communities(db)
    first = {"name": "甲", "kind": "old", "code": "A1", "geom": box(102.7005, 102.7015),
             "valid_from": date(2020, 1, 1)}  # fmt: skip
    take(db, Kind.COMPOUNDS, [first, first | {"code": "B1", "geom": box(102.701, 102.702)}])
    incidents(db, (102.7006, 25.045), (102.7012, 25.045))
    assert codes(db, "compound_code") == ["A1", "A1"]
    take(db, Kind.COMPOUNDS, [first | {"valid_to": date(2026, 3, 1)}])
    assert codes(db, "compound_code") == ["A1", "B1"]


def test_other_networks_hold_no_records(db):
    communities(db)
    take(
        db,
        Kind.GRIDS,
        [{"code": f"{WEST}001", "network": "public_security", "geom": box(102.70, BORDER)}],
    )
    incidents(db, (102.705, 25.045))
    assert codes(db, "grid_code") == [None]


def test_one_point_is_located_as_a_batch_would_be(db):
    communities(db)
    assert assignment.locate(db, lon=BORDER, lat=25.045) == assignment.Place(WEST, None, None)
    assert assignment.locate(db, lon=102.73, lat=25.045) == assignment.Place(None, None, None)


def test_a_thousand_points_agree_with_shapely(db):
    rng = np.random.default_rng(4)
    xs, ys = np.linspace(102.70, 102.75, 6), np.linspace(25.04, 25.09, 6)
    cells = {
        f"530102001{100 + i * 5 + j}": shapely.box(xs[i], ys[j], xs[i + 1], ys[j + 1])
        for i in range(5)
        for j in range(5)
    }
    take(db, Kind.AREAS, [{"code": c, "name": c, "geom": g} for c, g in cells.items()])
    points = rng.uniform((102.695, 25.035), (102.755, 25.095), (1000, 2)).round(
        3
    )  # many on borders
    rows = [
        {
            "source_key": f"{n:04d}",
            "occurred_at": datetime(2026, 5, 1, tzinfo=UTC),
            "category": "theft",
            "geom": shapely.Point(point),
        }
        for n, point in enumerate(points)
    ]
    take(db, Kind.INCIDENTS, rows)
    expected = [
        min((c for c, g in cells.items() if g.intersects(shapely.Point(p))), default="530102")
        for p in points
    ]
    assert codes(db) == expected
