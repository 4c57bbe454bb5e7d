"""Tiles and boxes check the rights themselves: they show what row rights show, by spatial index."""

import math
import re
from contextlib import closing
from dataclasses import replace

import psycopg2
import pytest
from sqlalchemy import text

from gis.access.rights import PERMISSIONS, Action, Capability, Role
from gis.assignment.store import RECORDS
from gis.db.cluster.urls import libpq_url
from gis.db.session import User
from gis.layers import model as layers
from gis.layers import tiles
from gis.layers.model import GROUND, REGISTRY
from gis.layers.service import Scope, what_is_shown

KEYS = {
    "grids": "SELECT code FROM grids WHERE network = 'unified' AND valid_to IS NULL",
    "compounds": "SELECT code FROM compounds WHERE valid_to IS NULL",
    "buildings": "SELECT source_key FROM buildings",
    "facilities": "SELECT source_key FROM facilities",
    "coverage": "SELECT subject_code FROM coverage_results JOIN areas ON code = subject_code"
    " WHERE run_id = :run AND subject_kind = 'community' AND geom IS NOT NULL",
    "rating": "SELECT compound_code FROM ratings JOIN compounds ON code = compound_code"
    " WHERE run_id = :run",
    "rental": "SELECT subject_code FROM rental_results JOIN compounds ON code = subject_code"
    " WHERE run_id = :run AND subject_kind = 'compound'",
    "rental_h3": "SELECT h3 FROM rental_cells WHERE run_id = :run AND resolution = 9",
    "cameras": "SELECT source_key FROM cameras WHERE status <> 'removed'",
    "video_coverage": "SELECT subject_code FROM video_coverage JOIN compounds"
    " ON code = subject_code WHERE run_id = :run AND subject_kind = 'compound'",
    "view_fields": "SELECT concat_ws(':', camera_key, looks, quality) FROM view_fields"
    " WHERE looks = 'home' OR quality = 'detect'",
    "blind_areas": "SELECT id::text FROM video_blind_areas WHERE run_id = :run",
    "video_places": "SELECT id::text FROM video_places WHERE run_id = :run",
    "video_findings": "SELECT id::text FROM video_findings WHERE run_id = :run",
    "grid_audit": "SELECT id::text FROM grid_findings WHERE run_id = :run AND geom IS NOT NULL",
}
BOXED = ["areas", "streets", "buildings", "compounds", "cameras", "dwellings", "rental_cells",
         "facilities", "grids", "grid_findings", "incidents",
         "view_fields", "video_blind_areas", "video_places"]  # fmt: skip


@pytest.fixture(scope="module")
def users(demo_store):
    with demo_store.begin() as session:
        codes = session.scalars(text("SELECT code FROM areas WHERE level = 'community'")).all()
    first = min(codes)
    street = first[:9]
    neighbour = next((code for code in sorted(codes) if code[:9] != street), max(codes))
    areas = {"district": ("",), "street": (street,), "community": (first,),
             "neighbour": (neighbour,), "two": (first, neighbour), "none": ()}  # fmt: skip
    drafts = {(Capability.DRAFTS, Action.READ)}  # the demo's quarter is not published
    return {
        f"{role}-{name}": replace(
            User.of(role, id="lin", area_prefixes=prefixes), rights=PERMISSIONS[role] | drafts
        )
        for name, prefixes in areas.items()
        for role in (Role.DATA_STEWARD, Role.VIEWER, Role.AUDITOR)
    }


@pytest.mark.parametrize(
    "one", [x for x in (*REGISTRY, *GROUND) if x.name in KEYS], ids=lambda x: x.name
)
def test_a_tile_shows_what_row_rights_show(demo_store, users, one):
    with demo_store.begin() as session:
        run, _ = what_is_shown(session, one, district=demo_store.house.district, scope=Scope())
        asked = {"run": run and run.id}
        every = set(session.scalars(text(KEYS[one.name]), asked))
        middle = session.execute(text(MIDDLE)).one()
        whole = words_of(drawn(session, demo_store, one, middle)) & every
    assert whole
    for user in users.values():
        with demo_store.begin(user) as session:
            shown = set(session.scalars(text(KEYS[one.name]), asked))
            tile = drawn(session, demo_store, one, middle)
        assert words_of(tile) & every == whole & shown, user
        if Role.AUDITOR is user.role or not user.area_prefixes:
            assert tile == b""


