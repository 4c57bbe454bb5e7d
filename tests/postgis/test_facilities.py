"""Facility coverage from the store, on one day, against geopandas on the same rows."""

from datetime import date
from pathlib import Path

import geopandas as gpd
import pytest
import shapely
from pandas.testing import assert_frame_equal
from sqlalchemy import select, text

from gis import district, policy
from gis.access.rights import Role
from gis.areas import store as areas
from gis.areas.levels import SubjectKind
from gis.areas.model import Area, HouseholdCount
from gis.bulletins import store as bulletins
from gis.compounds.model import Compound
from gis.db.session import User
from gis.errors import NoData
from gis.facilities import service, store
from gis.facilities.model import CoverageResult, Facility, FacilityShare
from gis.grids.model import Grid
from gis.runs.model import Import, Run
from gis.scenarios import service as scenarios
from gis.scenarios.model import Scenario

REFERENCE = Path(__file__).parents[2] / "data" / "reference"
POLICY = policy.load(REFERENCE / "policy.toml")
WUHUA = district.load(REFERENCE / "wuhua.toml")
A, B, STREET = "530102001001", "530102001002", "530102001"
DAY = date(2026, 9, 30)


def square(lon, lat, side_deg=0.001):
    return shapely.box(lon, lat, lon + side_deg, lat + side_deg)


def ewkt(shape):
    return f"SRID=4326;{shape.wkt}"


@pytest.fixture
def add(db):
    """Writes one record; what a test does not say is plain."""
    file = Import(
        area_code="530102", kind="areas", file_name="hand.csv", file_sha256="0", read=0, kept=0,
        repaired=0, flagged=0, refused=0, summary={},
    )  # fmt: skip
    db.add(file)
    db.flush()

    def write(table, **values):
        shape = values.pop("shape", None)
        if shape is not None:
            multi = table in (Area, Grid, Compound)
            values["geom"] = ewkt(shapely.multipolygons([shape]) if multi else shape)
        number = len(db.new) + write.count
        write.count += 1
        record = table(import_id=file.id, source_key=f"{table.__tablename__}:{number}", **values)
        db.add(record)
        db.flush()
        return record

    write.count = 0
    return write


@pytest.fixture
def place(add):
    def area(code, level, households=None, **other):
        named = {"name": f"{level} {code}", "parent_code": other.pop("parent", None)}
        return add(Area, code=code, area_code=code, level=level, households=households,
                   **named, **other)  # fmt: skip

    return area


@pytest.fixture
def count(add):
    def counted(code, as_of, households, kind="community"):
        return add(HouseholdCount, area_code=code[:12], subject_kind=kind, subject_code=code,
                   as_of=as_of, households=households)  # fmt: skip

    return counted


@pytest.fixture
def room(add):
    def facility(area_code, m2=None, *, shape=None, function="service_station", **other):
        return add(Facility, area_code=area_code, name="站", function=function, floor_area_m2=m2,
                   shape=shape or shapely.Point(102.7, 25.04), **other)  # fmt: skip

    return facility


def run(db, as_of=DAY):
    return service.coverage(db, policy=POLICY, district=WUHUA, as_of=as_of)


def row(found, code):
    return found.results.set_index("subject_code").loc[code]


def test_nothing_to_work_on_is_said(db):
    with pytest.raises(NoData, match="import areas first"):
        run(db)


def test_a_community_merged_after_the_day_still_has_its_facilities_on_it(db, add, place, room):
    """From October A and B are one community, their grids one grid; the rooms carry its code."""
    merged, ends, begins = "530102001009", {"valid_to": OCTOBER}, {"valid_from": OCTOBER}
    west, east = square(102.700, 25.04), square(102.701, 25.04)
    for code, shape in ((A, west), (B, east)):
        place(code, "community", 1_000, parent=STREET, shape=shape, **ends)
        add(Grid, area_code=code, code=f"{code}001", shape=shape, **ends)
    both = shapely.union(west, east)
    place(merged, "community", 2_000, parent=STREET, shape=both, **begins)
    add(Grid, area_code=merged, code=f"{merged}001", shape=both, **begins)
    for lon, m2 in ((102.7005, 300.0), (102.7015, 120.0), (102.7025, 50.0)):
        room(merged, m2, shape=shapely.Point(lon, 25.0405), grid_code=f"{merged}001")
    found = run(db)
    for code, m2 in ((A, 300), (B, 120), (f"{A}001", 300), (f"{B}001", 120)):
        assert row(found, code)["floor_area_m2"] == m2
    assert found.totals["outside_communities_m2"] == 50  # on the ground of neither
    told = service.history(db, A, policy=POLICY, district=WUHUA, dates=[DAY, OCTOBER])
    assert told[["as_of", "floor_area_m2"]].to_numpy().tolist() == [[DAY, 300]]
    assert row(run(db, OCTOBER), merged)["floor_area_m2"] == 470


