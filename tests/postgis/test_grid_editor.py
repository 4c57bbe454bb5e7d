"""The grid editor on squares of known size: checks, versions, undo, two editors, rights."""

import threading
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
import shapely
from pyproj import Transformer
from sqlalchemy import text
from waiting import until_blocked

from gis import district, policy
from gis.access.rights import Role
from gis.areas.levels import SubjectKind
from gis.areas.model import Area, HouseholdCount
from gis.areas.store import subjects_on
from gis.db.session import User
from gis.errors import BadInput, CannotUndo, ChangedMeanwhile, Forbidden, NotFound
from gis.facilities.model import Facility
from gis.grids import edits
from gis.grids.drawing import check, sheet
from gis.grids.model import Grid, WorkerPost
from gis.grids.reshape import Drawn, merged
from gis.layers import service as layers
from gis.layers.model import layer
from gis.layers.service import Scope
from gis.rental import store as rental
from gis.rental.rules import RentalRules
from gis.runs.by_hand import by_hand
from gis.safety.model import Incident

REFERENCE = Path(__file__).parents[2] / "data" / "reference"
RULES = {
    "policy": policy.load(REFERENCE / "policy.toml"),
    "district": district.load(REFERENCE / "wuhua.toml"),
}
TO_DEGREES = Transformer.from_crs(4543, 4326, always_xy=True)
C = "530102001001"
BEFORE, DAY, LATER = date(2024, 1, 1), date(2026, 10, 1), date(2026, 11, 1)
PLANNER = User.of(Role.PLANNER, id="planner", area_prefixes=("530102001",))


def lonlat(shape):
    """A shape given in metres from a place in Wuhua, in degrees."""

    def convert(xy):
        return np.column_stack(TO_DEGREES.transform(xy[:, 0] + 570_000, xy[:, 1] + 2_770_000))

    return shapely.transform(shape, convert)


def ground(west, east, south=0, north=1000):
    return lonlat(shapely.box(west, south, east, north))


def stored(shape):
    return f"SRID=4326;{shapely.MultiPolygon([shape]).wkt}"


def built(store):
    """A community of 2 km × 1 km: four grids of 500 m width, 400 households and one post each.

    A facility and an incident lie 550 m from its western end, in the second grid.
    """
    spot = lonlat(shapely.Point(550, 500))
    with store.begin() as session:
        file = by_hand(session, kind="grids", area_code="530102").id
        session.add(Area(code=C, area_code=C, level="community", name="和平社区", source_key="c",
                         import_id=file, geom=stored(ground(0, 2000))))  # fmt: skip
        for n in range(4):
            code = f"{C}{n + 1:03d}"
            session.add(Grid(code=code, area_code=C, households=400, valid_from=BEFORE,
                             source_key=code, import_id=file,
                             geom=stored(ground(500 * n, 500 * n + 500))))  # fmt: skip
            session.add(WorkerPost(area_code=C, grid_code=code, on_duty_on=BEFORE,
                                   source_key=f"p{code}", import_id=file))  # fmt: skip
        for model, more in (
            (Facility, {"name": "和平站", "function": "culture", "status": "open"}),
            (Incident, {"occurred_at": "2026-09-01T00:00Z", "category": "burglary"}),
        ):
            session.add(model(area_code=C, grid_code=f"{C}002", source_key="s", import_id=file,
                              geom=f"SRID=4326;{spot.wkt}", **more))  # fmt: skip
    return store


@pytest.fixture
def town(store):
    """The place of `built`, to be changed."""
    return built(store)


@pytest.fixture(scope="module")
def still(own_store):
    """The same, only to be looked at."""
    with own_store() as store:
        yield built(store)


def moved(drawn, metres=600):
    """The boundary between the first two grids moved from 500 m to ``metres``."""
    return [
        replace(drawn[0], geom=ground(0, metres)),
        replace(drawn[1], geom=ground(metres, 1000)),
        *drawn[2:],
    ]


def save(session, drawn, mark, day=DAY):
    return edits.save(session, C, drawn, mark=mark, day=day, **RULES)