@pytest.mark.parametrize(("role", "seen"), [(Role.VIEWER, False), (Role.GRID_WORKER, True)])
@pytest.mark.parametrize("name", ["rating", "risk"])
def test_a_tile_of_a_draft_is_empty_for_who_sees_no_drafts(demo_store, name, role, seen):
    """Also where the function is called with the number of the run, past the service."""
    with demo_store.begin() as session:
        middle = session.execute(text(MIDDLE)).one()
        scope = Scope(internal=True, run_id=demo_store.runs["rating"])
        shown = tiles.moment(
            session, layers.layer(name), district=demo_store.house.district, scope=scope
        )
    with demo_store.begin(User.of(role, id="lin", area_prefixes=("",))) as session:
        tile = tiles.mvt(
            session, layers.layer(name), **place_of(middle), district=demo_store.house.district,
            scope=scope, shown=shown,
        )  # fmt: skip
    assert bool(tile) is seen


MIDDLE = """
SELECT ST_X(p) AS lon, ST_Y(p) AS lat
FROM (SELECT ST_Centroid(ST_Extent(geom)::geometry) AS p FROM areas) AS middle
"""


def drawn(session, store, layer, middle, z=11):
    scope, district = Scope(internal=True), store.house.district
    return tiles.mvt(session, layer, **place_of(middle, z), district=district, scope=scope)


def place_of(middle, z=11):
    n = 2**z
    y = (1 - math.asinh(math.tan(math.radians(middle.lat))) / math.pi) / 2 * n
    return {"z": z, "x": int((middle.lon + 180) / 360 * n), "y": int(y)}


def words_of(tile):
    """The texts among a tile's values, by the published format: layer 3, value 4, string 1."""
    found = set()
    for number, layer in fields_of(tile):
        for tag, value in fields_of(layer) if number == 3 else ():
            if tag == 4:
                found |= {word.decode() for kind, word in fields_of(value) if kind == 1}
    return found


def fields_of(message):
    """Number and content of the length-delimited fields of a protobuf message."""
    at = 0
    while at < len(message):
        tag, at = varint(message, at)
        if tag & 7 == 2:
            size, at = varint(message, at)
            yield tag >> 3, message[at : at + size]
            at += size
        elif tag & 7 == 0:
            _, at = varint(message, at)
        else:
            at += 8 if tag & 7 == 1 else 4