OCTOBER = date(2026, 10, 1)


def test_the_newest_count_that_was_known_on_the_day(db, place, count):
    place(A, "community", 7)
    count(A, date(2026, 3, 31), 1000)
    count(A, date(2026, 9, 30), 1200)
    count(A, date(2026, 10, 1), 9999)
    found = {day: row(run(db, day), A) for day in (DAY, date(2026, 9, 29), date(2025, 1, 1))}
    assert [one["households"] for one in found.values()] == [1200, 1000, 7]
    assert [one["households_as_of"] for one in found.values()] == [DAY, date(2026, 3, 31), None]


def test_a_compounds_own_dated_figure_wins_when_it_is_newer(db, add, count):
    plain = {"area_code": A, "name": "院", "kind": "old", "shape": square(102.7, 25.04)}
    add(Compound, code="x", households=50, households_as_of=date(2026, 6, 30), **plain)
    add(Compound, code="y", households=50, households_as_of=date(2026, 1, 31), **plain)
    add(Compound, code="z", households=50, households_as_of=date(2026, 12, 31), **plain)
    for code in "xy":
        count(code, date(2026, 3, 31), 60, kind="compound")
    found = areas.subjects_on(db, as_of=DAY, kinds=[SubjectKind.COMPOUND])
    assert found["households"].tolist()[:2] == [50, 60]
    assert found["households"].isna().tolist() == [False, False, True]  # z is not known yet
    assert found["households_source"].tolist() == ["register", "count", None]


def test_versions_and_facilities_of_the_day(db, place, room):
    place(A, "community", 1000, valid_to=date(2026, 1, 1))
    place(A, "community", 2000, valid_from=date(2026, 1, 1))
    room(A, 100, opened_on=date(2025, 6, 1))
    room(A, 200, opened_on=date(2026, 6, 1))
    room(A, 400, status="closed", closed_on=date(2026, 3, 1))
    room(A, 800, status="closed")
    room(A, 1600, status="planned")
    room(A, 3200, status="suspended", opened_on=date(2020, 1, 1))
    room(A, 6400, function="shelter")
    days = [date(2025, 5, 31), date(2025, 6, 1), date(2026, 2, 28), date(2026, 3, 1), DAY]
    along = service.history(db, A, policy=POLICY, district=WUHUA, dates=days)
    assert along["floor_area_m2"].tolist() == [400, 500, 500, 100, 300]
    assert along["households"].tolist() == [1000, 1000, 2000, 2000, 2000]
    assert along["verdict"].tolist() == ["met", "met", "below", "below", "below"]
    totals = run(db).totals
    assert (totals["facilities"], totals["facilities_counted"]) == (7, 2)
    assert (totals["facilities_not_open"], totals["facilities_not_listed"]) == (4, 1)


def test_a_monthly_page_lists_what_was_open_that_month(db, place, room):
    place(A, "community", 1000)
    room(A, 400)
    room(A, 400, function="culture", status="closed", closed_on=date(2026, 10, 1))
    room(A, 400, function="fitness", status="closed", closed_on=DAY)
    room(A, 400, function="meeting_room", status="closed")
    assert bulletins.facilities(db, A, as_of=DAY) == {"culture": 1, "service_station": 1}
    assert row(run(db), A)["facilities"] == 2


