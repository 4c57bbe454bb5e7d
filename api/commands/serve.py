"""``wangge serve``: the service, on this machine or behind a proxy that speaks TLS."""

import gc
import ipaddress
import socket
from contextlib import AbstractContextManager, nullcontext, suppress
from datetime import UTC, datetime
from typing import Annotated

import typer
import uvicorn
from sqlalchemy import Engine

from api.app import create_app
from api.commands.common import Json, group, settings
from api.commands.keeper import Keeper
from api.demo import ACCOUNTS
from api.house import House, transaction
from api.output import json_out, say
from api.serving import logs
from gis.access import administration
from gis.errors import BadInput
from gis.settings import Settings

app = group()
Internal = Annotated[
    bool | None,
    typer.Option(
        "--internal/--no-internal",
        help="Internal layers for those with the right; else WANGGE_SERVE_INTERNAL says.",
    ),
]


@app.command()
def serve(internal: Internal = None, json: Json = False) -> None:
    """Open the service. 启动服务。"""
    at = settings()
    if internal is not None:
        at = at.model_copy(update={"serve_internal": internal})
    service, house = create_app(at), House(at)
    url = at.public_url or f"http://{at.host}:{at.port}"
    with _listening(at) as listening, house.store() as engine:
        _first_account(engine, house)
        if json:
            json_out({"url": url, "maps": f"{url}/maps/combined", "sign_in": f"{url}/sign-in"})
        say(f"wangge: {url}/sign-in")
        config = uvicorn.Config(
            service, log_config=None, access_log=False, server_header=False,
            proxy_headers=at.public_url is not None,
            timeout_keep_alive=10, h11_max_incomplete_event_size=16_384,
        )  # fmt: skip
        logs.take_over()
        gc.collect()
        gc.freeze()  # what stands now stands to the end: the collector need not walk it again
        with _worker(at), suppress(KeyboardInterrupt):  # the way to end it
            uvicorn.Server(config).run(sockets=[listening])


def _worker(at: Settings) -> AbstractContextManager[object]:
    """A worker of our own beside a private store; a server of one's own has ``wangge worker``."""
    return Keeper() if at.database_url is None else nullcontext()


def _first_account(engine: Engine, house: House) -> None:
    """Nobody is locked out: a store without accounts gets one, its password shown this once."""
    with transaction(engine) as session:
        password = administration.first_account(session, house.district, now=datetime.now(UTC))
    if password:
        say("首个账户，一次性密码仅显示一次 / the first account, its password shown this once:")
        say(f"  {administration.FIRST}  {password}")
    known = house.settings.home / ACCOUNTS
    if known.exists():
        say(f"演示账户 / demo accounts: {known}")


def _listening(at: Settings) -> socket.socket:
    """The socket to serve on; raises BadInput for an address that is not safe, or is taken.

    Passwords and sessions cross the network by https alone: beyond this machine a proxy speaks it.
    """
    name = "127.0.0.1" if at.host == "localhost" else at.host.strip("[]")
    try:
        address = ipaddress.ip_address(name)
    except ValueError as exc:
        raise BadInput.at(
            f"WANGGE_HOST={at.host}", "请写地址，如 127.0.0.1", "write an address, as 127.0.0.1"
        ) from exc
    if not (address.is_loopback or (at.public_url or "").startswith("https://")):
        raise BadInput.at(
            f"WANGGE_HOST={at.host}",
            "从其他机器访问须经支持 TLS 的代理；用 WANGGE_PUBLIC_URL=https://… 写明其地址",
            "beyond this machine users come through a proxy that speaks TLS; "
            "WANGGE_PUBLIC_URL=https://… says under which address",
        )
    family = socket.AF_INET6 if address.version == 6 else socket.AF_INET
    try:
        listening = socket.create_server((name, at.port), family=family)
    except OSError as exc:
        raise BadInput.at(
            f"WANGGE_PORT={at.port}", f"无法在此端口监听（{exc.strerror}），请换一个",
            f"cannot listen there ({exc.strerror}): choose another",
        ) from exc  # fmt: skip
    # Connections inherit it: asyncio sets it where a socket names its protocol, which this one does
    # not, and the body of an answer would wait 40 ms for the client to acknowledge its headers.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening
