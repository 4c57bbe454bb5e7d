"""Row-level rights: who one is cannot be forged, and decides which rows there are."""

from contextlib import closing, suppress

import psycopg2
import pytest
from psycopg2 import errors as refusals
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from gis.access.rights import Role
from gis.db.cluster.urls import libpq_url
from gis.db.session import User

STREET, NEIGHBOUR, COMMUNITY = "530102001", "530102002", "530102001001"
RIGHTS = "'{areas:read,incidents:read,imports:write}'"


def enter(user="lin", prefixes=f"{{{STREET}}}", rights=RIGHTS):
    return f"SELECT wangge.enter('{user}', '{prefixes}', {rights})"


@pytest.fixture
def raw(store):
    """A cursor of the application's role without any session class round it."""
    with closing(psycopg2.connect(libpq_url(store.urls.app))) as app:
        yield app.cursor()


@pytest.fixture
def facts_in(store):
    """The store with one area in each street, seen by whoever asks."""
    with store.begin() as session:
        for code in ("530102", STREET, NEIGHBOUR, COMMUNITY):
            session.execute(text(ADD_AREA), {"code": code, "level": LEVELS[len(code)]})
    return store


LEVELS = {6: "district", 9: "street", 12: "community"}
ADD_AREA = """
WITH made AS (
    INSERT INTO imports (area_code, kind, file_name, file_sha256, read, kept, repaired, flagged,
                         refused, summary)
    VALUES ('530102', 'areas', 'f', '0', 1, 1, 0, 0, 0, '{}') RETURNING id
)
INSERT INTO areas (area_code, code, level, name, source_key, import_id)
SELECT :code, :code, :level, :code, :code, id FROM made
"""


def who(cursor):
    cursor.execute("SELECT user_id, area_prefixes FROM wangge.identity()")
    return cursor.fetchone()


# -- who one is --------------------


def test_nobody_has_entered_at_first(raw):
    assert who(raw) == (None, None)


def test_who_enters_is_known(raw):
    raw.execute(enter())
    assert who(raw) == ("lin", [STREET])


def test_nobody_enters_twice(raw):
    raw.execute(enter())
    with pytest.raises(refusals.InsufficientPrivilege, match="works in this transaction already"):
        raw.execute(enter("wang", "{530102}"))


@pytest.mark.parametrize("end", ["COMMIT", "ROLLBACK"])
def test_the_end_of_the_transaction_is_the_end_of_the_user(raw, end):
    raw.execute(enter())
    raw.execute(f"{end}; BEGIN")
    assert who(raw) == (None, None)
    raw.execute(enter("wang"))
    assert who(raw)[0] == "wang"


def test_a_savepoint_keeps_the_user(raw):
    raw.execute(enter())
    raw.execute("SAVEPOINT here; ROLLBACK TO SAVEPOINT here")
    assert who(raw) == ("lin", [STREET])


def test_an_overwritten_identity_is_nobody_and_stays_so(raw):
    """Whoever could run any statement would lose the identity, not gain another one."""
    raw.execute(enter())
    raw.execute("SELECT current_setting('wangge.identity')")
    (held,) = raw.fetchone()
    for lie in ("", "x", held.replace(STREET, "530102"), held.replace("lin", "wang"), held[64:]):
        raw.execute("SAVEPOINT before")
        raw.execute("SET LOCAL wangge.identity = %s", [lie])
        assert who(raw) == (None, None)
        with pytest.raises(refusals.InsufficientPrivilege):
            raw.execute(enter("wang", "{530102}"))
        raw.execute("ROLLBACK TO SAVEPOINT before")
    for forget in ("RESET wangge.identity", "RESET ALL"):
        raw.execute(forget)
        assert who(raw) == (None, None) or who(raw)[0] == "lin"


def test_an_identity_is_good_for_its_own_transaction_alone(store, raw):
    raw.execute(enter())
    raw.execute("SELECT current_setting('wangge.identity')")
    (held,) = raw.fetchone()
    raw.connection.commit()
    raw.execute("SET wangge.identity = %s", [held])  # again in the same session
    raw.connection.commit()
    assert who(raw) == (None, None)
    with closing(psycopg2.connect(libpq_url(store.urls.app))) as other:  # and in another one
        cursor = other.cursor()
        cursor.execute("SET wangge.identity = %s", [held])
        assert who(cursor) == (None, None)


@pytest.mark.parametrize(
    "statement",
    ["SELECT wangge_private.sealed('x')", "SELECT * FROM wangge_private.seal",
     "DELETE FROM wangge_private.seal",
     "UPDATE wangge_private.seal SET key = ''", "SET ROLE wangge_reader", "SET ROLE wangge_owner",
     "ALTER FUNCTION wangge.identity RENAME TO other", "SET SESSION AUTHORIZATION wangge_owner",
     "ALTER ROLE wangge_app BYPASSRLS", "DROP POLICY read ON wangge.areas",
     "ALTER TABLE wangge.areas NO FORCE ROW LEVEL SECURITY"],
)  # fmt: skip
def test_the_seal_is_out_of_reach(raw, statement):
    with pytest.raises(refusals.InsufficientPrivilege):
        raw.execute(statement)


