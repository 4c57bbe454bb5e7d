"""The visit list, the order of a walk on the demo's streets, notes, incidents since a visit."""

from datetime import UTC, datetime
from itertools import pairwise

import pytest
from sqlalchemy import text

from gis.access.rights import Role
from gis.db.session import User, sessions
from gis.errors import NotFound
from gis.privacy import PersonalText
from gis.visits import service
from gis.visits.model import PlaceKind

NOW = datetime(2026, 11, 2, 2, 0, tzinfo=UTC)
ME = "loopback"


@pytest.fixture
def demo(demo_store):
    """A session on the demo whose changes are rolled back."""
    with sessions(demo_store.engine)(info={"user": User.command()}) as session:
        yield session
        session.rollback()


@pytest.fixture
def busy(demo):
    """Compounds with most incidents, their numbers counted apart."""
    statement = """
        SELECT compound_code, count(*) FROM wangge.incidents WHERE compound_code IS NOT NULL
        GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 8
    """
    return demo.execute(text(statement)).all()


def test_a_walk_follows_streets_and_is_no_longer_than_the_list_as_it_was(demo, demo_store, busy):
    for code, _ in busy:
        service.add(demo, ME, PlaceKind.COMPOUND, code, now=NOW)
    district = demo_store.house.district
    walk = service.reorder(demo, ME, district=district)
    listed = service.store.open_visits(demo, ME)
    assert walk.along_streets
    assert sorted(one["place_code"] for one in listed) == sorted(code for code, _ in busy)
    assert listed[0]["place_code"] == busy[0][0]  # begins where the list began
    straight = sum(
        demo.scalar(
            text("SELECT ST_Distance(ST_MakePoint(:a, :b)::geography, ST_MakePoint(:c, :d))"),
            {"a": one["lon"], "b": one["lat"], "c": two["lon"], "d": two["lat"]},
        )
        for one, two in pairwise(listed)
    )
    assert straight * 0.99 < walk.length_m < straight * 3
    assert service.reorder(demo, ME, district=district).length_m == pytest.approx(walk.length_m)


def test_a_place_stands_on_the_list_once_and_leaves_it_when_visited(demo, busy):
    code = busy[0][0]
    for _ in range(2):
        service.add(demo, ME, PlaceKind.COMPOUND, code, now=NOW)
    (visit,) = service.store.open_visits(demo, ME)
    with pytest.raises(NotFound):
        service.done(demo, "somebody", visit["id"], now=NOW)
    service.done(demo, ME, visit["id"], now=NOW)
    assert service.store.open_visits(demo, ME) == []
    assert [one["place_code"] for one in service.store.done_visits(demo, ME)] == [code]


def test_incidents_are_counted_since_the_last_visit(demo, busy):
    code, incidents = busy[0]
    begin = datetime(2000, 1, 1, tzinfo=UTC)
    before = service.incidents_since_visit(demo, area_prefix="", since=begin)
    assert [(one["code"], one["incidents"]) for one in before[:8]] == list(busy)
    seen = demo.scalar(
        text(
            "SELECT date_trunc('day', occurred_at) FROM wangge.incidents"
            " WHERE compound_code = :code GROUP BY 1 ORDER BY 1 DESC OFFSET 2 LIMIT 1"
        ),
        {"code": code},
    )
    service.add(demo, ME, PlaceKind.COMPOUND, code, now=seen)
    service.done(demo, ME, service.store.open_visits(demo, ME)[0]["id"], now=seen)
    after = service.incidents_since_visit(demo, area_prefix=code[2:14], since=begin, most=500)
    since = text(
        "SELECT count(*) FROM wangge.incidents WHERE compound_code = :code AND occurred_at >= :day"
    )
    expected = demo.scalar(since, {"code": code, "day": seen})
    assert 2 < expected < incidents
    assert {one["code"]: one["incidents"] for one in after}[code] == expected


def test_a_supervisor_sees_counts_of_the_own_area_but_no_incident(demo_store, busy):
    code = busy[0][0]
    own = User.of(Role.GRID_SUPERVISOR, id="ww", area_prefixes=(code[2:14],))
    begin = datetime(2000, 1, 1, tzinfo=UTC)
    with demo_store.begin(own) as session:
        assert session.scalar(text("SELECT count(*) FROM wangge.incidents")) == 0
        found = service.incidents_since_visit(session, area_prefix="", since=begin, most=500)
        asked = text("SELECT * FROM wangge.incidents_since(:codes, :days)")
        other = next(one for one, _ in busy if not one.startswith(code[:14]))
        assert session.execute(asked, {"codes": [other], "days": [begin]}).all() == []
    assert {one["code"]: one["incidents"] for one in found}[code] == busy[0][1]
    assert {one["area_code"] for one in found} == {code[2:14]}


def test_a_note_is_kept_once_and_never_about_a_person(demo, busy):
    code = busy[0][0]
    write = {"kind": PlaceKind.COMPOUND, "code": code, "now": NOW}
    for _ in range(2):
        service.write_note(demo, key="abcdefgh", body=" 北门路灯不亮 ", **write)
    assert [one["body"] for one in service.notes(demo)] == ["北门路灯不亮"]
    with pytest.raises(PersonalText):
        service.write_note(demo, key="abcdefgi", body="姓名：王小明", **write)
    with pytest.raises(NotFound):
        service.write_note(demo, key="abcdefgj", body="好", kind=PlaceKind.GRID, code="x", now=NOW)
