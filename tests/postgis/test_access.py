"""Accounts in the store: who enters, who is locked out, what a token may, what stays hidden."""

from contextlib import nullcontext, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from api.house import House
from gis import district
from gis.access import administration, passwords, places, service, sign_on, store
from gis.access.model import State
from gis.access.rights import PERMISSIONS, Action, Capability, Role
from gis.access.rules import AccountRules
from gis.db.session import User
from gis.errors import BadInput, BadPassword, Forbidden, NotFound
from gis.settings import Settings

NOW = datetime(2026, 9, 30, 8, tzinfo=UTC)
DISTRICT = House(Settings(_env_file=None)).district
RULES = AccountRules()
STREET, OTHER = "530102001", "530102002"
GOOD = "Correct-horse7"


@pytest.fixture
def add(db):
    """Makes an account of a role in some areas, without a password."""

    def made(login="lin", role=Role.PLANNER, areas=(STREET,)):
        return administration.add_without_password(
            db, login, district=DISTRICT, role=role, area_prefixes=areas, now=NOW
        )

    return made


def test_an_administrator_of_a_part_makes_accounts_there(store):
    with store.begin(User.of(Role.SYSTEM_ADMIN, id="an", area_prefixes=(STREET,))) as session:
        administration.add(session, "xin", district=DISTRICT, now=NOW)
        made = administration.known(session, "xin")
        assert (made.role, made.area_prefixes) == (None, ())
    elsewhere = User.of(Role.SYSTEM_ADMIN, id="bo", area_prefixes=(OTHER,))
    with pytest.raises(NotFound), store.begin(elsewhere) as session:
        administration.set_state(session, "xin", State.LOCKED)
    with store.begin() as session:
        place = "SELECT area_code FROM accounts WHERE login = 'xin'"
        assert session.scalar(text(place)) == STREET


@pytest.mark.parametrize(("role", "areas", "fine"), [
    (Role.GRID_WORKER, [f"{STREET}001", f"{STREET}002"], True),
    (Role.SECURITY_ADMIN, [STREET], True),
    (Role.GRID_WORKER, [OTHER], False), (Role.GRID_WORKER, [STREET, OTHER], False),
    (Role.GRID_WORKER, ["530102"], False), (Role.GRID_WORKER, [""], False),
    (Role.AUDITOR, [STREET], False),  # the trail is the whole district's
])  # fmt: skip
def test_roles_are_given_in_the_own_part_alone(store, role, areas, fine):
    with store.begin(User.of(Role.SYSTEM_ADMIN, id="an", area_prefixes=(STREET,))) as session:
        administration.add(session, "xin", district=DISTRICT, now=NOW)
    gives = User.of(Role.SECURITY_ADMIN, id="bo", area_prefixes=(STREET,))
    with suppress(Forbidden, ProgrammingError), store.begin(gives) as session:
        administration.set_role(session, "xin", role, areas, district=DISTRICT)
    with store.begin() as session:
        assert (administration.known(session, "xin").role is role) is fine


@pytest.mark.parametrize(
    ("where", "area", "fine"),
    [
        (None, "", True), (None, "530102", True), (None, STREET, True), (None, "999999", False),
        (None, "530103001", False), (None, "53", False), (None, "530100", False),
        ("sheffield", "E08000039", True), ("sheffield", "E01007824", True),  # not one in the other
        ("sheffield", "E09", False), ("chicago", "IL-CHI-32", True), ("chicago", "IL", False),
    ],
)  # fmt: skip
def test_before_there_are_areas_an_account_gets_what_may_be_the_districts(db, where, area, fine):
    files = Path(__file__).parents[1] / "districts"
    at = DISTRICT if where is None else district.load(files / f"{where}.toml")
    with nullcontext() if fine else pytest.raises(BadInput, match=f"^{area}：不在本区划内"):
        places.there(db, [area], at)


def enter(db, login="lin", *, fits=True, at=NOW):
    return service.sign_in(db, login=login, fits=fits, rules=RULES, now=at)


def shown(db, opened, at, *, used=True):
    return service.session_entered(db.connection(), opened.secret, rules=RULES, now=at, used=used)