@pytest.mark.parametrize(
    "asked",
    [enter(""), enter("a|b"), enter("a\nb"), enter(prefixes="{%}"), enter(prefixes="{5301_2}"),
     enter(prefixes="{NULL}"), enter(rights="'{a|b}'"), enter(rights="'{NULL}'"),
     "SELECT wangge.enter(NULL, '{}', '{}')", "SELECT wangge.enter('a', NULL, '{}')",
     "SELECT wangge.enter('a', '{}', NULL)"],
)  # fmt: skip
def test_what_is_no_user_is_refused(raw, asked):
    with pytest.raises(refusals.InvalidParameterValue):
        raw.execute(asked)


# -- which rows there are --------------------


@pytest.mark.parametrize("role", ["wangge_app", "wangge_owner"])
def test_without_an_identity_there_is_nothing(facts_in, role):
    url = facts_in.urls.app if role == "wangge_app" else facts_in.urls.owner
    with closing(psycopg2.connect(libpq_url(url))) as connection, connection.cursor() as cursor:
        for table in tables(cursor):
            cursor.execute(f"SELECT count(*) FROM wangge.{table}")
            assert cursor.fetchone() == (0,), table
        with pytest.raises(refusals.InsufficientPrivilege, match="row-level security"):
            cursor.execute("INSERT INTO wangge.store_facts VALUES ('a', '530102', 'b')")


def tables(cursor):
    cursor.execute(
        "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition"
        " AND relnamespace = 'wangge'::regnamespace AND relname <> 'alembic_version'"
        " AND has_any_column_privilege(oid, 'SELECT')"  # the others: test_access.py
    )
    return sorted(name for (name,) in cursor.fetchall())


def codes(store, user):
    with store.begin(user) as session:
        return session.scalars(text("SELECT code FROM areas ORDER BY code")).all()


@pytest.mark.parametrize(
    ("prefixes", "seen"),
    [
        (("",), ["530102", STREET, COMMUNITY, NEIGHBOUR]),
        (("530102",), ["530102", STREET, COMMUNITY, NEIGHBOUR]),
        ((STREET,), ["530102", STREET, COMMUNITY]),  # own, and the district it lies in
        ((NEIGHBOUR,), ["530102", NEIGHBOUR]),
        ((COMMUNITY,), ["530102", STREET, COMMUNITY]),
        ((COMMUNITY, NEIGHBOUR), ["530102", STREET, COMMUNITY, NEIGHBOUR]),
        ((), []),
    ],
)
def test_areas_are_seen_with_those_they_lie_in(facts_in, prefixes, seen):
    assert codes(facts_in, User.of(Role.VIEWER, id="lin", area_prefixes=prefixes)) == seen


def test_without_the_right_there_is_nothing(facts_in):
    assert codes(facts_in, User.of(Role.AUDITOR, id="lin", area_prefixes=("",))) == []


def test_only_the_own_area_is_written(facts_in):
    steward = User.of(Role.DATA_STEWARD, id="lin", area_prefixes=(STREET,))
    with facts_in.begin(steward) as session:
        done = session.execute(text("UPDATE areas SET households = 1"))
        assert done.rowcount == 2  # the street and its community, not the district
        assert session.execute(text("DELETE FROM areas WHERE code = '530102'")).rowcount == 0
        with pytest.raises(ProgrammingError, match="row-level security"), session.begin_nested():
            session.execute(
                text("UPDATE areas SET code = :c, area_code = :c WHERE code = :own"),
                {"c": f"{NEIGHBOUR}001", "own": COMMUNITY},
            )


def test_who_may_read_alone_writes_nothing(facts_in):
    viewer = User.of(Role.VIEWER, id="lin", area_prefixes=("",))
    with facts_in.begin(viewer) as session:
        assert session.execute(text("UPDATE areas SET households = 1")).rowcount == 0
        assert session.execute(text("DELETE FROM areas")).rowcount == 0


def test_rights_are_asked_once_per_statement(db):
    plan = "\n".join(db.scalars(text("EXPLAIN SELECT * FROM incidents")))
    assert plan.count("InitPlan") == 2
    assert "Filter: ($0 OR (area_code ~~ ANY ($1)))" in plan


@pytest.mark.parametrize(("area", "stored"), [(STREET, False), ("530102", True), ("", True)])
def test_a_run_of_the_district_is_not_stored_by_whoever_works_in_a_part(store, area, stored):
    liaison = User.of(Role.POLICE_LIAISON, id="li", area_prefixes=(area,))
    with suppress(ProgrammingError), store.begin(liaison) as session:
        session.execute(text(ADD_RUN))
    with store.begin() as session:
        assert session.scalar(text("SELECT count(*) FROM runs")) == stored


ADD_RUN = """
INSERT INTO runs (area_code, analysis, as_of, policy_version, policy_digest, input_digest,
                  parameters, totals)
VALUES ('530102', 'rating', '2026-09-30', '1', '0', '0', '{}', '{}')
"""
