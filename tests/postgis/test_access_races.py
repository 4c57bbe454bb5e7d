"""What is done to one account in the same instant, on two connections: neither outlives the other.

One transaction holds, the other begins and is seen to wait in PostgreSQL, then the first commits.
"""

from datetime import UTC, datetime
from threading import Thread

import pyotp
import pytest
from sqlalchemy import text
from waiting import until_blocked

from api.house import House
from gis.access import administration, passwords, service
from gis.access.model import State
from gis.access.rights import Role
from gis.access.rules import AccountRules
from gis.errors import SignInNeeded, SignInRefused
from gis.settings import Settings

DISTRICT = House(Settings(_env_file=None)).district
RULES = AccountRules()
OLD, FIRST, SECOND = "Correct-horse7", "Battery-staple8", "Another-horse9"


@pytest.fixture
def lin(store):
    """A planner's account with a password of its own."""
    with store.begin() as session:
        administration.add_without_password(
            session, "lin", district=DISTRICT, role=Role.PLANNER, area_prefixes=["530102001"],
            now=now(),
        )  # fmt: skip
        administration.give_password(session, "lin", now=now(), must_change=False)
        was = service.stored_hash(session, "lin")
        account = administration.known(session, "lin")
        service.change_password(session, account, OLD, proved=was, rules=RULES, now=now())
        return administration.known(session, "lin")


def now():
    return datetime.now(UTC)


def at_once(store, first, second):
    """Do ``first``, begin ``second`` before it commits; what ``second`` gave or raised."""
    got = []

    def other():
        try:
            with store.begin() as session:
                got.append(second(session))
        except (SignInNeeded, SignInRefused) as exc:
            got.append(exc)

    begun = Thread(target=other)
    with store.begin() as session:
        first(session)
        begun.start()
        until_blocked(session, lambda: not begun.is_alive())
    begun.join()
    return got[0]


def opened(store, account, *, half=False):
    with store.begin() as session:
        return service.open_session(session, account, half=half, rules=RULES, now=now())


def entered(store, secret):
    with store.begin() as session:
        return service.session_entered(session.connection(), secret, rules=RULES, now=now())


def holds(store, token):
    with store.begin() as session:
        return service.token_entered(session.connection(), token, rules=RULES, now=now())


def issue(account, came_by):
    return lambda session: administration.issue_token(
        session, account, label="QGIS", days=9, rules=RULES, now=now(), came_by=came_by
    )


ENDS = {
    "reset": lambda session: administration.give_password(
        session, "lin", now=now(), must_change=False
    ),
    "lock": lambda session: administration.set_state(session, "lin", State.LOCKED),
    "role": lambda session: administration.set_role(
        session, "lin", Role.VIEWER, ["530102001"], district=DISTRICT
    ),
    "drop": lambda session: administration.end_all(session, "lin", now=now()),
}


@pytest.mark.parametrize("how", ENDS)
def test_a_token_asked_for_in_the_instant_of_an_end_is_refused(store, lin, how):
    came_by = passwords.digest(opened(store, lin).secret)
    assert isinstance(at_once(store, ENDS[how], issue(lin, came_by)), SignInNeeded)
    with store.begin() as session:
        assert session.scalar(text("SELECT count(*) FROM wangge.tokens_of('lin')")) == 0


@pytest.mark.parametrize("how", ["reset", "drop"])
def test_a_token_issued_in_the_instant_before_is_revoked(store, lin, how):
    came_by = passwords.digest(opened(store, lin).secret)
    made = []
    at_once(store, lambda session: made.append(issue(lin, came_by)(session)), ENDS[how])
    assert holds(store, made[0]) is None


def changed(account, new, was):
    return lambda session: service.change_password(
        session, account, new, proved=was, rules=RULES, now=now()
    )


def test_of_two_changes_of_a_password_at_once_the_first_stands(store, lin):
    with store.begin() as session:
        was = service.stored_hash(session, "lin")
    got = at_once(store, changed(lin, FIRST, was), changed(lin, SECOND, was))
    assert isinstance(got, SignInRefused)
    with store.begin() as session:
        stored = service.stored_hash(session, "lin")
    assert passwords.matches(FIRST, stored)
    assert not passwords.matches(SECOND, stored)


def test_a_change_from_a_password_that_was_just_reset_is_refused(store, lin):
    with store.begin() as session:
        was = service.stored_hash(session, "lin")
    assert isinstance(at_once(store, ENDS["reset"], changed(lin, FIRST, was)), SignInRefused)
    with store.begin() as session:
        assert not passwords.matches(FIRST, service.stored_hash(session, "lin"))


def test_a_session_begun_in_the_instant_of_a_lock_is_none(store, lin):
    def sign_in(session):
        return service.sign_in(session, login="lin", fits=True, rules=RULES, now=now())

    assert at_once(store, ENDS["lock"], sign_in) is None


def test_a_code_of_a_half_session_opens_nothing_in_the_instant_of_a_reset(store, lin):
    with store.begin() as session:
        secret = service.new_second_factor(session, lin)
    half = opened(store, lin, half=True)
    seen, at = entered(store, half.secret), now()

    def whole(session):
        assert service.code_fits(session, lin, pyotp.TOTP(secret).at(at), now=at)
        return service.complete(session, seen, rules=RULES, now=now())

    assert at_once(store, ENDS["reset"], whole) is None


def test_a_whole_session_of_the_instant_before_a_reset_ends_with_it(store, lin):
    made = []

    def sign_in(session):
        made.append(service.sign_in(session, login="lin", fits=True, rules=RULES, now=now()))

    at_once(store, sign_in, ENDS["reset"])
    assert entered(store, made[0].secret) is None
