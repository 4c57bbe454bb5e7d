"""The database itself: it is what the models say, it refuses bad rows, and it knows every query."""

from contextlib import closing
from itertools import count
from pathlib import Path

import psycopg2
import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError, IntegrityError, ProgrammingError
from sqlalchemy.pool import NullPool

import gis
from gis import district as districts
from gis.areas.levels import Level
from gis.db import sql
from gis.db.cluster.urls import libpq_url
from gis.facts import service as facts_of_store
from gis.schema import METADATA

ROOT = Path(gis.__file__).resolve().parents[1]
# What proves an identity: the application reaches it through functions of the owner alone.
SECRET = {"account_secrets", "former_passwords", "tokens", "web_sessions"}
TABLES = sorted({table.name for table in METADATA.sorted_tables} - SECRET)
APPENDED = ["audit_entries"]  # written by a function alone: test_audit.py
BOX = "SRID=4326;MULTIPOLYGON(((102.7 25.0,102.7 25.1,102.8 25.1,102.8 25.0,102.7 25.0)))"
SPOT = "SRID=4326;POINT(102.71 25.04)"
LINE = "SRID=4326;MULTILINESTRING((102.7 25.0,102.7 25.1))"
COMMUNITY, COMPOUND = "530102001001", "C1"
_NUMBER = count()
WUHUA = districts.load(ROOT / "data" / "reference" / "wuhua.toml")
CHICAGO = districts.load(ROOT / "tests" / "districts" / "chicago.toml")

# What the catalogue says of the schema, one row per fact; check and exclusion constraints,
# generated columns and index methods included, which alembic does not compare. Triggers are made
# by migrations alone.
FACTS = """
SELECT 'column', c.relname, a.attname, format_type(a.atttypid, a.atttypmod),
       concat_ws(' ', a.attnotnull, a.attidentity, a.attgenerated, pg_get_expr(d.adbin, d.adrelid))
FROM pg_attribute AS a
JOIN pg_class AS c ON c.oid = a.attrelid AND c.relkind IN ('r', 'p')
LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE c.relnamespace = 'wangge'::regnamespace AND a.attnum > 0 AND NOT a.attisdropped
UNION ALL
SELECT 'constraint', conrelid::regclass::text, conname, contype::text, pg_get_constraintdef(oid)
FROM pg_constraint WHERE connamespace = 'wangge'::regnamespace AND contype <> 't'
UNION ALL
SELECT 'index', tablename, indexname, '', indexdef FROM pg_indexes WHERE schemaname = 'wangge'
"""


# -- the schema is what the models say ------------------------------


