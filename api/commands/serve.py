"""``wangge serve``: the service on this machine."""

import ipaddress
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import uvicorn

from api.app import create_app
from api.commands.common import Internal, Json, group, settings
from api.house import House
from api.output import json_out, say
from gis.errors import BadInput
from gis.settings import Settings

app = group()
_WORKER = """
import sys
from api.cli import main
sys.argv = ["wangge", "worker", "--attached"]
main()
"""


@app.command()
def serve(internal: Internal = False, json: Json = False) -> None:
    """Open the service on the loopback address. 启动服务。"""
    at = settings()
    if internal:
        at = at.model_copy(update={"serve_internal": True})
    service = create_app(at)
    url = f"http://{at.host}:{at.port}"
    with _listening(at.host, at.port) as listening, House(at).store():
        if json:
            json_out({"url": url, "maps": f"{url}/maps/combined"})
        say(
            f"wangge: {url}/maps/combined  —  bound to this machine only: there are no accounts "
            "yet / 尚无账户，仅本机可访问"
        )
        config = uvicorn.Config(service, log_level="warning", access_log=False, server_header=False)
        with _worker(at), suppress(KeyboardInterrupt):  # the way to end it
            uvicorn.Server(config).run(sockets=[listening])


@contextmanager
def _worker(at: Settings) -> Iterator[None]:
    """A worker of our own beside a private store; a server of one's own has ``wangge worker``.

    It is a process, so that an analysis does not slow the pages, and ends with this one.
    """
    if at.database_url is not None:
        yield
        return
    command = [sys.executable, "-c", _WORKER]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL) as worker:
        try:
            yield
        finally:
            worker.terminate()


def _listening(host: str, port: int) -> socket.socket:
    """A socket of this machine only; raises BadInput for another address or a taken port."""
    name = "127.0.0.1" if host == "localhost" else host.strip("[]")
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        address = None
    if address is None or not address.is_loopback:
        raise BadInput(
            f"WANGGE_HOST={host}: without accounts the service listens on this machine only "
            "(127.0.0.1, ::1 or localhost)"
        )
    family = socket.AF_INET6 if address.version == 6 else socket.AF_INET
    try:
        return socket.create_server((name, port), family=family)
    except OSError as exc:
        raise BadInput(f"WANGGE_PORT={port}: cannot listen there ({exc.strerror})") from exc
