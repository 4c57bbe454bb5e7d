"""``wangge video``: the camera register as offices and platforms keep it."""

from pathlib import Path
from typing import Annotated

import typer

from api.commands.common import Json, group, house
from api.house import transaction
from api.output import json_out, say
from data.export.register import RegisterForm, write
from gis.errors import BadInput
from gis.video import store

app = group()
video = group()
app.add_typer(video, name="video", help="视频点位 / video points: register, checks, plans.")


@video.command("register")
def register(
    format_: Annotated[RegisterForm, typer.Option("--format", help="Sheet or catalogue.")],
    out: Annotated[Path, typer.Option(help="File to write; private (0600).")],
    json: Json = False,
) -> None:
    """Write the camera register as 一机一档 (XLSX) or GB/T 28181 catalogue. 导出台账。"""
    at = house()
    with at.store() as engine, transaction(engine) as session:
        found = store.register(session)
    try:
        write(found, form=format_, out=out)
    except OSError as exc:
        raise BadInput(f"{out}: cannot be written ({exc.strerror})") from exc
    if json:
        json_out({"file": str(out), "rows": len(found)})
    else:
        say(f"{out}: {len(found)} rows")
