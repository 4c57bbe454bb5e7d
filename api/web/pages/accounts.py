"""Accounts: one administrator makes, locks and resets them, another gives roles and areas."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import Session

from api.deps import At, Caller, Db, needs
from api.house import transaction
from api.web import tables
from api.web.desk import AtDesk, Desk
from api.web.forms import Form, Sent, form_of
from gis.access import administration, places, store
from gis.access.model import Known, State
from gis.access.rights import PERMISSIONS, Action, Capability, Role
from gis.areas.levels import Level
from gis.areas.store import areas_on
from gis.db.session import User
from gis.errors import BadInput, NoData
from gis.timeline import service as timeline

router = APIRouter(dependencies=[needs(Capability.ACCOUNTS)])
MAKES = [needs(Capability.ACCOUNTS, Action.WRITE)]
GIVES = [needs(Capability.ACCOUNTS, Action.PUBLISH)]
Login = Annotated[str, Path(max_length=32)]
Row = Mapping[str, Any]
_LEVELS = (Level.DISTRICT, Level.STREET, Level.COMMUNITY)


@router.get("/accounts")
def read_accounts(desk: AtDesk, db: Db) -> Response:
    """All accounts, and the form for a new one."""
    return _list(desk, db, Form())


def _list(desk: Desk, db: Session, form: Form, *, made: tuple[str, str] | None = None) -> Response:
    shown = tables.view(
        desk, [_row(one) for one in store.everybody(db)], _columns(desk), name="accounts",
        title=desk.t("accounts.title"), capability=Capability.ACCOUNTS, key="login",
        href=lambda row: f"/accounts/{row['login']}", filters=_filters(desk), search=("login",),
    )  # fmt: skip
    return desk.page(
        "accounts.html", status=200 if form.ok else 422, table=shown, form=form, made=made,
        first=store.no_security_admin_yet(db),
    )  # fmt: skip


def _row(one: Known) -> dict[str, Any]:
    return {**vars(one), "areas": " ".join(one.area_prefixes), "stands": stands(one)}


def stands(one: Known) -> str:
    """Whether the account is open, locked, or locked for a while."""
    waits = one.locked_until is not None and one.locked_until > datetime.now(UTC)
    return "waiting" if waits and one.state is State.ACTIVE else one.state.value


def _columns(desk: Desk) -> list[tables.Column]:
    t = desk.t
    return [
        tables.Column("login", t("accounts.login"), link=True),
        tables.Column("role", t("accounts.role"), lambda row: role_word(desk, row["role"])),
        tables.Column("areas", t("accounts.areas"),
                      lambda row: areas_word(desk, row["area_prefixes"])),
        tables.Column("stands", t("accounts.state"),
                      lambda row: t(f"accounts.state_{row['stands']}")),
        tables.Column("second_factor", t("accounts.factor")),
        tables.Column("last_login_at", t("accounts.last_login"),
                      lambda row: moment_word(desk, row["last_login_at"])),
        tables.Column("made_at", t("accounts.made"), lambda row: desk.moment(row["made_at"]),
                      at_first=False),
    ]  # fmt: skip


def _filters(desk: Desk) -> list[tables.Filter]:
    t = desk.t
    states = [(one, t(f"accounts.state_{one}")) for one in ("active", "locked", "waiting")]
    return [
        tables.Filter("role", t("accounts.role"), _roles(desk), lambda row: row["role"] or ""),
        tables.Filter("stands", t("accounts.state"), states, lambda row: row["stands"]),
    ]


def _roles(desk: Desk) -> list[tuple[str, str]]:
    return [(one.value, role_word(desk, one)) for one in Role]


def role_word(desk: Desk, role: Role | None) -> str:
    """A role's name."""
    return desk.t(f"shell.role_{role}") if role else desk.t("accounts.no_role")


def areas_word(desk: Desk, prefixes: Sequence[str]) -> str:
    """Areas in one line."""
    if not prefixes:
        return desk.t("accounts.no_areas")
    return " ".join(one or desk.t("accounts.whole") for one in prefixes)


def moment_word(desk: Desk, at: datetime | None) -> str:
    """A moment, or that it never came."""
    return desk.moment(at) if at else desk.t("accounts.never")


@router.post("/accounts", dependencies=MAKES)
def add_account(desk: AtDesk, db: Db, data: Sent) -> Response:
    """Make an account without a role, or the first that gives roles; its password shows once."""
    form = form_of(data)
    if "first" in form.values:
        return _add_first(desk, db, form)
    login = form.text("login")
    line = administration.note(db, "add", login)
    try:
        given = administration.add(db, login, district=desk.house.district, now=datetime.now(UTC))
    except BadInput as exc:
        line.result = "refused"
        form.wrong("login", desk.why(exc))
        return _list(desk, db, form)
    return _list(desk, db, Form(), made=(login, given))


def _add_first(desk: Desk, db: Session, form: Form) -> Response:
    """The account that gives roles, where there never was one."""
    login = form.text("first")
    try:
        given = administration.first_security_admin(
            db, login, district=desk.house.district, now=datetime.now(UTC)
        )
    except BadInput as exc:
        form.wrong("first", desk.why(exc))
        return _list(desk, db, form)
    return _list(desk, db, Form(), made=(login, given))


@router.get("/accounts/{login}")
def read_account(desk: AtDesk, db: Db, login: Login) -> Response:
    """One account: what it may, and what an administrator can do about it."""
    return _account(desk, db, login, Form())


