"""The audit trail: every line is kept, nobody changes one, and whatever was changed shows."""

import hashlib
import json
import threading
from contextlib import closing

import psycopg2
import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError, ProgrammingError
from sqlalchemy.orm import Session

from gis.access.rights import Role
from gis.audit import service
from gis.audit import store as trail
from gis.audit.entry import Origin
from gis.db.cluster.urls import libpq_url
from gis.db.session import User, sessions
from gis.errors import BadInput

WHO = User.of(Role.POLICE_LIAISON, id="liaison-1", area_prefixes=("530102001",))
WHERE = Origin(address="10.1.2.3", request_id="abc")


def said(store, **words):
    """One transaction that leaves one line."""
    with sessions(store.engine).begin(info={"user": WHO, "request": WHERE}) as session:
        service.note(session, **{"event": "export", "target": "rating", **words})


def lines(store):
    with store.begin() as session:
        return trail.page(session, trail.Asked(), limit=100)[::-1]


def found(session, heads=None):
    """Codes and numbers of what a verification finds."""
    verdict = service.verify(session, heads=heads or {})
    return [(one.code, one.number) for one in verdict.findings]


def heads(session):
    newest = service.head(session)
    return {newest.number: newest.hash}


def five_lines(store):
    for rows in range(1, 6):
        said(store, rows=rows, purpose="巡查", detail={"文件": f'a"{rows}\\\n\x01', "share": 0.5})


@pytest.fixture(scope="module")
def five(own_store):
    """A trail of five lines; nobody may change it, so all tests share it."""
    with own_store() as store:
        five_lines(store)
        yield store


@pytest.fixture
def forger(cluster, five):
    """A superuser whom no trigger stops; what he did is taken back after the test."""
    engine = create_engine(cluster.url("postgres", five.engine.url.database))
    with Session(engine) as session:
        session.execute(text("SET session_replication_role = replica"))
        session.execute(text("SET search_path = wangge, public"))
        yield session
        session.rollback()
    engine.dispose()


# -- what a line says --------------------


def test_a_line_says_who_when_from_where_what_and_why(store):
    said(store, rows=7, purpose="月度会议", detail={"format": "xlsx"})
    (line,) = lines(store)
    assert line.pop("at").utcoffset().total_seconds() == 0
    assert line == {
        "number": 1, "user_id": "liaison-1", "role": "police_liaison", "address": "10.1.2.3",
        "request_id": "abc", "event": "export", "target": "rating", "area_code": "530102001",
        "rows": 7, "result": "done", "purpose": "月度会议", "detail": {"format": "xlsx"},
    }  # fmt: skip


def test_what_is_known_later_is_filled_in_before_the_commit(store):
    with store.begin(WHO) as session:
        line = service.note(session, event="import", target="grids")
        line.rows = 12
    assert lines(store)[0]["rows"] == 12


def rolled_back(store, error):
    with store.begin(WHO) as session:
        service.note(session, event="import", target="grids", detail={"file": "x.csv"})
        session.execute(text("INSERT INTO store_facts VALUES ('k', '530102', 'v')"))
        raise error


@pytest.mark.parametrize(
    ("error", "result", "reason"),
    [(BadInput("x"), "refused", "bad_input"), (ZeroDivisionError(), "failed", "ZeroDivisionError")],
)
def test_a_rolled_back_transaction_leaves_its_line_and_nothing_else(store, error, result, reason):
    with pytest.raises(type(error)):
        rolled_back(store, error)
    (line,) = lines(store)
    assert (line["result"], line["detail"]) == (result, {"file": "x.csv", "reason": reason})
    with store.begin() as session:
        assert session.scalar(text("SELECT count(*) FROM store_facts")) == 0


def fails_at_the_commit(store):
    with store.begin(WHO) as session:
        service.note(session, event="import", target="grids")
        session.execute(
            text("CREATE TEMPORARY TABLE once (i int UNIQUE DEFERRABLE INITIALLY DEFERRED)")
        )
        session.execute(text("INSERT INTO once VALUES (1), (1)"))


def test_a_commit_that_fails_leaves_its_line(store):
    with pytest.raises(DBAPIError, match="duplicate key"):
        fails_at_the_commit(store)
    (line,) = lines(store)
    assert (line["number"], line["result"]) == (1, "failed")


