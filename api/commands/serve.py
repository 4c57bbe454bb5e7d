"""``wangge serve``: the service on this machine."""

import ipaddress

import uvicorn

from api.app import create_app
from api.commands.common import Internal, group, settings
from api.output import say
from gis.errors import BadInput

app = group()


@app.command()
def serve(internal: Internal = False) -> None:
    """Open the service on the loopback address. 启动服务。"""
    at = settings()
    if internal:
        at = at.model_copy(update={"serve_internal": True})
    _loopback(at.host)
    say(
        f"wangge: http://{at.host}:{at.port}/maps/combined  —  "
        "bound to this machine only: there are no accounts yet / 尚无账户，仅本机可访问"
    )
    uvicorn.run(create_app(at), host=at.host, port=at.port, log_level="warning")


def _loopback(host: str) -> None:
    name = "127.0.0.1" if host == "localhost" else host.strip("[]")
    try:
        local = ipaddress.ip_address(name).is_loopback
    except ValueError:
        local = False
    if not local:
        raise BadInput(
            f"WANGGE_HOST={host}: without accounts the service listens on this machine only "
            "(127.0.0.1, ::1 or localhost)"
        )