def varint(body, at):
    value = shift = 0
    while True:
        byte = body[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at


@pytest.mark.parametrize("table", BOXED)
def test_a_box_finds_what_row_rights_show(demo_store, users, table):
    with demo_store.begin() as session:
        box = session.scalar(text(f"SELECT ST_Extent(geom)::geometry FROM {table}"))
    half = "ST_SetSRID(ST_Expand(CAST(:box AS geometry), -0.002), 4326)"
    plain = f"SELECT id FROM {table} WHERE geom && {half}"
    found = f"SELECT wangge.in_box('{table}', {half})"
    counts = set()
    for user in users.values():
        with demo_store.begin(user) as session:
            ids = set(session.scalars(text(found), {"box": box}))
            assert ids == set(session.scalars(text(plain), {"box": box})), user
            counts.add(len(ids))
    assert len(counts) > 1  # somebody sees some, and not everybody the same


@pytest.mark.parametrize("records", RECORDS, ids=lambda records: records.name)
def test_outlines_touch_what_row_rights_show(demo_store, users, records):
    with demo_store.begin() as session:
        drawn = "SELECT CAST(geom AS text) FROM areas WHERE level = 'community'"
        asked = {"outlines": list(session.scalars(text(drawn)))}
    given = "CAST(CAST(:outlines AS text[]) AS geometry[])"
    plain = f"""
        SELECT DISTINCT record.id FROM {records.name} AS record
        JOIN unnest({given}) AS outline ON ST_Intersects(record.geom, outline)
    """
    counts = set()
    for user in users.values():
        with demo_store.begin(user) as session:
            found = f"SELECT wangge.touching('{records.name}', {given})"
            ids = session.scalars(text(found), asked).all()
            assert sorted(ids) == sorted(session.scalars(text(plain), asked)), user
            counts.add(len(ids))
    assert len(counts) > 1  # somebody sees some, and not everybody the same


def test_no_box_is_asked_of_other_tables(db):
    with pytest.raises(Exception, match="no box is asked of"):
        db.execute(text("SELECT wangge.in_box('runs', ST_MakeEnvelope(0, 0, 1, 1, 4326))"))


# -- a hundred thousand rows, and half a million --------------------

POINTS = """
INSERT INTO wangge.cameras (area_code, source_key, import_id, geom)
SELECT '5301020' || lpad((n % 20)::text, 2, '0') || '001', n::text, :import,
       ST_SetSRID(ST_MakePoint(102.6 + (n % 1000) * 0.0002, 25 + (n / 1000) * 0.002), 4326)
FROM generate_series(1, :points) AS n
"""
IMPORT = """
INSERT INTO wangge.imports (area_code, kind, file_name, file_sha256, read, kept, repaired, flagged,
                            refused, summary)
VALUES ('530102', 'cameras', 'f', '0', 1, 1, 0, 0, 0, '{}') RETURNING id
"""


@pytest.fixture(params=[100_000, pytest.param(500_000, marks=pytest.mark.slow)])
def many_points(cluster, store, request):
    """A superuser's cursor on a store with many video points; row rights do not bind it."""
    url = cluster.url("postgres", store.engine.url.database)
    with closing(psycopg2.connect(libpq_url(url))) as admin, admin.cursor() as cursor:
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE indexname = 'idx_cameras_geom_3857'")
        (index,) = cursor.fetchone()
        cursor.execute("DROP INDEX wangge.idx_cameras_geom_3857, wangge.idx_cameras_geom")
        cursor.execute(IMPORT)
        file = str(cursor.fetchone()[0])
        cursor.execute(POINTS.replace(":import", file).replace(":points", str(request.param)))
        cursor.execute(index)
        cursor.execute(index.replace("_3857", ""))
        cursor.execute("ANALYZE wangge.cameras")
        admin.commit()
        cursor.execute("LOAD 'auto_explain'")
        cursor.execute("SET auto_explain.log_min_duration = 0")
        cursor.execute("SET auto_explain.log_nested_statements = on")
        cursor.execute("SET client_min_messages = log")
        admin.commit()
        yield cursor


def plan_inside(cursor, call, prefixes):
    """The plan and the cost of the statement on cameras that a function runs for a user."""
    cursor.connection.rollback()
    cursor.execute("SELECT wangge.enter('lin', %s, '{video:read}')", [prefixes])
    cursor.connection.notices.clear()
    cursor.execute(call)
    plan = next(said for said in cursor.connection.notices if "on cameras" in said)
    return plan, float(re.search(r"cost=[\d.]+\.\.([\d.]+)", plan)[1])


TILE = "ST_TileEnvelope(15, 25729, 14020)"
BOX = "ST_MakeEnvelope(102.65, 25.05, 102.66, 25.06, 4326)"
BARE_TILE = f"""
SELECT ST_AsMVT(s, 'cameras', 4096, 'geom' ORDER BY code)
FROM (SELECT source_key AS code, name, ST_AsMVTGeom(geom_3857, {TILE}, 4096, 160, true) AS geom
      FROM wangge.cameras WHERE geom_3857 && {TILE}) AS s
"""
SCOPED_AND_BARE = [
    ("SELECT wangge.tile_cameras(15, 25729, 14020, '', '2026-09-30', NULL, '', 9)", BARE_TILE,
     "idx_cameras_geom_3857"),
    (f"SELECT wangge.in_box('cameras', {BOX})",
     f"SELECT id FROM wangge.cameras WHERE geom && {BOX}", "idx_cameras_geom"),
]  # fmt: skip


def test_a_scoped_box_uses_the_spatial_index(many_points):
    cursor = many_points
    for call, bare, index in SCOPED_AND_BARE:
        cursor.execute(f"EXPLAIN {bare}")
        unscoped = float(re.search(r"cost=[\d.]+\.\.([\d.]+)", cursor.fetchone()[0])[1])
        for prefixes in ("{53010200}", "{530102001,530102019}", '{""}'):
            plan, cost = plan_inside(cursor, call, prefixes)
            assert f"using {index} on cameras" in plan or f"Scan on {index}" in plan
            assert cost <= 2 * unscoped, plan