@pytest.fixture
def owner(store):
    engine = create_engine(store.urls.owner, poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(text("SET search_path TO wangge, public"))
        yield connection
    engine.dispose()


def facts(connection):
    rows = connection.execute(text(FACTS)).all()
    return {tuple(row) for row in rows if "alembic_version" not in str(row[1])}


def test_alembic_would_write_no_migration(owner):
    config = Config()
    config.set_main_option("script_location", str(ROOT / "gis" / "db" / "migrations"))
    config.attributes["connection"] = owner
    command.check(config)


def test_migrations_and_models_make_the_same_catalogue(owner):
    migrated = facts(owner)
    owner.execute(text("DROP SCHEMA wangge CASCADE"))
    owner.execute(text("CREATE SCHEMA wangge"))
    METADATA.create_all(owner)
    assert {fact for fact in migrated if fact[1] == "areas"}
    assert sorted(migrated ^ facts(owner)) == []


@pytest.mark.parametrize("name", TABLES)
def test_every_row_has_an_area_code(name):
    assert not METADATA.tables[f"wangge.{name}"].c["area_code"].nullable


def test_every_table_forces_row_rights(db):
    bare = text(
        "SELECT relname FROM pg_class WHERE relnamespace = 'wangge'::regnamespace"
        " AND relkind IN ('r', 'p') AND NOT (relrowsecurity AND relforcerowsecurity)"
        # a month of the audit trail is read through the trail alone
        " AND NOT (relispartition AND NOT has_table_privilege(oid, 'SELECT'))"
    )
    assert db.scalars(bare).all() == []


# -- what the application's role may not -----------------------------


def test_the_application_owns_nothing_of_any_kind(db):
    owned = (
        "SELECT 'relation', relname::text FROM pg_class WHERE relowner = mine.oid"
        " UNION ALL SELECT 'schema', nspname FROM pg_namespace WHERE nspowner = mine.oid"
        " UNION ALL SELECT 'function', proname FROM pg_proc WHERE proowner = mine.oid"
        " UNION ALL SELECT 'type', typname FROM pg_type WHERE typowner = mine.oid"
        " UNION ALL SELECT 'database', datname FROM pg_database WHERE datdba = mine.oid"
    )
    found = text(
        "SELECT found.* FROM pg_roles AS mine CROSS JOIN LATERAL"
        f" ({owned}) AS found WHERE mine.rolname = current_user"
    )
    assert db.execute(found).all() == []
    member = text("SELECT count(*) FROM pg_auth_members WHERE member = to_regrole('wangge_app')")
    assert db.scalar(member) == 0


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize(
    "statement",
    ["TRUNCATE wangge.{}", "DROP TABLE wangge.{}", "ALTER TABLE wangge.{} ADD COLUMN x text",
     "CREATE TRIGGER t AFTER INSERT ON wangge.{} EXECUTE FUNCTION pg_catalog.now()"],
)  # fmt: skip
def test_the_application_may_not_change_a_table(db, name, statement):
    with pytest.raises(ProgrammingError, match=r"permission denied|must be owner"):
        db.execute(text(statement.format(name)))


@pytest.mark.parametrize(
    "statement",
    ["CREATE TABLE wangge.mine (i int)", "CREATE VIEW wangge.mine AS SELECT 1",
     "CREATE FUNCTION wangge.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
     "CREATE SCHEMA mine", "CREATE EXTENSION dblink", "DROP SCHEMA wangge CASCADE",
     "SELECT rolpassword FROM pg_authid", "SELECT passwd FROM pg_shadow",
     "SELECT pg_read_file('/etc/passwd')", "SELECT pg_ls_dir('/')",
     "SELECT lo_import('/etc/passwd')",
     "COPY wangge.areas FROM PROGRAM 'true'",
     "INSERT INTO wangge.alembic_version VALUES ('x')",
     "UPDATE wangge.alembic_version SET version_num = 'x'",
     "DELETE FROM wangge.alembic_version", "TRUNCATE wangge.alembic_version"],
)  # fmt: skip
def test_the_application_may_not(db, statement):
    with pytest.raises(DBAPIError, match=r"permission denied|must be|no privileges"):
        db.execute(text(statement))


def test_the_application_reads_the_revision(db):
    assert db.scalar(text("SELECT count(*) FROM wangge.alembic_version")) == 1


def test_the_application_cannot_look_into_another_schema(store):
    with closing(psycopg2.connect(libpq_url(store.urls.owner))) as owner, owner:
        cursor = owner.cursor()
        cursor.execute("CREATE SCHEMA secret CREATE TABLE word (word text)")
        cursor.execute("INSERT INTO secret.word VALUES ('x')")
    with store.begin() as session, pytest.raises(ProgrammingError, match="permission denied"):
        session.execute(text("SELECT * FROM secret.word"))


# -- the database refuses bad rows -----------------------------------

RUN = {"area_code": "530102", "analysis": "grids", "as_of": "2026-09-30", "policy_version": "1",
       "policy_digest": "p", "input_digest": "i", "parameters": "{}", "totals": "{}"}  # fmt: skip
TOLD = {"rule": "R", "reason_zh": "因", "reason_en": "why"}
SUBJECT = {"area_code": COMMUNITY, "subject_kind": "community", "subject_code": COMMUNITY,
           "name": "社区", "threshold": 1.0, **TOLD}  # fmt: skip
GOOD = {
    "import_changes": {"area_code": COMMUNITY, "record_id": 1, "before": "{}"},
    "uploads": {"area_code": COMMUNITY, "asked_by": "steward", "kind": "grids",
                "file_name": "网格.gpkg", "folder": "a1", "size_bytes": 9, "sha256": "9f"},
    "import_profiles": {"area_code": COMMUNITY, "kind": "grids", "name": "城管", "mapping": "{}"},
    "jobs": {"area_code": COMMUNITY, "kind": "run", "parameters": "{}", "asked_by": "planner",
             "asked_as": "{}"},
    "areas": {"area_code": COMMUNITY, "code": COMMUNITY, "level": "community", "name": "社区",
              "valid_from": "2020-01-01", "valid_to": "2026-01-01"},
    "household_counts": {"area_code": COMMUNITY, "subject_kind": "compound",
                         "subject_code": COMPOUND, "as_of": "2026-01-01", "households": 5},
    "evaluations": {"area_code": COMMUNITY, "period": "2026Q3", "measure": "media", "score": 80},
    "grids": {"area_code": COMMUNITY, "code": f"{COMMUNITY}001", "geom": BOX,
              "valid_from": "2020-01-01", "valid_to": "2026-01-01"},
    "worker_posts": {"area_code": COMMUNITY, "grid_code": f"{COMMUNITY}001",
                     "on_duty_on": "2026-01-01"},
    "compounds": {"area_code": COMMUNITY, "code": COMPOUND, "name": "小区", "kind": "old",
                  "geom": BOX, "valid_from": "2020-01-01", "valid_to": "2026-01-01"},
    "buildings": {"area_code": COMMUNITY, "geom": BOX},
    "facilities": {"area_code": COMMUNITY, "name": "站", "function": "culture", "geom": SPOT,
                   "opened_on": "2020-01-01"},
    "incidents": {"area_code": COMMUNITY, "occurred_at": "2026-01-01T00:00Z",
                  "category": "theft", "geom": SPOT},
    "dwellings": {"area_code": COMMUNITY, "geom": SPOT, "occupants": 3,
                  "registered_on": "2026-01-01"},
    "cameras": {"area_code": COMMUNITY, "geom": SPOT},
    "camera_observations": {"area_code": COMMUNITY, "camera_key": "K", "state": "down",
                            "observed_at": "2026-01-01T00:00Z"},
    "private_places": {"area_code": COMMUNITY, "kind": "bath", "geom": BOX},
    "camera_states": {"area_code": COMMUNITY, "camera_key": "K", "state": "down",
                      "observed_at": "2026-01-01T00:00Z"},
    "standing_lettings": {"area_code": COMMUNITY, "compound_code": COMPOUND, "lettings": 1,
                          "occupants": 2},
    "streets": {"area_code": COMMUNITY, "geom": LINE},
    "imports": {"area_code": "530102", "kind": "areas", "file_name": "f", "file_sha256": "0",
                "read": 1, "kept": 1, "repaired": 0, "flagged": 0, "refused": 0, "summary": "{}"},
    "runs": RUN,
    "store_facts": {"key": "word", "area_code": "530102", "value": "x"},
    "facility_shares": {"area_code": COMMUNITY, "share": 0.5},
    "coverage_results": {**SUBJECT, "facilities": 1, "floor_area_m2": 1.0, "estimated_m2": 0.0,
                         "verdict": "met"},
    "ratings": {"area_code": COMMUNITY, "compound_code": COMPOUND, "compound_name": "小区",
                "peer_group": "old", "colour": "red", "observed": 1, "counts": "{}",
                "quality": "A", **TOLD},
    "rating_inputs": {"area_code": "530102", "payload": b"x", "rules": "{}", "reference": "{}",
                      "computed_with": "numpy"},
    "rental_results": SUBJECT,
    "rental_cells": {"area_code": COMMUNITY, "h3": "8928308280fffff", "resolution": 9,
                     "geom": "SRID=4326;POLYGON((0 0,0 1,1 1,0 0))"},
    "video_results": {**SUBJECT, "cameras": 1, "in_use": 1, "working": 1, "bad_ids": 0,
                      "missing_fields": 0},
    "view_fields": {"area_code": COMMUNITY, "camera_key": "K", "quality": "detect", "digest": "d",
                    "looks": "home", "area_m2": 1.0, "assumed": "true", "geom": BOX},
    "video_coverage": {**SUBJECT, "quality": "detect", "answer": "measured"},
    "video_places": {"area_code": COMMUNITY, "kind": "entrance", "place_key": "K", "digest": "d",
                     "geom": SPOT},
    "video_blind_areas": {"area_code": COMMUNITY, "compound_code": COMPOUND, "area_m2": 12.0,
                          "geom": BOX},
    "video_weak_points": {"area_code": COMMUNITY, "compound_code": COMPOUND, "camera_key": "K",
                          "lost_m2": 1.0},
    "video_findings": {"area_code": COMMUNITY, "kind": "camera_down", **TOLD},
    "dangers": {"area_code": COMMUNITY, "key": "abcdefgh", "kind": "fire", "severity": "urgent",
                "what": "消防通道堵塞", "state": "found", "handler": "community", "geom": SPOT,
                "found_at": "2026-11-02T01:00Z", "due_at": "2026-11-03T01:00Z",
                "due_known": True},
    "danger_steps": {"area_code": COMMUNITY, "at": "2026-11-02T01:00Z", "move": "report",
                     "state": "found", "handler": "community"},
    "danger_photos": {"area_code": COMMUNITY, "added_at": "2026-11-02T01:00Z",
                      "expires_at": "2027-05-01T01:00Z", "jpeg": bytes(100)},
    "visits": {"area_code": COMMUNITY, "owner": "loopback", "place_kind": "compound",
               "place_code": COMPOUND, "name": "小区", "seq": 1, "geom": SPOT,
               "added_at": "2026-11-02T01:00Z"},
    "place_notes": {"area_code": COMMUNITY, "key": "abcdefgh", "place_kind": "compound",
                    "place_code": COMPOUND, "name": "小区", "body": "北门灯坏",
                    "written_at": "2026-11-02T01:00Z"},
    "grid_findings": {"area_code": COMMUNITY, "kind": "gap", "grid_codes": "", **TOLD},
    "rating_cycles": {"area_code": "530102", "period": "2026Q3", "revision": 1, "opened_by": "a"},
    "bulletins": {"area_code": COMMUNITY, "month": "2026-09", "revision": 1, "content": "{}",
                  "published_by": "a"},
    "colour_reviews": {"area_code": COMMUNITY, "compound_code": COMPOUND, "reviewed_by": "a"},
    "colour_overrides": {"area_code": COMMUNITY, "compound_code": COMPOUND, "origin": "review",
                         "from_colour": "red", "to_colour": "yellow", "asked_by": "a",
                         "reason": "两起为同一事件的重复登记"},
    "rating_objections": {"area_code": COMMUNITY, "compound_code": COMPOUND, "to_colour": "green",
                          "reason": "两起为同一事件的重复登记", "filed_by": "a"},
    "plaque_keys": {"public_key": "00", "area_code": "530102"},
    "plaque_labels": {"label": "7K3F5Q2M", "compound_code": COMPOUND, "area_code": COMMUNITY,
                      "check_text": "WG1|A|2026Q3|red|1|AA"},
    "published_ratings": {"area_code": COMMUNITY, "compound_code": COMPOUND, "colour": "red",
                          "compound_name": "小区", "rated_colour": "red", **TOLD},
    "scenarios": {"area_code": COMMUNITY, "owner": "command", "name": "甲", "as_of": "2026-09-30"},
    "scenario_changes": {"area_code": COMMUNITY, "kind": "close", "facility": "F1"},
    "grid_edits": {"area_code": COMMUNITY, "day": "2026-09-30", "made_by": "a", "ended": "[]",
                   "made": "[]", "replaced": "[]"},
    "accounts": {"area_code": "530102", "login": "somebody", "area_prefixes": "{530102}",
                 "made_at": "2026-01-01T00:00Z"},
}  # fmt: skip
BAD = [
    ("scenarios", {"as_of": None}, "as_of"),
    ("grid_edits", {"made": None}, "made"),
    ("scenario_changes", {"kind": "wish"}, "kind_listed"),
    ("import_changes", {"import_id": 999}, "fk_import_changes_import_id"),
    ("uploads", {"size_bytes": 0}, "ck_uploads_size"),
    ("uploads", {"commit_job": 999}, "fk_uploads_commit_job"),
    ("import_profiles", {"mapping": None}, "mapping"),
    ("jobs", {"kind": "joke"}, "kind_listed"),
    ("jobs", {"state": "stuck", "finished_at": "2026-01-01"}, "state_listed"),
    ("jobs", {"progress": 1.1}, "progress_share"),
    ("jobs", {"state": "done"}, "finished_when_ended"),
    ("areas", {"level": "village"}, "level_listed"),
    ("areas", {"area_code": "530102"}, "own_code"),
    ("areas", {"households": -1}, "counts"),
    ("areas", {"valid_to": "2020-01-01"}, "validity"),
    ("areas", {"geom": SPOT}, "Geometry type"),
    ("household_counts", {"rented_dwellings": -1}, "counts"),
    ("household_counts", {"dwellings": 5, "rented_dwellings": 50}, "ck_household_counts_parts"),
    ("household_counts", {"residents": 3, "floating_residents": 30}, "ck_household_counts_parts"),
    ("compounds", {"dwellings": 5, "rented_dwellings": 50}, "ck_compounds_parts"),
    ("household_counts", {"subject_kind": "house"}, "subject_kind_listed"),
    ("evaluations", {"period": "2026-07"}, "quarter"),
    ("evaluations", {"score": 101}, "score"),
    ("grids", {"code": "530102001002001"}, "code_in_community"),
    ("grids", {"code": f"{COMMUNITY}00x"}, "code_sequence"),
    ("grids", {"network": "water"}, "network_listed"),
    ("worker_posts", {"off_duty_on": "2026-01-01"}, "duty"),
    ("compounds", {"kind": "villa"}, "kind_listed"),
    ("compounds", {"built_year": 22}, "built_year"),
    ("compounds", {"geom": None}, "null value"),
    ("buildings", {"storeys": -1}, "storeys"),
    ("buildings", {"use": "church"}, "use_listed"),
    ("facilities", {"floor_area_m2": 0}, "floor_area"),
    ("facilities", {"closed_on": "2019-12-31"}, "life"),
    ("facilities", {"geom": LINE}, "geom_kind"),
    ("incidents", {"category": "rumour"}, "category_listed"),
    ("incidents", {"occurred_precision": "year"}, "occurred_precision_listed"),
    ("dwellings", {"floating_occupants": 4}, "floating"),
    ("dwellings", {"ended_on": "2025-12-31"}, "life"),
    ("dwellings", {"usable_m2": 0}, "usable"),
    ("cameras", {"direction_deg": 360}, "direction"),
    ("cameras", {"status": "lost"}, "status_listed"),
    ("camera_observations", {"state": "broken"}, "state_listed"),
    ("private_places", {"kind": "kitchen"}, "kind_listed"),
    ("camera_states", {"state": "broken"}, "state_listed"),
    ("standing_lettings", {"lettings": None}, "null value"),
    ("streets", {"geom": SPOT}, "Geometry type"),
    ("imports", {"file_sha256": None}, "null value"),
    ("runs", {"analysis": "weather"}, "analysis_listed"),
    ("store_facts", {"value": None}, "null value"),
    ("facility_shares", {"share": 1.01}, "share"),
    ("facility_shares", {"share": 0}, "share"),
    ("coverage_results", {"verdict": "fine"}, "verdict_listed"),
    ("ratings", {"colour": "blue"}, "colour_listed"),
    ("ratings", {"quality": "D"}, "quality"),
    ("rating_inputs", {"payload": b""}, "ck_rating_inputs_payload"),
    ("rental_results", {"run_id": -1}, "run_id"),
    ("rental_cells", {"resolution": 7}, "resolution"),
    ("cameras", {"focal_min_mm": 12, "focal_max_mm": 2.8}, "zoom"),
    ("cameras", {"focal_max_mm": 0}, "focal"),
    ("video_results", {"run_id": -1}, "run_id"),
    ("video_findings", {"kind": None}, "null value"),
    ("view_fields", {"looks": None}, "null value"),
    ("video_coverage", {"run_id": -1}, "run_id"),
    ("video_places", {"seen_share": 1.01}, "seen_share"),
    ("video_places", {"kind": "window"}, "kind_listed"),
    ("video_blind_areas", {"geom": SPOT}, "Geometry type"),
    ("video_weak_points", {"lost_m2": None}, "null value"),
    ("grid_findings", {"kind": "hole"}, "kind_listed"),
    ("dangers", {"state": "closed"}, "closed"),
    ("dangers", {"due_at": "2026-11-02T01:00Z"}, "due_after"),
    ("dangers", {"what": "火"}, "what_length"),
    ("danger_steps", {"role": "mayor"}, "role_listed"),
    ("danger_photos", {"jpeg": bytes(1_500_001)}, "size"),
    ("danger_photos", {"expires_at": "2026-11-02T01:00Z"}, "expiry"),
    ("visits", {"done_at": "2026-11-01T01:00Z"}, "done"),
    ("place_notes", {"key": "short"}, "key_length"),
    ("rating_cycles", {"period": "2026-07"}, "quarter"),
    ("rating_cycles", {"state": "published"}, "published_whole"),
    ("bulletins", {"month": "2026Q3"}, "month"),
    ("colour_reviews", {"reviewed_by": None}, "null value"),
    ("colour_overrides", {"to_colour": "red"}, "changes"),
    ("colour_overrides", {"to_colour": "unrated"}, "to_colour"),
    ("colour_overrides", {"reason": "   太短   "}, "reasoned"),
    ("colour_overrides", {"decision": "approved"}, "decided"),
    ("rating_objections", {"to_colour": "unrated"}, "to_colour"),
    ("rating_objections", {"reason": "   太短   "}, "reasoned"),
    ("plaque_keys", {"public_key": None}, "null value"),
    ("plaque_labels", {"label": "7K3F-5Q2M"}, "signs"),
    ("plaque_labels", {"check_text": "x" * 401}, "ck_plaque_labels_length"),
    ("published_ratings", {"colour": "blue"}, "colour_listed"),
    ("accounts", {"login": "Somebody Else"}, "login_form"),
    ("accounts", {"role": "king"}, "role_listed"),
    ("accounts", {"state": "gone"}, "state_listed"),
    ("accounts", {"issuer": "https://sso"}, "issued"),
]
TWICE = [  # rows of which a second one, with its own key, is refused
    "areas", "household_counts", "grids", "compounds", "camera_observations", "store_facts",
    "facility_shares", "coverage_results", "ratings", "rating_inputs", "rental_results",
    "rental_cells",
    "video_results", "runs", "rating_cycles", "colour_reviews", "colour_overrides",
    "published_ratings", "rating_objections", "plaque_keys", "plaque_labels",
    "accounts", "bulletins",
]  # fmt: skip


@pytest.fixture
def add(db):
    """Adds one row by plain SQL, what it hangs on first; ``changes`` replace good values."""
    parents = {}

    def parent(name):
        if name not in parents:
            parents[name] = insert(name)
        return parents[name]

    def insert(name, **changes):
        columns = METADATA.tables[f"wangge.{name}"].c
        row = dict(GOOD[name])
        for key, of in (("import_id", "imports"), ("run_id", "runs"),
                        ("facility_id", "facilities"), ("danger_id", "dangers"),
                        ("cycle_id", "rating_cycles"), ("scenario_id", "scenarios")):  # fmt: skip
            if key in columns:
                row[key] = parent(of)
        if "source_key" in columns:
            row["source_key"] = f"row {next(_NUMBER)}"
        row |= changes
        back = next(iter(METADATA.tables[f"wangge.{name}"].primary_key)).name
        names, values = ", ".join(row), ", ".join(f":{key}" for key in row)
        statement = f"INSERT INTO wangge.{name} ({names}) VALUES ({values}) RETURNING {back}"
        return db.scalar(text(statement), row)

    return insert


def test_every_table_has_a_good_and_a_bad_row():
    assert sorted([*GOOD, *APPENDED]) == TABLES
    assert sorted(GOOD) == sorted({name for name, _, _ in BAD})


@pytest.mark.parametrize("name", GOOD)
def test_a_good_row_is_taken(add, name):
    assert add(name)


@pytest.mark.parametrize(
    ("name", "changes", "why"), BAD, ids=[f"{name}-{why}" for name, _, why in BAD]
)
def test_a_bad_row_is_refused(db, add, name, changes, why):
    with pytest.raises(DBAPIError, match=why):
        add(name, **changes)


def test_the_shares_of_a_facility_make_no_more_than_the_whole(db, add):
    for number, share in enumerate((0.1, 0.2, 0.7)):
        add("facility_shares", area_code=f"53010200100{number}", share=share)
    db.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
    with pytest.raises(IntegrityError, match="sum to more than 1"):
        add("facility_shares", area_code="530102001009", share=0.01)


@pytest.mark.parametrize(("district", "community"), [(WUHUA, COMMUNITY), (CHICAGO, "IL-CHI-7")])
def test_a_division_has_a_code_of_its_level_and_a_grid_one_of_a_community(
    db, add, district, community
):
    facts_of_store.claim(db, district)
    here = {"code": community, "area_code": community}
    assert add("areas", **here)
    assert add("grids", code=f"{community}001", area_code=community)
    for name, row in (("areas", here | {"level": "street"}),
                      ("areas", {"code": "x", "area_code": "x"}),
                      ("grids", {"code": "zz001", "area_code": "zz"})):  # fmt: skip
        with pytest.raises(IntegrityError, match="is no code of a"), db.begin_nested():
            add(name, **row)


@pytest.mark.parametrize("name", TWICE)
def test_a_fact_is_stated_once(add, name):
    add(name)
    with pytest.raises(IntegrityError, match=r"duplicate key|exclusion constraint"):
        add(name)


@pytest.mark.parametrize("name", ["areas", "grids", "compounds"])
def test_the_next_version_begins_on_the_day_the_last_one_ends(add, name):
    add(name)
    assert add(name, valid_from="2026-01-01", valid_to=None)


@pytest.mark.parametrize("level", list(Level))
def test_a_run_takes_its_results_with_it(db, add, level):
    add("coverage_results", subject_kind=level)
    add("rating_inputs")
    db.execute(text("DELETE FROM wangge.runs"))
    assert db.scalar(text("SELECT count(*) FROM wangge.coverage_results")) == 0
    assert db.scalar(text("SELECT count(*) FROM wangge.rating_inputs")) == 0


# -- every named query is valid on this schema -----------------------


def _queries():
    for path in sorted([*(ROOT / "gis").rglob("*.sql"), *(ROOT / "data").rglob("*.sql")]):
        if path.name != "bootstrap.sql":
            found = sql.parse(path.read_text("utf-8"), str(path.relative_to(ROOT)))
            yield from ((found.origin, name, clause) for name, clause in found.items())


QUERIES = list(_queries())


@pytest.fixture
def staged(db):
    """The temporary tables that queries of assignment and import work on, as those make them."""
    for _, name, clause in QUERIES:
        if name.startswith("create_"):
            db.execute(clause)
    for kind, table, more in (
        ("areas", "areas", ""), ("grids", "grids", ""), ("posts", "worker_posts", ""),
        ("households", "household_counts", ", CAST(NULL AS text) AS subject_name"),
        ("camera_status", "camera_observations", ""), ("evaluations", "evaluations", ""),
        ("dwellings", "dwellings", ""), ("incidents", "incidents", ""),
        ("facilities", "facilities", ", CAST(NULL AS text) AS shared_with"),
    ):  # fmt: skip
        db.execute(
            text(
                f"CREATE TEMPORARY TABLE staged_{kind} AS SELECT CAST(1 AS bigint) AS row, t.*"
                f"{more} FROM wangge.{table} AS t WITH NO DATA"
            )
        )
    return db


@pytest.mark.parametrize(
    ("origin", "name", "clause"),
    [pytest.param(*query, id="-".join(query[:2])) for query in QUERIES
     if not query[1].startswith("create_")],  # those ran in the fixture
)  # fmt: skip
def test_every_query_can_be_planned(staged, origin, name, clause):
    nothing = dict.fromkeys(clause.compile().params)
    utility = ("drop_", "index_", "analyze_")
    explain = "" if name.startswith(utility) else "EXPLAIN "
    staged.execute(text(explain + str(clause.text)).bindparams(**nothing))
