"""A backup holds everything and comes back whole, with its rights, or not at all."""

import hashlib
import json
import os
import re
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import psycopg2
import pytest
from psycopg2 import errors as refusals
from sqlalchemy import text

from api.house import House
from gis.access import administration
from gis.access import service as access
from gis.access import store as accounts
from gis.access.model import State
from gis.access.rights import Role
from gis.audit import service as audit
from gis.db import backup, migrate
from gis.db.cluster.binaries import find
from gis.db.cluster.urls import Urls, libpq_url
from gis.errors import BadInput, StoreUnavailable
from gis.facts.store import row_counts
from gis.settings import Settings

HEAD = migrate.head()


def counts(store):
    with store.begin() as session:
        return row_counts(session)


def digests(store):
    """One digest per table over all its rows as text, in the order of the text."""
    found = {}
    with psycopg2.connect(libpq_url(store.urls.owner)) as owner, owner.cursor() as cursor:
        cursor.execute("SET ROLE wangge_reader")
        for name in counts(store):
            cursor.execute(
                f"SELECT md5(coalesce(string_agg(r::text, '\n' ORDER BY r::text), ''))"
                f" FROM wangge.{name} AS r"
            )
            (found[name],) = cursor.fetchone()
    return found


def schema(store):
    """Every object, constraint and right of schema wangge as pg_dump writes it."""
    program = find().program("pg_dump")
    command = [program, "--schema-only", "--schema=wangge", libpq_url(store.urls.owner)]
    written = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return re.sub(r"^\\(un)?restrict .*$", "", written, flags=re.MULTILINE)


@pytest.fixture(scope="module")
def demo_backup(own_demo, tmp_path_factory):
    file = tmp_path_factory.mktemp("backup") / "demo.wangge"
    size = backup.dump(own_demo.urls, file)
    assert size == file.stat().st_size > 100_000
    return file


def test_a_backup_is_private(demo_backup):
    assert demo_backup.stat().st_mode & 0o777 == 0o600
    side = backup.beside(demo_backup)
    assert side.stat().st_mode & 0o777 == 0o600
    assert {one.name for one in demo_backup.parent.iterdir()} == {demo_backup.name, side.name}


def test_what_comes_back_is_what_went_in(store, own_demo, demo_backup):
    with store.begin() as session:
        audit.note(session, event="export", target="rating")  # makes the month's partition
    before = schema(store)
    backup.restore(store.urls, demo_backup, revision=HEAD)
    assert counts(store) == counts(own_demo)
    assert digests(store) == digests(own_demo)
    with store.begin() as session:
        verdict = audit.verify(session, heads={})
    assert verdict.lines > 0
    assert verdict.findings == ()
    assert schema(store) == before == schema(own_demo)


def test_a_restore_replaces_what_was_there(store, own_demo, demo_backup):
    backup.restore(store.urls, demo_backup, revision=HEAD)
    with store.begin() as session:
        session.execute(text("DELETE FROM cameras"))
        session.execute(text("INSERT INTO store_facts VALUES ('other', '530102', 'row')"))
    backup.restore(store.urls, demo_backup, revision=HEAD)
    assert digests(store) == digests(own_demo)


def test_what_was_ended_since_the_backup_does_not_begin_again_with_it(store, tmp_path):
    settings, now = Settings(_env_file=None), datetime.now(UTC)
    rules = settings.accounts

    def token(session, login):
        account = administration.known(session, login)
        return administration.issue_token(session, account, label="x", days=9, rules=rules, now=now)

    with store.begin() as session:
        for login in ("lin", "wei"):
            administration.add_without_password(
                session, login, district=House(settings).district, role=Role.PLANNER,
                area_prefixes=[""], now=now,
            )  # fmt: skip
        stolen, kept, locked = token(session, "lin"), token(session, "lin"), token(session, "wei")
        account = administration.known(session, "lin")
        opened = access.open_session(session, account, half=False, rules=rules, now=now)
    file = tmp_path / "before.wangge"
    backup.dump(store.urls, file)
    with store.begin() as session:
        number = accounts.tokens(session, "lin")[0].id
        administration.revoke_token(session, "lin", number, now=now)
        administration.set_state(session, "wei", State.LOCKED)
    backup.restore(store.urls, file, revision=HEAD)
    with store.begin() as session:
        there = session.connection()
        shown = [access.token_entered(there, one, rules=rules, now=now)
                 for one in (stolen, kept, locked)]  # fmt: skip
        assert [one and one.account.login for one in shown] == [None, "lin", None]
        assert access.session_entered(there, opened.secret, rules=rules, now=now) is None
        assert administration.known(session, "wei").state is State.LOCKED
        first, second = accounts.tokens(session, "lin")
        assert (first.revoked_at, second.revoked_at) == (now, None)


