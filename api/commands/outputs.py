"""``wangge map`` and ``wangge export``: what the store holds as pages and files."""

from pathlib import Path
from typing import Annotated

import typer

from api.commands.common import AsOf, Internal, Json, Period, day, group, house
from api.files import outputs
from api.house import transaction
from api.output import json_out, say
from data.export.model import Format
from gis import period as periods
from gis.audit import service as audit
from gis.layers.service import Scope

app = group()


@app.command("map")
def draw(
    layer: Annotated[str, typer.Argument(help="A layer, combined, or all.")],
    out: Annotated[Path, typer.Option(help="Folder for the pages.")],
    period: Period = None,
    as_of: AsOf = None,
    internal: Internal = False,
    json: Json = False,
) -> None:
    """Write map pages that need no network. 出图。"""
    at = house()
    scope = _scope(period, as_of, internal=internal)
    with at.store() as engine, transaction(engine) as session:
        names = outputs.pages(layer, internal)
        audit.note(session, event="map", target=layer, detail={"internal": internal})
        pages, lacking = outputs.write_maps(session, at, names, scope, out)
    for name, why in lacking.items():
        say(f"{name}: 未出图 / not drawn: {why}")
    if json:
        skipped = [{"layer": name, "reason": why} for name, why in lacking.items()]
        json_out({"maps": [str(page) for page in pages], "skipped": skipped})
    for page in pages if not json else ():
        say(str(page))


@app.command("export")
def export(
    layer: Annotated[str, typer.Argument(help="A layer, or combined.")],
    format_: Annotated[Format, typer.Option("--format", help="File format.")],
    out: Annotated[Path, typer.Option(help="File to write.")],
    period: Period = None,
    as_of: AsOf = None,
    internal: Internal = False,
    purpose: Annotated[
        str | None, typer.Option(help="What it is for; asked for internal layers, and kept.")
    ] = None,
    json: Json = False,
) -> None:
    """Write a layer to a file, with a signed manifest beside it. 导出。"""
    at = house()
    scope = _scope(period, as_of, internal=internal)
    with at.store() as engine, transaction(engine) as session:
        written, rows = outputs.write_export(
            session, at, layer, scope, format_, out, purpose=purpose
        )
    if json:
        json_out({"file": str(written), "rows": rows})
    else:
        say(f"{written}: {rows} rows")


def _scope(period: str | None, as_of: str | None, *, internal: bool) -> Scope:
    """What the options ask for; raises BadPeriod and BadInput."""
    if period is not None:
        periods.Period.parse(period)
    return Scope(period=period, as_of=day(as_of), internal=internal)
