"""Which index serves which question, and statistics that the application may refresh."""

from contextlib import closing
from datetime import date, datetime
from pathlib import Path

import psycopg2
import pytest
from sqlalchemy import insert, text
from sqlalchemy.exc import ProgrammingError

from data.ingest.service import import_file
from data.ingest.types import Kind, Options
from gis import district as districts
from gis.db import sql, statistics
from gis.db.cluster.urls import libpq_url
from gis.runs.model import Import
from gis.safety.model import Incident

WINDOW = {
    "months": [datetime.fromisoformat("2024-10-01T00:00+08:00")],
    "start": datetime.fromisoformat("2024-10-01T00:00+08:00"),
    "end": datetime.fromisoformat("2026-10-01T00:00+08:00"),
    "codes": None,
}


def add_incidents(session):
    """400 incidents in four communities; every fourth in no compound."""
    done = Import(
        area_code="530102", kind="incidents", file_name="x", file_sha256="0", read=0, kept=0,
        repaired=0, flagged=0, refused=0, summary={},
    )  # fmt: skip
    session.add(done)
    session.flush()
    rows = [
        {
            "source_key": f"k{n}", "import_id": done.id, "area_code": f"53010200{n % 2}00{n % 4}",
            "compound_code": f"C{n % 40}" if n % 4 else None, "category": "theft",
            "occurred_at": datetime.fromisoformat("2025-10-01T00:00+08:00"),
            "geom": "SRID=4326;POINT(102.7 25.04)",
        }
        for n in range(400)
    ]  # fmt: skip
    session.execute(insert(Incident), rows)


@pytest.fixture
def incidents(db):
    add_incidents(db)


def plan(db, statement, params=None):
    """How the planner would do it where a whole scan is dear, as in a large table."""
    db.execute(text("SET LOCAL enable_seqscan = off"))
    explained = text(f"EXPLAIN {statement}") if isinstance(statement, str) else statement
    return "\n".join(db.execute(explained, params or {}).scalars())


def explained(query):
    return text(f"EXPLAIN {query.text}")


def rows_of(db, table):
    count = "SELECT reltuples FROM pg_class WHERE oid = CAST(:name AS regclass)"
    return db.scalar(text(count), {"name": f"wangge.{table}"})


def test_a_short_code_of_a_plaque_is_one_read_of_its_index(db):
    query = sql.load("gis.publication")["labelled"]
    assert "pk_plaque_labels" in plan(
        db, explained(query), {"label": "7K3F5Q2M", "period": "2026Q3"}
    )


def test_the_application_refreshes_statistics_in_its_own_transaction(db, incidents):
    assert rows_of(db, "incidents") != 400
    statistics.refresh(db, Incident.__tablename__)
    assert rows_of(db, "incidents") == 400


def test_an_import_leaves_fresh_statistics(db, tmp_path):
    district = districts.load(Path(districts.__file__).parents[1] / "data/reference/wuhua.toml")
    rows = "".join(f"JQ{n},2026-07-01 08:00,盗窃,102.70,25.04\n" for n in range(50))
    file = tmp_path / "incidents.csv"
    file.write_text("警情编号,发生时间,警情类别,经度,纬度\n" + rows, encoding="utf-8")
    import_file(db, file, Kind.INCIDENTS, Options(frame="wgs84"), district)
    assert rows_of(db, "incidents") == 50


@pytest.mark.parametrize(
    "name", ["no_such", "pg_class", "incidents; DROP TABLE x", "INCIDENTS", ""]
)
def test_only_tables_of_the_store_are_looked_at(db, name):
    with pytest.raises(ProgrammingError, match="is no table of the store"):
        db.execute(text("SELECT wangge.analyze_table(:name)"), {"name": name})


def test_a_code_prefix_is_found_by_index(db, incidents):
    statistics.refresh(db, Incident.__tablename__)
    asked = "SELECT count(*) FROM incidents WHERE area_code ^@ CAST(:area AS text)"
    found = plan(db, asked, {"area": "530102001"})
    assert "ix_incidents_area_code" in found
    assert "~>=~ '530102001'" in found  # a range of the index, not a filter over all of it


BOX = "SRID=4326;POLYGON((102.7 25, 102.71 25, 102.71 25.01, 102.7 25.01, 102.7 25))"
BOXED = {"gis.layers": ["layer_grids", "layer_compounds", "layer_facilities", "layer_rental"],
         "gis.video": ["camera_context"],
         "gis.video.ground": ["scene_cameras", "scene_buildings"],
         "gis.walking": ["walkable_near"]}  # fmt: skip


@pytest.mark.parametrize(
    ("package", "name"), [(package, name) for package in BOXED for name in BOXED[package]]
)
def test_a_box_becomes_keys_that_an_index_can_look_up(db, package, name):
    query = sql.load(package)[name]
    given = {"box": BOX, "area_prefix": "", "as_of": date(2026, 9, 30), "run_id": 1, "srid": 4543}
    asked = dict.fromkeys(query.compile().params) | given
    found = plan(db, explained(query), asked)
    assert "id = ANY ($" in found
    assert "hashed SubPlan" not in found


def test_no_statement_hides_a_prefix_or_a_box_from_the_indexes():
    for file in Path(districts.__file__).parent.glob("*/queries.sql"):
        said = file.read_text("utf-8")
        assert "LIKE CAST(:area_prefix" not in said, f"{file.parent.name}: write ^@"
        assert "IN (SELECT wangge.in_box" not in said, f"{file.parent.name}: = ANY (ARRAY(...))"