def token_shown(db, secret, *, now=NOW):
    return service.token_entered(db.connection(), secret, rules=RULES, now=now)


def change(db, account, word, *, now):
    was = service.stored_hash(db, account.login)
    return service.change_password(db, account, word, proved=was, rules=RULES, now=now)


def token(db, account, **changes):
    options = {"label": "QGIS", "days": 30, "rules": RULES, "now": NOW, **changes}
    return administration.issue_token(db, account, **options)


# -- accounts ---------------------------------------------------------------------------------


def test_an_account_is_the_user_of_its_role_and_areas(add):
    assert add().user() == User.of(Role.PLANNER, id="lin", area_prefixes=(STREET,))


@pytest.mark.parametrize("login", ["Lin", "l", "lin wei", "-lin", "lin'--", "l" * 33, "林"])
def test_a_login_name_is_short_and_plain(add, login):
    with pytest.raises(BadInput, match="login"):
        add(login)


def test_a_login_name_is_given_once(add):
    add()
    with pytest.raises(BadInput, match="taken"):
        add()


def test_the_first_account_is_one_administrator(db):
    given = administration.first_account(db, DISTRICT, now=NOW)
    (made,) = store.everybody(db)
    assert (made.login, made.role, made.must_change) == ("sysadmin", Role.SYSTEM_ADMIN, True)
    assert passwords.matches(given, service.stored_hash(db, "sysadmin"))
    assert administration.first_account(db, DISTRICT, now=NOW) is None


@pytest.mark.usefixtures("real_passwords")
def test_a_password_is_kept_as_rfc_9106_advises():
    """argon2id with 64 MiB, 3 passes, 4 lanes: the second recommended option of its section 4."""
    for stored in (passwords.hashed(GOOD), passwords._NOBODY):
        assert stored.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert passwords.matches(GOOD, passwords.hashed(GOOD))


def test_a_new_password_ends_sessions_and_tokens(db, add):
    """Whoever had the old one, or a token made with it, is out."""
    account = add()
    opened, secret = enter(db), token(db, account)
    administration.give_password(db, "lin", now=NOW)
    assert shown(db, opened, NOW) is None
    assert token_shown(db, secret, now=NOW) is None


def test_a_one_time_password_must_be_changed_first(db, add):
    add()
    given = administration.give_password(db, "lin", now=NOW)
    passwords.judge(given, login="lin", rules=RULES)
    opened = enter(db)
    assert shown(db, opened, NOW).missing == "password_change"


# -- sessions ---------------------------------------------------------------------------------


def test_a_session_ends_when_nobody_uses_it(db, add):
    add()
    opened = enter(db)
    idle = timedelta(minutes=RULES.idle_minutes)
    assert shown(db, opened, NOW + idle * 0.9)
    assert shown(db, opened, NOW + idle * 1.8)  # the use before counts
    assert shown(db, opened, NOW + idle * 2.9) is None


def test_a_look_at_a_session_does_not_keep_it_open(db, add):
    add()
    opened, idle = enter(db), timedelta(minutes=RULES.idle_minutes)
    assert shown(db, opened, NOW + idle * 0.9, used=False)
    assert shown(db, opened, NOW + idle * 1.1, used=False) is None
    assert shown(db, opened, NOW + idle * 1.1) is None


def test_a_session_ends_in_the_end_even_when_used(db, add):
    add()
    opened = enter(db)
    step = timedelta(minutes=20)
    uses = [bool(shown(db, opened, NOW + step * n)) for n in range(1, 38)]
    assert uses == [True] * 35 + [False] * 2  # 12 hours are 36 steps


def test_signing_out_ends_this_session_and_no_other(db, add):
    add()
    first, second = enter(db), enter(db)
    service.sign_out(db, shown(db, first, NOW))
    assert shown(db, first, NOW) is None
    assert shown(db, second, NOW)


def test_five_failures_lock_for_a_quarter_of_an_hour(db, add):
    add()
    for _ in range(4):
        assert enter(db, fits=False) is None
    assert enter(db)  # the fourth was not yet too many, and counting begins anew
    for _ in range(5):
        assert enter(db, fits=False) is None
    assert enter(db) is None
    assert enter(db, at=NOW + timedelta(minutes=14)) is None
    assert enter(db, at=NOW + timedelta(minutes=15))