def test_against_geopandas_on_the_same_rows(db, place, room, add):
    """Second opinion: footprints by pyproj and shapely, sums by merge, no code of ours."""
    shapes = {A: square(102.70, 25.04), B: square(102.72, 25.05, 0.0007)}
    for code, households in ((A, 40_000), (B, 30_000)):
        place(code, "community", households, parent=STREET)
    place(STREET, "street", parent="530102")
    place("530102", "district")
    for code, shape in shapes.items():
        shared = room(code, shape=shape, storeys=2)
        other = B if code == A else A
        db.add(FacilityShare(facility_id=shared.id, area_code=other, share=0.25))
    db.flush()

    found = run(db)

    ground = gpd.GeoDataFrame({"code": list(shapes)}, geometry=list(shapes.values()), crs=4326)
    m2 = dict(zip(ground["code"], ground.to_crs(4543).area * 2, strict=True))
    expected = {A: 0.75 * m2[A] + 0.25 * m2[B], B: 0.25 * m2[A] + 0.75 * m2[B]}
    for code, area_m2 in expected.items():
        assert row(found, code)["floor_area_m2"] == pytest.approx(area_m2, rel=1e-9)
        assert row(found, code)["estimated_m2"] == pytest.approx(area_m2, rel=1e-9)
    for code in (STREET, "530102"):
        assert row(found, code)["floor_area_m2"] == pytest.approx(sum(m2.values()), rel=1e-9)
        assert row(found, code)["households"] == 70_000
    gaps = {code: max(0, 0.3 * {A: 40_000, B: 30_000}[code] - m) for code, m in expected.items()}
    assert found.totals["to_build_m2"] == pytest.approx(sum(gaps.values()), abs=0.01)


def test_the_totals_count_who_falls_short_of_fac_1_or_a_floor(db, place, room):
    place(A, "community", 1000)
    place(B, "community", 400)
    place("530102001003", "community", 400)
    room(A, 100)
    room(B, 150, provision="rented")
    room("530102001003", 120, provision="new_build")
    found = run(db)
    assert [row(found, code)["binding_rule"] for code in (A, B)] == ["FAC-1", "FAC-3"]
    assert [row(found, code)["verdict"] for code in (A, B)] == ["below", "met"]
    totals = found.totals
    assert (totals["shortfall"], totals["to_build_m2"]) == (2, 200)
    assert totals["to_build_with_floors_m2"] == 350


def test_grids_of_the_unified_network_are_shown_for_information(db, place, room, add):
    place(A, "community", 500)
    for code, network in ((A + "001", "unified"), (A + "002", "social_service")):
        add(Grid, code=code, area_code=A, network=network, households=400,
            shape=square(102.7, 25.04))  # fmt: skip
    hall = room(A, 200, grid_code=A + "001")
    db.add(FacilityShare(facility_id=hall.id, area_code=B, share=0.25))
    found = run(db).results.set_index("subject_code")
    assert found["verdict"].to_dict() == {A: "met", A + "001": "met"}
    assert found["floor_area_m2"].to_dict() == {A: 150, A + "001": 150}
    assert "仅供参考" in found.loc[A + "001", "reason_zh"]


def test_a_run_is_kept_once(db, place, room):
    place(A, "community", 1000)
    place(B, "community")
    room(A, 100, provision="rented")
    first, again = (service.save(db, run(db)) for _ in range(2))
    assert (first.stored, again.stored) == (True, False)
    kept = {one.subject_code: one for one in db.scalars(select(CoverageResult))}
    assert kept[A].gap_m2 == 200
    assert (kept[A].rule, kept[A].threshold, kept[A].floor_met) == ("FAC-1", 30.0, False)
    assert (kept[B].verdict, kept[B].gap_m2, kept[B].floor_rule) == ("unknown", None, None)
    record = db.get(Run, first.run_id)
    assert record.policy_version == POLICY.version
    assert record.totals["communities"] == 2
    room(B, 1)
    assert service.save(db, run(db)).revision == 2


def test_reading_is_the_same_on_an_empty_register(db, place):
    place(A, "community", 100)
    assert store.shares(db).empty
    found = row(run(db), A)
    assert (found["verdict"], found["gap_m2"]) == ("none", 30.0)


# -- whoever works in a part of the district --------------------

HOUSE = """
SELECT id FROM facilities WHERE area_code = :host AND function = 'service_station'
AND status = 'open' ORDER BY id LIMIT 1"""
SHARE = """
INSERT INTO facility_shares (facility_id, area_code, share)
VALUES (:house, :guest, 0.6), (:house, :other, 0.4)"""