@pytest.mark.parametrize("sign", ["a", "网", '"', "\x01"])
def test_what_a_line_cannot_hold_is_counted_and_undoes_nothing(store, sign):
    """As the saved drawing of a community whose grids have all changed."""
    codes = [f"changed {sign}{number:015d}" for number in range(999)]
    said(store, detail={"edit": 7, "day": "2026-09-30", "changes": codes, "note": sign * 20_000})
    (line,) = lines(store)
    assert line["detail"] == {
        "edit": 7, "day": "2026-09-30", "changes": 999, "note": sign * 200,
    }  # fmt: skip
    said(store, detail={"changes": codes[:300]})
    assert lines(store)[-1]["detail"] == {"changes": codes[:300]}


def test_a_savepoint_writes_no_line_of_its_own(store):
    with store.begin(WHO) as session:
        service.note(session, event="import", target="grids")
        with session.begin_nested():
            session.execute(text("SELECT 1"))
    assert len(lines(store)) == 1


def test_a_second_transaction_of_a_session_does_not_repeat_the_first_ones_lines(store):
    with sessions(store.engine)(info={"user": WHO}) as session:
        service.note(session, event="import", target="grids")
        session.commit()
        session.execute(text("SELECT 1"))
        session.commit()
    assert len(lines(store)) == 1


# -- nobody changes a line --------------------


@pytest.mark.parametrize(
    "statement",
    ["UPDATE {} SET rows = 1", "DELETE FROM {}", "TRUNCATE {}",
     "INSERT INTO {} SELECT * FROM {}"],
)  # fmt: skip
@pytest.mark.parametrize("part", [False, True], ids=["table", "month"])
def test_the_application_only_appends(five, statement, part):
    with five.begin() as session:
        name = "audit_entries" + (session.scalar(text("SELECT to_char(now(), '_YYYY_MM')")) * part)
        with pytest.raises(ProgrammingError, match="permission denied"):
            session.execute(text(statement.format(name, name)))


@pytest.mark.parametrize("statement", ["UPDATE {} SET rows = 1", "DELETE FROM {}", "TRUNCATE {}"])
@pytest.mark.parametrize("part", [False, True], ids=["table", "month"])
def test_the_owner_is_stopped_too(five, statement, part):
    with closing(psycopg2.connect(libpq_url(five.urls.owner))) as owner, owner:
        cursor = owner.cursor()
        cursor.execute("SELECT to_char(now(), '_YYYY_MM')")
        name = "wangge.audit_entries" + (cursor.fetchone()[0] * part)
        with pytest.raises(psycopg2.errors.InsufficientPrivilege, match="never changed"):
            cursor.execute(statement.format(name))


@pytest.mark.parametrize("somebody", ["liaison-2", None])
def test_nobody_writes_a_line_in_the_name_of_somebody_else(five, somebody):
    line = {"user_id": somebody, "address": "", "request_id": "", "event": "export",
            "target": "rating", "area_code": "", "result": "done", "detail": {}}  # fmt: skip
    with five.begin(WHO) as session, pytest.raises(ProgrammingError, match="somebody else"):
        session.execute(text("SELECT append_audit(:lines)"), {"lines": json.dumps([line])})


def test_the_unchecked_function_is_not_the_applications(five):
    with five.begin(WHO) as session, pytest.raises(ProgrammingError, match="permission denied"):
        session.execute(text("SELECT chain_audit('[]')"))


def test_the_months_functions_are_not_the_applications(five):
    with five.begin() as session, pytest.raises(ProgrammingError, match="permission denied"):
        session.execute(text("SELECT wangge.ensure_audit_month(now())"))


# -- the chain --------------------


def test_the_chain_is_what_its_description_says(five):
    """A second implementation of the hash, from the description alone."""
    previous = bytes(32)
    with five.begin() as session:
        for line in trail.chain(session):
            written = json.dumps([str(line.number), *line.fields], ensure_ascii=False)
            previous = hashlib.sha256(previous + written.encode()).digest()
            assert previous == line.hash


def test_an_untouched_trail_verifies(five):
    with five.begin() as session:
        assert found(session, heads(session)) == []