def kept(store):
    """Every version with its size in hectares, and who holds facility and incident."""
    asked = text("""SELECT right(code, 3), valid_from, valid_to,
        round(CAST(ST_Area(ST_Transform(geom, 4543)) / 10000 AS numeric), 2), source_key
        FROM wangge.grids ORDER BY code, valid_from""")
    held = text("SELECT grid_code FROM wangge.facilities UNION ALL"
                " SELECT grid_code FROM wangge.incidents")  # fmt: skip
    with store.begin() as session:
        rows = [(a, b, c, float(d), e) for a, b, c, d, e in session.execute(asked)]
        return rows, [one[-3:] for one in session.scalars(held)]


@pytest.mark.parametrize(
    ("first", "second", "stops"),
    [
        (ground(0, 600), ground(600, 1000), False),
        (ground(0, 490), ground(500, 1000), True),  # a gap of 10 m × 1000 m
        (ground(0, 510), ground(500, 1000), True),  # the same as an overlap
        (ground(0, 499), ground(500, 1000), True),  # a sliver of 1 m
        (ground(-50, 500), ground(500, 1000), True),  # 50 m beyond the community
        (ground(0, 499.9), ground(500, 1000), False),  # 0.1 m is rounding
    ],
)
def test_what_a_drawing_may_not_leave_behind(still, first, second, stops):
    with still.begin(PLANNER) as session:
        table = sheet(session, C)
        drawn = [replace(table.drawn[0], geom=first), replace(table.drawn[1], geom=second),
                 *table.drawn[2:]]  # fmt: skip
        found = check(table, drawn, **RULES)
        assert found.stops is stops
        if stops:
            with pytest.raises(BadInput, match="GRD-1"):
                save(session, drawn, table.mark)


def test_a_moved_boundary_makes_two_versions_and_takes_what_lies_there_along(town):
    """600 m × 1000 m are 60 ha. The planner sees no incident, and it changes hands all the same."""
    with town.begin(PLANNER) as session:
        table = sheet(session, C)
        found = check(table, moved(table.drawn), **RULES)
        assert [(one.what, one.code[-3:]) for one in found.changes] == [
            ("redrawn", "001"), ("redrawn", "002")]  # fmt: skip
        assert [one.after_m2 for one in found.changes] == pytest.approx([6e5, 4e5], abs=1)
        assert found.remarks == ()
        save(session, moved(table.drawn), table.mark)
    rows, held = kept(town)
    assert [row[:4] for row in rows[:4]] == [
        ("001", BEFORE, DAY, 50.0), ("001", DAY, None, 60.0),
        ("002", BEFORE, DAY, 50.0), ("002", DAY, None, 40.0)]  # fmt: skip
    assert [row[1:3] for row in rows[4:]] == [(BEFORE, None)] * 2
    assert held == ["001", "001"]


def test_a_count_speaks_of_the_ground_that_was_counted(town):
    """Counts of June, a boundary moved in October: nobody has counted the two grids as they are."""
    with town.begin() as session:
        file = by_hand(session, kind="households", area_code=C).id
        for code, households in ((1, 350), (2, 360), (3, 370), (4, 380)):
            session.add(HouseholdCount(
                area_code=C, subject_kind="grid", subject_code=f"{C}00{code}", dwellings=1000,
                households=households, as_of=date(2026, 6, 30), source_key=f"h{code}",
                import_id=file))  # fmt: skip
    with town.begin(PLANNER) as session:
        drawn = moved(sheet(session, C).drawn)
        uncounted = [replace(one, households=None) for one in drawn[:2]]
        renamed = replace(drawn[2], name="三网格", geom=shapely.transform(
            drawn[2].geom, lambda xy: xy + 1e-9))  # fmt: skip
        save(session, [*uncounted, renamed, drawn[3]], sheet(session, C).mark)

    def known(day):
        with town.begin() as session:
            found = subjects_on(session, as_of=day, kinds=[SubjectKind.GRID])
            shown = layers.read(session, layer("grids"), scope=Scope(as_of=day), **RULES).features
            rented = rental.inputs(session, rules=RentalRules.of(RULES["policy"]),
                                   district=RULES["district"], as_of=day).counted  # fmt: skip
        counts = found["households"].fillna(0).tolist()
        assert shown["households"].fillna(0).tolist() == counts
        assert [code[-1:] for code in rented["subject_code"]] == [
            str(at) for at, one in enumerate(counts, 1) if one > 0
        ]
        return counts

    assert known(date(2026, 9, 30)) == [350, 360, 370, 380]
    assert known(DAY) == [0, 0, 370, 380]
    with town.begin() as session:
        session.add(HouseholdCount(
            area_code=C, subject_kind="grid", subject_code=f"{C}001", households=410,
            dwellings=900, as_of=LATER, source_key="later",
            import_id=by_hand(session, kind="households", area_code=C).id))  # fmt: skip
    assert known(LATER) == [410, 0, 370, 380]
    assert in_parallel(town) == [True, True, False, False]