@pytest.fixture(scope="module")
def shared(own_demo):
    """The demo with a house of A shared with B and a third one; and the district's own figures."""
    with own_demo.begin() as session:
        house = session.scalar(text(HOUSE), {"host": A})
        session.execute(
            text("DELETE FROM facility_shares WHERE facility_id = :house"), {"house": house}
        )
        asked = {"house": house, "guest": B, "other": "530102001003"}
        assert session.execute(text(SHARE), asked).rowcount == 2
    with own_demo.begin() as session:
        whole = run(session).results.set_index("subject_code")
    return own_demo, whole


@pytest.mark.parametrize("area", [A, B, STREET])
def test_host_and_guest_find_the_districts_own_figures(shared, area):
    store, whole = shared
    with store.begin(User.of(Role.GRID_SUPERVISOR, id="lin", area_prefixes=(area,))) as session:
        own = run(session).results.set_index("subject_code")
    own = own[own.index.str.startswith(area)]
    named = ["floor_area_m2", "facilities", "verdict", "reason_zh"]
    assert len(own) > 0
    assert_frame_equal(own[named], whole.loc[own.index, named])


@pytest.mark.parametrize("area", [A, B, STREET, "530102"])
def test_the_history_of_one_division_is_what_the_whole_district_was_found_to_be(shared, area):
    store, whole = shared
    before = date(1949, 9, 30)  # no division is valid yet
    with store.begin() as session:
        own = service.history(session, area, policy=POLICY, district=WUHUA, dates=[before, DAY])
    assert own["as_of"].tolist() == [DAY]
    expected = whole.loc[[area]].reset_index()
    assert_frame_equal(own[expected.columns], expected, check_dtype=False)


def test_the_history_of_a_city_holds_its_districts_and_of_a_street_what_names_it(db, place, room):
    """A city's code does not begin those of its districts, nor need a street's its communities'."""
    place("530100", "city")
    place("530102", "district", parent="530100")
    place("530111", "district", parent="530100")
    place(STREET, "street", parent="530102")
    place(A, "community", 1000, parent=STREET)
    place("530102009001", "community", 1000, parent=STREET)
    room(A, 400)
    room("530102009001", 100)
    whole = run(db)
    for code, area_m2 in (("530100", 500), ("530102", 500), (STREET, 500), ("530111", 0)):
        own = service.history(db, code, policy=POLICY, district=WUHUA, dates=[DAY]).iloc[0]
        assert own["floor_area_m2"] == area_m2 == row(whole, code)["floor_area_m2"]
        assert own["reason_en"] == row(whole, code)["reason_en"]


@pytest.mark.parametrize("area", [A, B])
def test_a_scenario_of_a_part_begins_at_the_districts_own_figures(shared, area):
    store, whole = shared
    with store.begin(User.of(Role.PLANNER, id="wu", area_prefixes=(area,))) as session:
        made = Scenario(area_code=area, owner="wu", name="x", as_of=DAY, shared=False)
        session.add(made)
        session.flush()
        found = scenarios.compare(session, made, policy=POLICY, district=WUHUA).communities
    today = found.set_index("code")["m2_per_100_households"]
    assert today.to_dict() == {area: whole.loc[area, "m2_per_100_households"]}


def test_a_shared_house_is_told_to_nobody_else(shared):
    """Its guest reads what is counted and no place; a community that has no part, nothing."""
    store, _ = shared
    guests = text(
        "SELECT DISTINCT source_key FROM facilities AS host JOIN facility_shares AS given"
        " ON given.facility_id = host.id WHERE given.area_code ^@ :area"
        " AND NOT host.area_code ^@ :area ORDER BY 1"
    )
    told = text("SELECT source_key FROM wangge.shared_by_neighbours(32648) ORDER BY 1")
    expected = {}
    for area in (A, B, "530102001003", "530102001004", STREET, ""):
        with store.begin() as session:
            expected[area] = session.scalars(guests, {"area": area}).all()
        with store.begin(User.of(Role.PLANNER, id="wu", area_prefixes=(area,))) as session:
            assert session.scalars(told).all() == expected[area]
    assert len(expected[B]) > 0
    assert expected[""] == []
    with store.begin(User.of(Role.AUDITOR, id="wu", area_prefixes=(B,))) as session:
        assert session.scalars(told).all() == []