def test_a_sign_in_says_when_the_last_one_was_and_what_was_refused_since(db, add):
    add()
    enter(db)
    enter(db, fits=False)
    later = NOW + timedelta(days=1)
    found = shown(db, enter(db, at=later), later)
    assert (found.last_login_at, found.refused_since) == (NOW, 1)


def test_a_locked_account_loses_its_sessions_and_tokens_at_once(db, add):
    account = add()
    opened, secret = enter(db), token(db, account)
    administration.set_state(db, "lin", State.LOCKED)
    assert shown(db, opened, NOW) is None
    assert token_shown(db, secret, now=NOW) is None
    assert enter(db) is None
    administration.set_state(db, "lin", State.ACTIVE)
    assert enter(db)


def test_another_role_ends_the_sessions_of_the_old_one(db, add):
    add()
    opened = enter(db)
    administration.set_role(db, "lin", Role.VIEWER, [""], district=DISTRICT)
    assert shown(db, opened, NOW) is None
    assert administration.known(db, "lin").user().rights == PERMISSIONS[Role.VIEWER]


# -- passwords --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("password", "fine"),
    [("Aa1-5678", True), ("Aa1-567", False), ("aa1-5678", False), ("correct horse", True),
     ("correcthors", False), ("网格系统管理员专用密码一二", True), ("aaaaaaaaaaaaaaaa", False),
     ("Lin-likes-grids", False), ("x" * 64 + "Aa1-" * 17, False)],
)  # fmt: skip
def test_a_password_is_long_or_has_four_kinds(password, fine):
    try:
        passwords.judge(password, login="lin", rules=RULES)
    except BadPassword:
        assert not fine
    else:
        assert fine


def test_none_of_the_last_five_passwords_comes_back(db, add):
    account = add()
    words = [f"Correct-horse{n}" for n in range(7)]
    for word in words:
        change(db, account, word, now=NOW)
    for word in words[1:]:  # the present one and five before it
        with pytest.raises(BadPassword, match="last 5"):
            change(db, account, word, now=NOW)
    change(db, account, words[0], now=NOW)


def test_a_new_password_ends_all_sessions_but_the_one_it_opens(db, add):
    account = add()
    before = enter(db)
    after = change(db, account, GOOD, now=NOW)
    assert shown(db, before, NOW) is None
    assert shown(db, after, NOW).missing is None


def test_an_old_password_must_be_changed(db, add):
    account = add()
    change(db, account, GOOD, now=NOW)
    for days, missing in ((90, None), (91, "password_change")):
        later = NOW + timedelta(days=days)
        assert shown(db, enter(db, at=later), later).missing == missing


# -- tokens -----------------------------------------------------------------------------------


def test_a_token_may_no_more_than_it_was_given(db, add):
    account = add()
    read = (Capability.COVERAGE, Action.READ)
    secret = token(db, account, rights=[read], area_prefixes=[f"{STREET}002"])
    user = token_shown(db, secret, now=NOW).user
    assert (user.id, user.rights, user.area_prefixes) == ("lin", {read}, (f"{STREET}002",))


def test_a_token_shrinks_with_its_account(db, add):
    secret = token(db, add())
    administration.set_role(db, "lin", Role.VIEWER, [f"{STREET}003"], district=DISTRICT)
    user = token_shown(db, secret, now=NOW).user
    assert user.rights == PERMISSIONS[Role.PLANNER] & PERMISSIONS[Role.VIEWER]
    assert user.area_prefixes == (f"{STREET}003",)


@pytest.mark.parametrize(
    "more",
    [{"rights": [(Capability.VIDEO, Action.READ)]}, {"area_prefixes": ["530102002"]},
     {"area_prefixes": ["530102"]}, {"area_prefixes": [""]}, {"days": 366}, {"days": 0}],
)  # fmt: skip
def test_nobody_issues_a_token_for_more_than_the_account(db, add, more):
    with pytest.raises(BadInput):
        token(db, add(), **more)


