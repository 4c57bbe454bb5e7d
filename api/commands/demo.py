"""``wangge demo``: an invented district with real names, from files to maps."""

from pathlib import Path
from typing import Annotated, Any

import typer

from api.commands.common import Json, group, house
from api.demo import ACCOUNTS
from api.demo.make import make
from api.output import figures_out, json_out, say, table_out
from data.demo.sizes import Size

app = group()


@app.command()
def demo(
    size: Annotated[Size, typer.Option(help="How much.")] = "district",
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same bytes.")] = 1,
    out: Annotated[Path, typer.Option(help="Folder for files, maps and exports.")] = Path(
        "out/demo"
    ),
    json: Json = False,
) -> None:
    """Load the demo district and show all that the software does. 演示。"""
    at = house()
    made = make(at, size=size, seed=seed, out=out)
    if json:
        json_out(made.summary)
        return
    _print(made.summary)
    say(f"\n地图 / maps: {out / 'maps' / 'combined.html'}\n导出 / exports: {out / 'exports'}")
    say(f"演示账户 / demo accounts: {at.settings.home / ACCOUNTS}")
    say("make serve: http://127.0.0.1:8000/sign-in")


def _print(summary: dict[str, Any]) -> None:
    table_out("演示数据 / demo data", ("", "rows"), list(summary["counts"].items()))
    for name in ("coverage", "rating", "rental", "video", "grids"):
        figures_out(name, summary[name])
