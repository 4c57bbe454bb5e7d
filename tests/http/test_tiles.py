"""Tiles over HTTP: unchanged ones are answered before geometry is touched; TileJSON per user."""

from contextlib import contextmanager

import psycopg2
import pytest
from sqlalchemy import Engine, event, text

from gis.access.rights import PERMISSIONS, Action, Role
from gis.db.cluster.urls import libpq_url
from gis.db.session import User
from gis.layers import tiles
from gis.layers.model import REGISTRY, layer

TILE = "/tiles/rating/11/1608/876.mvt"


@contextmanager
def statements():
    """What the service sends to the store meanwhile."""
    sent = []

    def note(connection, cursor, statement, parameters, context, executemany):
        sent.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    yield sent
    event.remove(Engine, "before_cursor_execute", note)


def test_an_unchanged_tile_is_answered_before_geometry_is_touched(client):
    with statements() as sent:
        first = client.get(TILE)
    assert any("tile_rating" in one for one in sent)
    assert first.headers["cache-control"] == "private, no-cache"
    with statements() as sent:
        again = client.get(TILE, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert any("version_of" in one for one in sent)
    assert not any("tile_rating" in one or "geom" in one for one in sent)


def tag(store, user, name="rating"):
    with store.begin(user) as session:
        return tiles.tag(session, layer(name))


def test_the_tag_names_rows_areas_and_rights(store):
    viewer = User.of(Role.VIEWER, id="lin", area_prefixes=("530102001",))
    first = tag(store, viewer)
    assert tag(store, viewer) == first
    assert tag(store, User.of(Role.VIEWER, id="wang", area_prefixes=("530102001",))) == first
    assert tag(store, User.of(Role.VIEWER, id="lin", area_prefixes=("530102002",))) != first
    assert tag(store, User.of(Role.PLANNER, id="lin", area_prefixes=("530102001",))) != first
    assert tag(store, viewer, "risk") != first
    with store.begin() as session:
        session.execute(text(RUN))
    assert tag(store, viewer) != first


RUN = """
INSERT INTO runs (area_code, analysis, as_of, policy_version, policy_digest, input_digest,
                  parameters, totals)
VALUES ('530102', 'rating', '2026-09-30', '1', 'p', 'i', '{}', '{}')
"""


REVIEWED = """
INSERT INTO rating_cycles (area_code, period, revision, run_id, state, opened_by)
SELECT '530102', '2026Q3', 1, id, 'review', 'zhang' FROM runs
"""
PUBLISHED = """
UPDATE rating_cycles SET state = 'published', published_at = now(), published_by = 'li',
                         issuer = 'x', digest = 'x'
"""


def test_the_tag_counts_publications_before_the_server_tells_of_them(db):
    db.execute(text(RUN))
    db.execute(text(REVIEWED))
    before = tiles.tag(db, layer("rating")), tiles.tag(db, layer("grids"))
    db.execute(text(PUBLISHED))
    assert tiles.tag(db, layer("rating")) != before[0]
    assert tiles.tag(db, layer("grids")) == before[1]


def test_the_tag_moves_with_the_commit_and_never_comes_back(store, cluster):
    with store.begin() as session:
        session.execute(text(RUN))
    first = tag(store, User.command())
    with store.begin() as session:
        session.execute(text(REVIEWED))  # neither import nor run nor publication
    second = tag(store, User.command())
    server = cluster.url("postgres", store.engine.url.database)
    with psycopg2.connect(libpq_url(server)) as superuser:
        superuser.cursor().execute("SELECT pg_stat_reset()")  # as after a crash, all begins at none
    assert len({first, second, tag(store, User.command())}) == 3


def test_tilejson_says_where_the_tiles_are_and_what_they_hold(client, demo_store):
    said = client.get("/tiles/rating.json").json()
    assert said["tilejson"] == "3.0.0"
    assert said["tiles"][0].endswith("/tiles/rating/{z}/{x}/{y}.mvt")
    assert (said["minzoom"], said["maxzoom"]) == (0, 22)
    (drawn,) = said["vector_layers"]
    assert drawn["id"] == "rating"
    assert list(drawn["fields"]) == ["code", "name", "colour"]
    with demo_store.begin() as session:
        asked = "SELECT ST_Extent(geom)::text FROM areas WHERE valid_to IS NULL"
        extent = session.scalar(text(asked))
    west, south, east, north = said["bounds"]
    numbers = [float(word) for pair in extent[4:-1].split(",") for word in pair.split()]
    assert [west, south, east, north] == pytest.approx(numbers)


def test_bounds_are_those_of_the_own_areas(demo_store):
    with demo_store.begin() as session:
        asked = "SELECT code, ST_XMin(geom), ST_YMin(geom) FROM areas WHERE level = 'community'"
        code, west, south = session.execute(text(f"{asked} ORDER BY code LIMIT 1")).one()
    with demo_store.begin(User.of(Role.VIEWER, id="lin", area_prefixes=(code,))) as session:
        assert tiles.bounds(session)[:2] == pytest.approx((west, south))
    with demo_store.begin(User.of(Role.VIEWER, id="lin", area_prefixes=("999999",))) as session:
        assert tiles.bounds(session) is None


def test_every_layer_belongs_to_a_capability_somebody_reads():
    for one in REGISTRY:
        assert any((one.capability, Action.READ) in rights for rights in PERMISSIONS.values())
