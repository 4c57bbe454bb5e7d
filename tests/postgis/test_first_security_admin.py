"""The first security administrator: made once in a store's life, by who makes accounts."""

import re
from threading import Thread

import pytest
from sqlalchemy import text
from waiting import until_blocked

from api.commands import serve
from api.house import House
from gis.access import administration, passwords, service, store
from gis.access.model import State
from gis.access.rights import Role
from gis.audit import store as trail
from gis.db.session import User
from gis.errors import BadInput, Forbidden
from gis.settings import Settings

DISTRICT = House(Settings(_env_file=None)).district
SYSTEM = User.of(Role.SYSTEM_ADMIN, id="sysadmin", area_prefixes=("",))


@pytest.fixture
def fresh(store):
    """A store after its first start."""
    with store.begin() as session:
        administration.first_account(session, DISTRICT, now=now(session))
    return store


def now(session):
    return session.scalar(text("SELECT clock_timestamp()"))


def first(session, login="secadmin"):
    return administration.first_security_admin(session, login, district=DISTRICT, now=now(session))


def roles(at):
    with at.begin() as session:
        return {one.login: one.role for one in store.everybody(session)}


def test_the_first_start_makes_one_account_and_shows_its_password_once(store, capsys, tmp_path):
    house = House(Settings(_env_file=None, home=tmp_path))  # not the checkout's, with its demo
    serve._first_account(store.engine, house)
    told = capsys.readouterr().err
    (given,) = re.findall(r"^wangge: +sysadmin  (\S{19})$|^ +sysadmin  (\S{19})$", told, re.M)
    with store.begin() as session:
        stored = service.stored_hash(session, "sysadmin")
    assert passwords.matches(max(given), stored)
    assert roles(store) == {"sysadmin": Role.SYSTEM_ADMIN}
    serve._first_account(store.engine, house)
    assert capsys.readouterr().err == ""


def test_it_is_made_with_its_role_and_must_change_its_password(fresh):
    with fresh.begin(SYSTEM) as session:
        assert store.no_security_admin_yet(session)
        assert first(session)
        assert not store.no_security_admin_yet(session)
    with fresh.begin() as session:
        made = administration.known(session, "secadmin")
        assert (made.role, made.area_prefixes) == (Role.SECURITY_ADMIN, ("",))
        assert made.must_change
        (line,) = trail.page(session, trail.Asked(event="first_security_admin"), limit=5)
    assert (line["user_id"], line["target"]) == ("sysadmin", "account secadmin")
    assert line["result"] == "done"


@pytest.mark.parametrize("what", ["as it is", "locked", "of another role", "by the command"])
def test_there_is_one_first_whatever_becomes_of_it(fresh, what):
    with fresh.begin() as session:
        if what == "by the command":
            administration.add(
                session, "secadmin", district=DISTRICT, role=Role.SECURITY_ADMIN,
                area_prefixes=("530102001",), now=now(session),
            )  # fmt: skip
        else:
            first(session)
        if what == "locked":
            administration.set_state(session, "secadmin", State.LOCKED)
        if what == "of another role":
            administration.set_role(session, "secadmin", Role.VIEWER, [""], district=DISTRICT)
            session.execute(text("UPDATE wangge.accounts SET was_security_admin = false"))
    with fresh.begin(SYSTEM) as session:
        assert not store.no_security_admin_yet(session)
    with pytest.raises(Forbidden, match="there is or was one"), fresh.begin(SYSTEM) as session:
        first(session, "another")
    assert "another" not in roles(fresh)
    with fresh.begin() as session:
        newest = trail.page(session, trail.Asked(event="first_security_admin"), limit=1)[0]
    assert (newest["result"], newest["target"]) == ("refused", "account another")


def test_nobody_takes_the_role_oneself(fresh):
    with pytest.raises(BadInput, match="taken"), fresh.begin(SYSTEM) as session:
        first(session, "sysadmin")
    assert roles(fresh) == {"sysadmin": Role.SYSTEM_ADMIN}


@pytest.mark.parametrize(("role", "areas"), [
    (Role.SYSTEM_ADMIN, ("530102001",)), (Role.SYSTEM_ADMIN, ()),
    (Role.AUDITOR, ("",)), (Role.DATA_STEWARD, ("",)), (Role.SECURITY_ADMIN, ("",)),
])  # fmt: skip
def test_whoever_makes_accounts_in_the_whole_district_makes_it(fresh, role, areas):
    other = User.of(role, id="other", area_prefixes=areas)
    with fresh.begin(other) as session:
        assert not store.no_security_admin_yet(session)
    with pytest.raises(Forbidden), fresh.begin(other) as session:
        first(session)
    assert "secadmin" not in roles(fresh)


def test_two_at_once_make_one(fresh):
    """The second asks while the first has not committed: it waits, and is refused."""
    refused = []

    def second():
        try:
            with fresh.begin(SYSTEM) as session:
                first(session, "second")
        except Forbidden as exc:
            refused.append(exc)

    other = Thread(target=second)
    with fresh.begin(SYSTEM) as session:
        first(session)
        other.start()
        until_blocked(session, lambda: not other.is_alive())
    other.join()
    assert len(refused) == 1
    assert roles(fresh) == {"sysadmin": Role.SYSTEM_ADMIN, "secadmin": Role.SECURITY_ADMIN}


def test_of_two_at_once_neither_is_an_account_of_another_way(fresh):
    """The command makes a security administrator meanwhile: the page's waits and is refused."""
    refused = []

    def page():
        try:
            with fresh.begin(SYSTEM) as session:
                first(session)
        except Forbidden as exc:
            refused.append(exc)

    other = Thread(target=page)
    with fresh.begin() as session:
        administration.add_without_password(
            session, "trusted", district=DISTRICT, role=Role.SECURITY_ADMIN, area_prefixes=("",),
            now=now(session),
        )  # fmt: skip
        other.start()
        until_blocked(session, lambda: not other.is_alive())
    other.join()
    assert len(refused) == 1
    assert roles(fresh) == {"sysadmin": Role.SYSTEM_ADMIN, "trusted": Role.SECURITY_ADMIN}