def test_what_does_not_come_out_as_it_went_in_changes_nothing(store, demo_backup, tmp_path):
    """The side file tells of one camera more: the backup's rows are all there, and taken back."""
    file = tmp_path / "copy.wangge"
    shutil.copy(demo_backup, file)
    told = json.loads(backup.beside(demo_backup).read_text())
    told["tables"]["cameras"]["rows"] += 1
    backup.beside(file).write_text(json.dumps(told))
    before = digests(store)
    with pytest.raises(BadInput, match="table cameras is not what was backed up"):
        backup.restore(store.urls, file, revision=HEAD)
    assert digests(store) == before


def test_without_its_side_file_a_backup_is_refused(store, demo_backup, tmp_path):
    file = tmp_path / "copy.wangge"
    shutil.copy(demo_backup, file)
    with pytest.raises(BadInput, match=r"contents\.json"):
        backup.restore(store.urls, file, revision=HEAD)


def test_the_application_keeps_its_rights_and_gets_no_more(store, demo_backup):
    backup.restore(store.urls, demo_backup, revision=HEAD)
    with psycopg2.connect(libpq_url(store.urls.app)) as app, app.cursor() as cursor:
        cursor.execute("SELECT wangge.enter('lin', '{530102}', '{imports:write}')")
        cursor.execute("INSERT INTO wangge.store_facts VALUES ('a', '530102', 'b')")
        cursor.execute("UPDATE wangge.store_facts SET value = 'c' WHERE key = 'a'")
        cursor.execute("DELETE FROM wangge.store_facts WHERE key = 'a'")
        with pytest.raises(refusals.InsufficientPrivilege):
            cursor.execute("DROP TABLE wangge.store_facts")
        asked = "SELECT has_table_privilege('wangge.audit_entries', 'INSERT')"
        app.rollback()
        cursor.execute(asked)
        assert cursor.fetchone() == (False,)


def spoilt(kind: str, good: Path, folder: Path) -> Path:
    file = folder / kind
    body = good.read_bytes()
    if kind == "missing":
        return file
    if kind == "folder":
        file.mkdir()
        return file
    made = {
        "empty": b"",
        "text": b"SELECT 1;",
        "random": hashlib.sha512(b"x").digest() * 400,
        "magic_only": b"PGDMP" + b"x" * 1000,
        "cut_in_half": body[: len(body) // 2],
        "cut_at_the_end": body[:-2_000],
        "middle_overwritten": body[:-60_000] + b"\0" * 4_000 + body[-56_000:],
    }
    file.write_bytes(made[kind])
    told = json.loads(backup.beside(good).read_text())
    told["sha256"] = hashlib.sha256(made[kind]).hexdigest()  # only the programs can tell
    backup.beside(file).write_text(json.dumps(told))
    return file


@pytest.mark.parametrize(
    "kind",
    [
        "missing", "folder", "empty", "text", "random", "magic_only", "cut_in_half",
        "cut_at_the_end", "middle_overwritten",
    ],
)  # fmt: skip
def test_what_is_no_whole_backup_changes_nothing(store, demo_backup, tmp_path, kind):
    with store.begin() as session:
        session.execute(text("INSERT INTO store_facts VALUES ('kept', '530102', 'row')"))
    before = digests(store)
    with pytest.raises(BadInput, match=kind):
        backup.restore(store.urls, spoilt(kind, demo_backup, tmp_path), revision=HEAD)
    assert digests(store) == before


def test_another_programs_dump_is_refused(store, tmp_path):
    file = tmp_path / "foreign.dump"
    command = [find().program("pg_dump"), "--format=custom", "--schema=public", f"--file={file}"]
    subprocess.run([*command, libpq_url(store.urls.owner)], check=True)
    with pytest.raises(BadInput, match="no file that wangge backup wrote"):
        backup.restore(store.urls, file, revision=HEAD)


def test_a_backup_of_another_schema_is_refused_with_both_names(store, demo_backup):
    with pytest.raises(BadInput, match=f"schema {HEAD}.*at 9999"):
        backup.restore(store.urls, demo_backup, revision="9999")


def test_a_file_that_cannot_be_written_is_refused(store, tmp_path):
    taken = tmp_path / "taken"
    taken.write_text("a file, not a folder")
    with pytest.raises(BadInput, match="cannot be written"):
        backup.dump(store.urls, taken / "x.wangge")


def test_an_older_backup_is_replaced_only_by_a_complete_one(store, tmp_path):
    file = tmp_path / "x.wangge"
    file.write_text("yesterday's")
    gone = Urls(app=store.urls.app, owner="postgresql+psycopg2://wangge_owner@/x?host=/nowhere")
    with pytest.raises(StoreUnavailable):
        backup.dump(gone, file)
    assert file.read_text() == "yesterday's"
    assert os.listdir(tmp_path) == ["x.wangge"]


def test_without_the_owner_there_is_no_backup(store, tmp_path):
    with pytest.raises(StoreUnavailable, match="WANGGE_OWNER_URL"):
        backup.dump(Urls(app=store.urls.app, owner=""), tmp_path / "x.wangge")