@pytest.mark.parametrize(
    ("table", "column"),
    [("incidents", "occurred_at"), ("household_counts", "as_of"), ("dwellings", "registered_on"),
     ("camera_observations", "observed_at"), ("compounds", "households_as_of")],
)  # fmt: skip
def test_the_newest_day_stands_at_the_end_of_an_index(db, table, column):
    """Every tile asks for it (`wangge.newest_day`)."""
    found = plan(db, f"SELECT max({column}) FROM {table}")
    assert f"Backward using ix_{table}_{column}" in found


MANY_GRIDS = """
INSERT INTO grids (source_key, import_id, area_code, code, network, geom)
SELECT n::text, (SELECT max(id) FROM imports), '530102001001',
       '530102001001' || to_char(n, 'FM000'), 'unified',
       ST_Multi(ST_MakeEnvelope(102 + n / 1000.0, 25, 102.001 + n / 1000.0, 25.001, 4326))
FROM generate_series(1, 999) AS n"""


def test_one_point_is_placed_by_indexes_alone(store):
    """As the function's owner plans its body: row rights would keep ``&&`` from the index."""
    with store.begin() as session:
        add_incidents(session)
        session.execute(text(MANY_GRIDS))
    with closing(psycopg2.connect(libpq_url(store.urls.owner))) as owner, owner.cursor() as cursor:
        cursor.execute("ANALYZE wangge.grids")
        cursor.execute("SELECT prosrc FROM pg_proc WHERE proname = 'located'")
        ((body,),) = cursor.fetchall()
        cursor.execute("SET ROLE wangge_reader; SET search_path = wangge, public")
        cursor.execute("SET enable_seqscan = off")
        cursor.execute("EXPLAIN " + body.replace("spot", "'SRID=4326;POINT(102.7 25)'::geometry"))
        found = [line.strip() for (line,) in cursor.fetchall()]
    assert sum(line.startswith("Index Cond: ((geom && ") for line in found) == 3


def test_rating_counts_come_from_the_index_alone(store):
    with store.begin() as session:
        add_incidents(session)
    with closing(psycopg2.connect(libpq_url(store.urls.owner))) as owner:
        owner.autocommit = True
        owner.cursor().execute("VACUUM ANALYZE wangge.incidents")
    with store.begin() as session:
        for other in ("enable_indexscan", "enable_bitmapscan"):  # cheap in a table of a few pages
            session.execute(text(f"SET LOCAL {other} = off"))
        found = plan(session, explained(sql.load("gis.safety")["incident_counts"]), WINDOW)
    assert "Index Only Scan using ix_incidents_in_compounds" in found


def test_one_compound_is_looked_up_in_the_index(db, incidents):
    statistics.refresh(db, Incident.__tablename__)
    asked = WINDOW | {"codes": ["C1"]}
    found = plan(db, explained(sql.load("gis.safety")["incident_counts"]), asked)
    assert "ix_incidents_in_compounds" in found
    assert "compound_code = ANY" in found.split("Index Cond", 1)[1]


MANY_COMPOUNDS = """
INSERT INTO compounds (source_key, import_id, area_code, code, name, kind, valid_from, geom)
SELECT n::text, (SELECT max(id) FROM imports), '530102001001', 'C' || n, 'C', 'old', '2020-01-01',
       ST_Multi(ST_MakeEnvelope(102 + n / 5000.0, 25, 102.0001 + n / 5000.0, 25.0001, 4326))
FROM generate_series(1, 2000) AS n"""


def test_compounds_that_begin_later_are_looked_up_in_the_index(db, incidents):
    db.execute(text(MANY_COMPOUNDS))
    statistics.refresh(db, "compounds")
    asked = {"carried": "compound_code", "as_of": date(2026, 9, 30)}
    found = plan(db, explained(sql.load("gis.areas")["codes_of_later_days"]), asked)
    assert "ix_compounds_valid_from" in found


def test_a_state_before_the_newest_is_one_look_into_the_index(db, incidents):
    observed = """
        INSERT INTO camera_observations
            (source_key, import_id, area_code, camera_key, observed_at, state)
        SELECT n::text, import_id, '530102001001', (n % 40)::text,
               timestamptz '2026-01-01' + n * interval '1 hour', 'working'
        FROM generate_series(1, 4000) AS n, (SELECT import_id FROM incidents LIMIT 1) AS file"""
    db.execute(text(observed))
    statistics.refresh(db, "camera_observations")
    asked = {"as_of": date(2026, 9, 30), "until": WINDOW["end"]}
    found = plan(db, explained(sql.load("gis.video")["cameras_on"]), asked)
    assert "Scan Backward using uq_camera_observations_camera_key_observed_at" in found


# What a point and a compound were on a day is said once: functions that the planner writes out.
CAMERAS = ("camera_status_on(", "camera_state_before(")
OF_ONE_DAY = {
    ("gis.counts", "cameras_by_compound"): CAMERAS,
    ("gis.video", "cameras_on"): CAMERAS,
    ("gis.video.ground", "scene_cameras"): CAMERAS,
    ("gis.walking", "compounds_on"): ("compound_households_on(",),
}


@pytest.mark.parametrize(("asked", "functions"), OF_ONE_DAY.items())
def test_what_was_on_a_day_costs_no_call(db, asked, functions):
    package, name = asked
    query = sql.load(package)[name]
    assert all(function in query.text for function in functions)
    given = {"as_of": date(2026, 9, 30), "until": WINDOW["end"], "srid": 4543}
    params = {one: given.get(one) for one in query.compile().params}
    shown = text(f"EXPLAIN (VERBOSE, COSTS OFF) {query.text}")
    planned = "\n".join(db.execute(shown, params).scalars())
    assert not any(function in planned for function in functions)