COPY = (
    "INSERT INTO audit_entries SELECT {}, user_id, role, address, request_id, event, target,"
    " area_code, rows, result, purpose, detail, hash FROM audit_entries WHERE number = 3"
)
ATTACKS = {
    "change": (["UPDATE audit_entries SET rows = 99 WHERE number = 3"], [("changed", 3)]),
    "change_detail": (
        ["UPDATE audit_entries SET detail = '{}' WHERE number = 3"], [("changed", 3)]),
    "change_hash": (
        ["UPDATE audit_entries SET hash = sha256(hash) WHERE number = 3"],
        [("changed", 3), ("changed", 4)]),
    "null_for_text": (
        ["UPDATE audit_entries SET purpose = NULL WHERE number = 1"], [("changed", 1)]),
    "delete_first": (["DELETE FROM audit_entries WHERE number = 1"], [("removed", 2)]),
    "delete_middle": (["DELETE FROM audit_entries WHERE number = 3"], [("removed", 4)]),
    "swap": (
        ["UPDATE audit_entries SET number = 7 - number WHERE number IN (3, 4)"],
        [("changed", 3), ("changed", 4), ("disordered", 4), ("changed", 5)]),
    "insert": (
        ["UPDATE audit_entries SET number = number + 1 WHERE number > 3", COPY.format("4, at")],
        [("changed", 4), ("changed", 5), ("changed", 6)]),
    "insert_twice": ([COPY.format("number, at + interval '1 us'")], [("disordered", 3)]),
}  # fmt: skip


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_superusers_change_shows(forger, attack):
    statements, expected = ATTACKS[attack]
    for statement in statements:
        forger.execute(text(statement))
    assert found(forger) == expected


def test_a_cut_tail_shows_against_the_signed_head(forger):
    signed = heads(forger)
    forger.execute(text("DELETE FROM audit_entries WHERE number > 3"))
    assert found(forger) == []  # the chain alone cannot know
    assert found(forger, signed) == [("cut", 3)]


def test_an_emptied_trail_shows_against_the_signed_head(forger):
    signed = heads(forger)
    forger.execute(text("DELETE FROM audit_entries"))
    assert found(forger, signed) == [("cut", 0)]


ANEW = """
UPDATE audit_entries AS e
SET hash = sha256(
    coalesce((SELECT b.hash FROM audit_entries AS b WHERE b.number = e.number - 1),
             decode(repeat('00', 32), 'hex'))
    || convert_to(jsonb_build_array(
        number\\:\\:text, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24\\:MI\\:SS.US"Z"'),
        user_id, role, address, request_id, event, target, area_code, rows\\:\\:text, result,
        purpose, detail\\:\\:text)\\:\\:text, 'UTF8'))
WHERE number = :number
"""


def computed_anew(session):
    for number in range(1, 6):
        session.execute(text(ANEW), {"number": number})


def test_a_chain_that_was_computed_anew_shows_against_the_signed_head(forger):
    signed = heads(forger)
    forger.execute(text("UPDATE audit_entries SET rows = 1000 WHERE number = 2"))
    computed_anew(forger)
    assert found(forger) == []
    assert found(forger, signed) == [("replaced", 5)]


def test_many_at_once_make_one_chain(store):
    failures = []

    def work():
        try:
            for _ in range(15):
                said(store)
        except Exception as exc:
            failures.append(exc)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with store.begin() as session:
        assert (failures, found(session), heads(session).keys()) == ([], [], {120})


def with_an_old_snapshot(store):
    engine = store.engine.execution_options(isolation_level="REPEATABLE READ")
    with sessions(engine).begin(info={"user": WHO}) as session:
        service.note(session, event="export", target="rating")


def test_a_snapshot_older_than_the_lock_is_refused(five):
    with pytest.raises(DBAPIError, match="READ COMMITTED"):
        with_an_old_snapshot(five)


# -- retention --------------------


def aged(session, months):
    """The five lines as if written ``months`` months ago, the chain computed as it was then."""
    session.execute(
        text("SELECT ensure_audit_month(now() - make_interval(months => :m))"), {"m": months}
    )
    session.execute(
        text("UPDATE audit_entries SET at = at - make_interval(months => :m)"), {"m": months}
    )
    computed_anew(session)


def pruned(session, months):
    session.info["user"] = WHO
    session.execute(text("SET session_replication_role = origin"))
    session.execute(text("SELECT enter('liaison-1', '{\"\"}', '{}')"))
    return service.prune(session, months=months)


def kept(session):
    return [line["event"] for line in trail.page(session, trail.Asked(), limit=100)]


def test_old_months_leave_and_the_rest_still_verifies(forger):
    aged(forger, months=8)
    signed = heads(forger)
    assert pruned(forger, months=6) == 5
    assert kept(forger) == ["audit_retention"]
    assert found(forger, signed | heads(forger)) == []


def test_what_is_younger_stays(forger):
    aged(forger, months=6)
    assert pruned(forger, months=6) == 0
    assert len(kept(forger)) == 5


@pytest.mark.parametrize("months", [5, 0, -1, None])
def test_less_than_six_months_is_refused(db, months):
    with pytest.raises(DBAPIError, match="six months"):
        service.prune(db, months=months)