def in_parallel(town):
    """What a plan that would hand the question to another server process says of each grid."""
    asked = text("SELECT wangge.grid_redrawn_since(told.code, told.geom, DATE '2026-06-30')"
                 " FROM unnest(:codes, CAST(:geoms AS text[])) AS row (code, wkb)"
                 " CROSS JOIN LATERAL (SELECT row.code, CAST(row.wkb AS geometry))"
                 " AS told (code, geom)"
                 " ORDER BY told.code")  # fmt: skip
    with town.begin() as session:
        now = session.execute(text(
            "SELECT code, CAST(geom AS text) FROM grids WHERE valid_to IS NULL"
            " AND area_code = :area ORDER BY code"), {"area": C}).all()  # fmt: skip
        session.execute(text("SET LOCAL force_parallel_mode = on"))
        told = {"codes": [one[0] for one in now], "geoms": [one[1] for one in now]}
        return list(session.scalars(asked, told))


def test_a_rounded_outline_keeps_its_count_and_a_house_given_away_loses_it(town):
    """Of 500 m × 1000 m: rounded to six decimals, 20 m × 30 m less, moved by 30 m, as it was."""
    rounded = shapely.transform(ground(0, 500), lambda degrees: degrees.round(6))
    less = lonlat(shapely.box(500, 0, 1000, 1000) - shapely.box(500, 400, 520, 430))
    outlines = [rounded, less, ground(1030, 1530), ground(1500, 2000)]
    with town.begin() as session:
        file = by_hand(session, kind="grids", area_code=C).id
        session.execute(text("UPDATE wangge.grids SET valid_to = :day"), {"day": DAY})
        for code, outline in enumerate(outlines, 1):
            grid = {"area_code": C, "import_id": file}
            session.add(Grid(code=f"{C}00{code}", valid_from=DAY, source_key=f"g{code}",
                             geom=stored(outline), **grid))  # fmt: skip
            session.add(HouseholdCount(
                subject_kind="grid", subject_code=f"{C}00{code}", households=350 + code,
                as_of=date(2026, 6, 30), source_key=f"h{code}", **grid))  # fmt: skip
    with town.begin() as session:
        found = subjects_on(session, as_of=DAY, kinds=[SubjectKind.GRID])
    assert found["households"].fillna(0).tolist() == [351, 0, 0, 354]


def test_an_undo_sets_everything_back_and_only_the_last_save_can_be_undone(town):
    before = kept(town)
    with town.begin(PLANNER) as session:
        first = save(session, moved(sheet(session, C).drawn), sheet(session, C).mark).id
    once = kept(town)
    with town.begin(PLANNER) as session:  # the same day again: a version of no day is none
        second = save(session, moved(sheet(session, C).drawn, 700), sheet(session, C).mark).id
    assert len(kept(town)[0]) == len(once[0])
    with town.begin(PLANNER) as session, pytest.raises(CannotUndo):
        edits.undo(session, C, first)
    with town.begin(PLANNER) as session:
        edits.undo(session, C, second)
    assert kept(town) == once
    with town.begin(PLANNER) as session:
        edits.undo(session, C, first)
    assert kept(town) == before
    with town.begin(PLANNER) as session:
        assert all(one.undone_at for one in edits.history(session, C))
        with pytest.raises(NotFound):
            edits.undo(session, C, first)


