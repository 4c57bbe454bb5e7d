"""Commands about the store itself: up, down, status, migrate, backup, restore."""

from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from api.audit import trail
from api.commands.common import Json, group, house
from api.house import House, transaction
from api.output import json_out, say, table_out
from gis import files
from gis.audit import service as audit
from gis.audit import signing
from gis.audit.signing import Signer
from gis.db import backup as backups
from gis.db import migrate as migrations
from gis.db.cluster import Cluster, resolve_urls
from gis.db.cluster.lease import keep, lease, stop
from gis.db.engine import make_engine
from gis.errors import StoreUnavailable
from gis.facts import service as facts
from gis.facts.store import row_counts

app = group()
_AS_IT_WAS = (
    "备份之后改过的密码、两步验证、角色和区域已恢复为备份时的状态，请逐一核对 / passwords, second "
    "factors, roles and areas changed since the backup are again those of the backup: check them"
)


@app.command()
def up(json: Json = False) -> None:
    """Start the private store and let it run. 启动本机数据库。"""
    at = house()
    _private(at)
    keep(at.settings)
    with at.store():  # migrates a store that needs it
        _state(at, json=json)


@app.command()
def down(json: Json = False) -> None:
    """Stop the private store. 停止本机数据库。"""
    at = house()
    _private(at)
    stop(at.settings)
    _state(at, json=json)


@app.command()
def status(json: Json = False) -> None:
    """Say what there is, without starting anything. 查看状态。"""
    _state(house(), json=json)


@app.command()
def migrate(
    to: Annotated[str | None, typer.Option(help="Revision; default: this version's.")] = None,
    json: Json = False,
) -> None:
    """Bring the store to this version's schema. 升级数据库结构。"""
    at = house()
    with lease(at.settings) as urls:
        if not urls.owner:
            raise StoreUnavailable(
                "请设置 WANGGE_OWNER_URL：结构升级以数据库所有者的身份进行 / "
                "set WANGGE_OWNER_URL: migrations run as the store's owner"
            )
        migrations.upgrade(urls.owner, to=to)
        _state(at, json=json)


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="File to write.")], json: Json = False
) -> None:
    """Write the whole store into one file. 备份。"""
    at = house()
    with at.store() as engine:
        size = backups.dump(resolve_urls(at.settings), file)
        backups.sign(file, Signer(at.settings.home).signed)
        with transaction(engine) as session:
            audit.note(session, event="backup", target="store", detail={"bytes": size})
    json_out({"file": str(file), "bytes": size}) if json else say(f"{file}: {size:,} bytes")


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="File that backup wrote.")],
    public_key: Annotated[
        str | None, typer.Option(help="Key of the home that made it; default: this home's own.")
    ] = None,
    json: Json = False,
) -> None:
    """Replace the store's content by a backup, whole or not at all. 恢复。"""
    at = house()
    key = public_key or Signer(at.settings.home).public_key
    backups.hold(file, partial(signing.holds, public_key=key))
    with at.store() as engine:
        with transaction(engine) as session:
            trail.keep_replaced(session, at)
        backups.restore(resolve_urls(at.settings), file, revision=migrations.head())
        digest = files.sha256(file)
        with transaction(engine) as session:
            audit.note(session, event="restore", target="store", detail={"sha256": digest})
        with transaction(engine) as session:
            trail.sign_head(session, at, restored_from=digest)
            whole = not trail.verify(session, at).findings
    told = {"file": str(file), "restored": True, "audit_whole": whole}
    json_out(told) if json else say(f"{file} restored")
    say(_AS_IT_WAS)
    if not whole:
        say("审计日志不完整 / the audit trail that came back is not whole: wangge audit verify")
        raise typer.Exit(1)


def _private(at: House) -> None:
    if at.settings.database_url is not None:
        raise StoreUnavailable(
            "WANGGE_DATABASE_URL 指向外部服务器，本机没有可启停的数据库 / "
            "WANGGE_DATABASE_URL names a server: there is none to start or stop here"
        )


def _state(at: House, *, json: bool) -> None:
    state = _status(at)
    if json:
        json_out(state)
    else:
        table_out("wangge", ("", ""), [(k, v) for k, v in state.items() if k != "rows"])
        if state["rows"]:
            table_out("rows / 记录数", ("table", "rows"), list(state["rows"].items()))


def _status(at: House) -> dict[str, Any]:
    """No clock and no process id: two calls with nothing between are equal."""
    private = at.settings.database_url is None
    cluster = Cluster(at.settings.home.absolute()).status() if private else None
    state: dict[str, Any] = {
        "district": at.district.code,
        "policy": at.policy.version,
        "store": "private" if private else "server",
        "state": cluster.state if cluster else "server",
        "home": str(at.settings.home),
        "schema": None,
        "schema_wanted": migrations.head(),
        "demo": False,
        "rows": {},
    }
    if cluster is None or cluster.state == "running":
        engine = make_engine(resolve_urls(at.settings).app, at.settings)
        state["schema"] = migrations.current(engine)
        if state["schema"] is not None:
            with transaction(engine) as session:
                state["demo"] = facts.is_demo(session)
                state["rows"] = row_counts(session)
        engine.dispose()
    return state
