"""``wangge user``: accounts, one-time passwords and tokens, from the machine itself."""

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from api.commands.common import Json, group, house
from api.house import House
from api.output import json_out, say, table_out
from gis.access import administration, places, store
from gis.access.model import Known, State
from gis.access.rights import Right, Role, right_of
from gis.errors import BadInput

app = group()
user = group()
app.add_typer(user, name="user", help="账户 / accounts, one-time passwords, tokens")
Login = Annotated[str, typer.Argument(help="Login name: a-z, 0-9 and . _ -")]
Areas = Annotated[
    list[str], typer.Option("--area", help="Area code or its beginning; again for more.")
]


@user.command("add")
def add(
    login: Login,
    role: Annotated[Role, typer.Option(help="The account's one role.")],
    area: Areas = [],  # noqa: B006 - typer copies it
    json: Json = False,
) -> None:
    """Make an account and print its one-time password. 新建账户。"""
    at = house()
    with at.session() as session:
        administration.note(session, "add", login, role=role)
        places.there(session, area, at.district)
        password = administration.add(
            session, login, district=at.district, role=role, area_prefixes=_areas(area, at),
            now=_now(),
        )  # fmt: skip
    _password_out(login, password, json=json)


@user.command("list")
def list_(json: Json = False) -> None:
    """List the accounts. 列出账户。"""
    with house().session() as session:
        found = [_shown(one) for one in store.everybody(session)]
    if json:
        json_out({"accounts": found})
    else:
        header = tuple(found[0]) if found else ("login",)
        table_out("账户 / accounts", header, [list(one.values()) for one in found])


@user.command("lock")
def lock(login: Login, json: Json = False) -> None:
    """Lock an account; its sessions and tokens end at once. 锁定账户。"""
    _set_state(login, State.LOCKED, json=json)


@user.command("unlock")
def unlock(login: Login, json: Json = False) -> None:
    """Open a locked account again. 解锁账户。"""
    _set_state(login, State.ACTIVE, json=json)


@user.command("password")
def password(login: Login, json: Json = False) -> None:
    """Give an account a new one-time password; its sessions end. 重置密码。"""
    with house().session() as session:
        administration.note(session, "password", login)
        given = administration.give_password(session, login, now=_now())
    _password_out(login, given, json=json)


@user.command("token")
def token(
    login: Login,
    label: Annotated[str, typer.Option(help="What it is for.")] = "command",
    days: Annotated[int, typer.Option(min=1, help="Days until it ends.")] = 90,
    right: Annotated[
        list[str], typer.Option(help="capability:action, e.g. rental:read; default: the role's.")
    ] = [],  # noqa: B006
    area: Areas = [],  # noqa: B006
    json: Json = False,
) -> None:
    """Issue a bearer token of an account and print it, this once. 签发令牌。"""
    at = house()
    with at.session() as session:
        secret = administration.issue_token(
            session, administration.known(session, login), label=label, days=days,
            rules=at.settings.accounts, now=_now(),
            rights=[_right(one) for one in right] or None, area_prefixes=area or None,
        )  # fmt: skip
    if json:
        json_out({"login": login, "token": secret})
    else:
        print(secret)  # noqa: T201 - for $(wangge user token ...)


def _set_state(login: str, state: State, *, json: bool) -> None:
    with house().session() as session:
        administration.note(session, "unlock" if state is State.ACTIVE else "lock", login)
        administration.set_state(session, login, state)
    json_out({"login": login, "state": state}) if json else say(f"{login}: {state}")


def _password_out(login: str, password: str, *, json: bool) -> None:
    if json:
        json_out({"login": login, "password": password})
    else:
        say("一次性密码，首次登录须更改 / one-time password, to be changed at the first sign-in:")
        print(f"{login}  {password}")  # noqa: T201


def _shown(one: Known) -> dict[str, Any]:
    return {
        "login": one.login, "role": one.role, "areas": list(one.area_prefixes),
        "state": one.state, "second_factor": one.second_factor,
        "last_login_at": one.last_login_at and one.last_login_at.isoformat(),
    }  # fmt: skip


def _areas(asked: list[str], at: House) -> list[str]:
    """The areas asked for; the whole district without any."""
    return asked or [at.district.prefix_of(at.district.code)]


def _right(text: str) -> Right:
    """``rental:read`` as a right; raises BadInput."""
    try:
        return right_of(text)
    except ValueError as exc:
        raise BadInput(f"--right {text!r}: write capability:action, e.g. rental:read") from exc


def _now() -> datetime:
    return datetime.now(UTC)