def test_a_merged_grid_leaves_its_posts_and_a_new_one_gets_a_number_nobody_had(town):
    with town.begin(PLANNER) as session:
        table = sheet(session, C)
        one = merged(table.drawn, [2, 3])
        found = check(table, one, **RULES)
        assert not found.stops
        said = " ".join(remark.en for remark in found.remarks)
        assert f"{C}004, which goes, still has 1 posts" in said
        assert "800 households" in said  # GRD-2: 300 to 500
        save(session, one, table.mark)
    with town.begin(PLANNER) as session:
        table = sheet(session, C)
        halves = [*table.drawn[:2], replace(table.drawn[2], geom=ground(1000, 1500)),
                  Drawn(None, ground(1500, 2000), "新网格")]  # fmt: skip
        save(session, halves, table.mark, LATER)
        assert sheet(session, C).drawn[-1].code == f"{C}005"


def test_a_fault_that_stood_there_is_said_and_may_stay(town):
    with town.begin() as session:  # 10 m of gap between the last two grids, planted
        session.execute(
            text("UPDATE wangge.grids SET geom = ST_GeomFromEWKT(:geom) WHERE code = :code"),
            {"geom": stored(ground(1510, 2000)), "code": f"{C}004"},
        )
    with town.begin(PLANNER) as session:
        table = sheet(session, C)
        found = check(table, moved(table.drawn), **RULES)
        assert [one.stops for one in found.remarks] == [False]
        assert "10,000 m²" in found.remarks[0].en
        wider = [*moved(table.drawn)[:3], replace(table.drawn[3], geom=ground(1520, 2000))]
        assert check(table, wider, **RULES).stops


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"code": "530102001002001"}, "no grid"),
        ({"code": f"{C}002"}, "drawn twice"),
        ({"name": "王先生的网格"}, "person"),
        ({"households": -1}, "households"),
        ({"geom": shapely.Polygon([(102.7, 25), (102.8, 25.1), (102.8, 25), (102.7, 25.1)])},
         "crosses itself"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_one_grid_is_said(still, changed, told):
    with still.begin(PLANNER) as session:
        table = sheet(session, C)
        found = check(table, [replace(table.drawn[0], **changed), *table.drawn[1:]], **RULES)
        assert found.stops
        assert told in " ".join(one.en for one in found.remarks)


def test_the_second_of_two_editors_is_refused_and_nothing_of_his_is_kept(town):
    """He saves while the first still holds the community: he waits, and then is told."""
    said = []

    def second(mark, drawn):
        try:
            with town.begin(PLANNER) as session:
                save(session, drawn, mark)
        except ChangedMeanwhile as exc:
            said.append(str(exc))

    with town.begin(PLANNER) as session:
        table = sheet(session, C)
        other = threading.Thread(target=second, args=(table.mark, moved(table.drawn, 800)))
        save(session, moved(table.drawn), table.mark)
        other.start()
        until_blocked(session, lambda: not other.is_alive())
    other.join()
    assert "nothing was saved" in said[0]
    assert [row[3] for row in kept(town)[0] if row[2] is None][:2] == [60.0, 40.0]


def test_no_save_while_an_import_writes_nor_without_a_change_nor_into_the_past(town):
    with town.begin() as importing, town.begin(PLANNER) as session:
        importing.execute(text("SELECT pg_advisory_xact_lock(hashtext('wangge import'))"))
        table = sheet(session, C)
        with pytest.raises(ChangedMeanwhile, match="import"):
            save(session, moved(table.drawn), table.mark)
    with town.begin(PLANNER) as session:
        with pytest.raises(BadInput, match="nothing was changed"):
            save(session, table.drawn, table.mark)
        with pytest.raises(BadInput, match="2024-01-01"):
            save(session, moved(table.drawn), table.mark, date(2023, 12, 31))


def test_nobody_draws_outside_the_own_area_or_without_the_right(town):
    elsewhere = User.of(Role.PLANNER, id="p", area_prefixes=("530102002",))
    with town.begin(elsewhere) as session, pytest.raises(Forbidden):
        save(session, [], "")
    worker = User.of(Role.GRID_WORKER, id="w", area_prefixes=("530102001",))
    with town.begin(worker) as session:
        table = sheet(session, C)
        with pytest.raises(Exception, match="row-level security"):
            save(session, moved(table.drawn), table.mark)
    asked = text("SELECT wangge.place_in_grids(ARRAY(SELECT geom FROM wangge.areas))")
    with town.begin() as session:
        session.execute(text("UPDATE wangge.facilities SET grid_code = 'x'"))
    with town.begin(worker) as session:
        session.execute(asked)
    assert kept(town)[1] == ["x", "002"]