def _account(
    desk: Desk, db: Session, login: str, form: Form, *, given: str | None = None
) -> Response:
    one, user = administration.known(db, login), desk.user
    if not form.values:
        form = Form({"role": one.role or ""})
    return desk.page(
        "one_account.html", status=200 if form.ok else 422, one=one, form=form, given=given,
        stands=stands(one), own=user is not None and user.id == login, roles=_roles(desk),
        may_make=_may(user, Action.WRITE), may_give=_may(user, Action.PUBLISH),
        areas=divisions(desk), rights=sorted(PERMISSIONS[one.role]) if one.role else [],
        role_word=role_word(desk, one.role), areas_word=areas_word(desk, one.area_prefixes),
        last=moment_word(desk, one.last_login_at),
    )  # fmt: skip


def _may(user: User | None, action: Action) -> bool:
    return user is not None and user.may(Capability.ACCOUNTS, action)


def divisions(desk: Desk) -> list[tuple[str, str, str]]:
    """Prefix, name and level of every division.

    Names and codes of divisions are public; administrators have no right to what lies in them, so
    these alone are read as the command.
    """
    engine, district = desk.request.app.state.engine, desk.house.district
    whole = ("", desk.either(district.name_zh, district.name_en), Level.DISTRICT.value)
    with transaction(engine) as session:
        try:
            day = timeline.day_of(session, district)
        except NoData:  # a new store: its accounts come before its first division
            return [whole]
        found = areas_on(session, as_of=day, levels=_LEVELS[1:]).sort_values("code")
    return [whole, *zip(found["code"], found["name"], found["level"], strict=True)]


@router.post("/accounts/{login}/password", dependencies=MAKES)
def reset_password(desk: AtDesk, db: Db, user: Caller, login: Login) -> Response:
    """A new one-time password, shown this once."""
    administration.note(db, "password", login)
    administration.not_oneself(user, login)
    given = administration.reset_password(db, login, now=datetime.now(UTC))
    return _account(desk, db, login, Form(), given=given)


@router.post("/accounts/{login}/lock", dependencies=MAKES)
def lock(db: Db, user: Caller, login: Login) -> Response:
    """Lock an account."""
    administration.note(db, "lock", login)
    administration.not_oneself(user, login)
    administration.set_state(db, login, State.LOCKED)
    return RedirectResponse(f"/accounts/{login}", 303)


@router.post("/accounts/{login}/unlock", dependencies=MAKES)
def unlock(db: Db, login: Login) -> Response:
    """Open a locked account again."""
    administration.note(db, "unlock", login)
    administration.set_state(db, login, State.ACTIVE)
    return RedirectResponse(f"/accounts/{login}", 303)


@router.post("/accounts/{login}/role", dependencies=GIVES)
def give_role(desk: AtDesk, db: Db, at: At, user: Caller, login: Login, data: Sent) -> Response:
    """Give an account its role and areas."""
    form = form_of(data)
    role, areas = form.text("role"), [str(one) for one in data.getlist("area")]
    known = role if role in set(Role) else ""
    line = administration.note(db, "role", login, role=known, areas=len(areas))
    administration.not_oneself(user, login)
    if role not in set(Role):
        form.wrong("role", desk.t("accounts.choose_role"))
    if not areas:
        form.wrong("area", desk.t("accounts.choose_area"))
    try:
        with transaction(desk.request.app.state.engine) as reading:
            places.there(reading, areas, at.district)
    except BadInput as exc:
        form.wrong("area", desk.why(exc))
    if not form.ok:
        line.result = "refused"
        return _account(desk, db, login, form)
    administration.set_role(db, login, Role(role), areas, district=at.district)
    return RedirectResponse(f"/accounts/{login}", 303)


@router.post("/accounts/{login}/second-factor", dependencies=GIVES)
def reset_second_factor(db: Db, user: Caller, login: Login) -> Response:
    """Take the second factor away from somebody who lost the device."""
    administration.note(db, "second_factor", login)
    administration.not_oneself(user, login)
    administration.reset_second_factor(db, login)
    return RedirectResponse(f"/accounts/{login}", 303)


@router.get("/areas")
def read_areas(desk: AtDesk, db: Db) -> Response:
    """Which accounts reach each division."""
    everybody = store.everybody(db)
    rows = [_reached(*one, everybody) for one in divisions(desk)]
    t = desk.t
    columns = [
        tables.Column("name", t("accounts.area")),
        tables.Column("code", t("accounts.area_code")),
        tables.Column("level", t("accounts.level"),
                      lambda row: t(f"accounts.level_{row['level']}")),
        tables.Column("own", t("accounts.own_accounts"),
                      lambda row: row["own"] or t("accounts.nobody")),
        tables.Column("reach", t("accounts.reach"), number=True),
    ]  # fmt: skip
    levels = [(one.value, t(f"accounts.level_{one}")) for one in _LEVELS]
    shown = tables.view(
        desk, rows, columns, name="areas", title=t("accounts.areas_title"),
        capability=Capability.ACCOUNTS,
        filters=[tables.Filter("level", t("accounts.level"), levels, lambda row: row["level"])],
    )  # fmt: skip
    return shown.file() or desk.page("account_areas.html", table=shown)


def _reached(code: str, name: str, level: str, everybody: Sequence[Known]) -> dict[str, Any]:
    own = [one.login for one in everybody if code in one.area_prefixes]
    reach = sum(one.user().reaches(code) for one in everybody)
    return {"code": code, "name": name, "level": level, "own": " ".join(own), "reach": reach}