@pytest.mark.parametrize("area", ["x y", "530102|", "%", "5" * 21, "五"])
def test_what_is_no_code_is_nobodys_area(db, add, area):
    """A transaction does not begin for such an area: nothing could be asked with it."""
    whole = add("wei", areas=[""])
    with pytest.raises(BadInput, match="no area code"):
        token(db, whole, area_prefixes=[area])
    with pytest.raises(BadInput, match="no area code"):
        administration.set_role(db, "wei", Role.VIEWER, [area], district=DISTRICT)
    with pytest.raises(BadInput, match="no area code"):
        add("zhang", areas=[area])


def test_a_token_of_no_area_has_none(db, add):
    assert token_shown(db, token(db, add(), area_prefixes=[])).user.area_prefixes == ()


def test_a_token_ends_by_itself_and_when_it_is_revoked(db, add):
    account = add()
    first, second = token(db, account), token(db, account)
    end = NOW + timedelta(days=30)
    assert token_shown(db, first, now=end - timedelta(seconds=1))
    assert token_shown(db, first, now=end) is None
    listed = store.tokens(db, "lin")
    administration.revoke_token(db, "lin", listed[1].id, now=NOW)
    assert token_shown(db, second, now=NOW) is None
    with pytest.raises(NotFound):
        administration.revoke_token(db, "lin", listed[1].id, now=NOW)


def test_nobody_revokes_a_token_of_somebody_else(db, add):
    secret = token(db, add())
    add("wei")
    with pytest.raises(NotFound):
        administration.revoke_token(db, "wei", store.tokens(db, "lin")[0].id, now=NOW)
    assert token_shown(db, secret, now=NOW)


def test_a_token_rests_while_its_accounts_password_is_old_or_somebody_elses(db, add):
    account = add()
    change(db, account, GOOD, now=NOW)
    secret = token(db, account, days=365)
    for days, missing in ((90, None), (91, "password_change")):
        assert token_shown(db, secret, now=NOW + timedelta(days=days)).missing == missing
    later = NOW + timedelta(days=92)
    change(db, account, f"{GOOD}!", now=later)
    assert token_shown(db, secret, now=later).missing is None
    administration.give_password(db, "lin", now=later)
    assert token_shown(db, token(db, account, now=later), now=later).missing == "password_change"


def test_a_token_of_the_sign_on_service_rests_when_nobody_comes_through_it(db):
    claims = {"iss": "https://sso", "sub": "1", "preferred_username": "lin"}

    def enters(at):
        place = (Role.PLANNER, [STREET])
        return sign_on.enter(db, claims, place, district=DISTRICT, rules=RULES, now=at)

    secret = token(db, enters(NOW).account, days=365)
    with pytest.raises(BadInput, match="has no password here"):
        administration.reset_password(db, "lin", now=NOW)
    late = NOW + timedelta(days=91)
    assert token_shown(db, secret, now=late).missing == "sign_on"
    opened = enters(late)
    assert token_shown(db, secret, now=late).missing is None
    sign_on.drop(db, claims, now=late)  # no role any more
    assert token_shown(db, secret, now=late) is None
    assert shown(db, opened, late) is None


# -- what stays hidden ------------------------------------------------------------------------


@pytest.mark.parametrize("table", ["account_secrets", "former_passwords", "tokens", "web_sessions"])
@pytest.mark.parametrize("statement", ["SELECT * FROM {}", "DELETE FROM {}", "TRUNCATE {}"])
def test_the_application_cannot_read_what_proves_an_identity(db, table, statement):
    with pytest.raises(ProgrammingError, match="permission denied"):
        db.execute(text(statement.format(f"wangge.{table}")))


def test_neither_a_session_nor_a_token_is_stored_as_it_is(db, add):
    account = add()
    opened, secret = enter(db), token(db, account)
    assert passwords.digest(opened.secret) != opened.secret
    assert opened.secret not in repr(opened)
    assert service.session_entered(
        db.connection(), passwords.digest(opened.secret), rules=RULES, now=NOW
    ) is None  # fmt: skip
    assert token_shown(db, passwords.digest(secret), now=NOW) is None
