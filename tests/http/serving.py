"""The real service: uvicorn on a loopback port of its own over a real store; and who may ask it."""

import secrets
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

import httpx2
import uvicorn

from api.app import create_app
from api.house import House, transaction
from gis.access import administration
from gis.access.rights import Role
from gis.db.engine import make_engine
from gis.settings import Settings


def token_of(urls, role: Role, areas: Sequence[str] = ("",)) -> str:
    """A token of an account with that role in those areas, made for the test; no password."""
    settings = Settings(_env_file=None)
    district, now = House(settings).district, datetime.now(UTC)
    engine = make_engine(urls.app, settings)
    try:
        with transaction(engine) as session:
            account = administration.add_without_password(
                session, f"t{secrets.token_hex(8)}", district=district, role=role,
                area_prefixes=areas, now=now,
            )  # fmt: skip
            return administration.issue_token(
                session, account, label="test", days=1, rules=settings.accounts, now=now
            )
    finally:
        engine.dispose()


def account_of(urls, role: Role, areas: Sequence[str] = ("",)) -> tuple[str, str]:
    """Login and password of a new account that need not be changed first."""
    settings = Settings(_env_file=None)
    engine, now = make_engine(urls.app, settings), datetime.now(UTC)
    login = f"p{secrets.token_hex(8)}"
    try:
        with transaction(engine) as session:
            administration.add_without_password(
                session, login, district=House(settings).district, role=role,
                area_prefixes=areas, now=now,
            )  # fmt: skip
            password = administration.give_password(session, login, now=now, must_change=False)
    finally:
        engine.dispose()
    return login, password


@contextmanager
def serving(urls, *, role=Role.DATA_STEWARD, areas=("",), **settings) -> Iterator[httpx2.Client]:
    """A client of the service over the store at ``urls``, with a role's token if any."""
    headers = {"Authorization": f"Bearer {token_of(urls, role, areas)}"} if role else {}
    app = create_app(
        Settings(_env_file=None, database_url=urls.app, owner_url=urls.owner, **settings)
    )
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # as `wangge serve` does
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            end_s = time.monotonic() + 20
            while not server.started and thread.is_alive() and time.monotonic() < end_s:
                time.sleep(0.01)
            assert server.started, "the service did not start"
            port = listening.getsockname()[1]
            with httpx2.Client(  # without TLS: to read the machine's authorities takes a while
                base_url=f"http://127.0.0.1:{port}", timeout=30, headers=headers, verify=False
            ) as client:
                yield client
        finally:
            server.should_exit = True
            thread.join()
