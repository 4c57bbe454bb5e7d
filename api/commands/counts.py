"""``wangge counts``: what stands in each compound and community on a day, between two runs."""

from typing import Annotated, Any

import numpy as np
import pandas as pd
import typer

from api.commands.common import AsOf, Json, day, group, house
from api.house import transaction
from api.output import json_out, table_out
from gis.counts import service
from gis.errors import NotFound
from gis.timeline import service as timeline

app = group()
_SHOWN = 20  # rows of a table on a terminal; --json has all of them


@app.command("counts")
def counts(
    code: Annotated[
        list[str] | None, typer.Option("--code", help="This compound or community (repeatable).")
    ] = None,
    as_of: AsOf = None,
    json: Json = False,
) -> None:
    """Count what stands on a day: incidents, lettings, video points, facility area. 现状统计。"""
    at = house()
    with at.store() as engine, transaction(engine) as session:
        when = day(as_of) or timeline.day_of(session, at.district)
        found = service.counts(session, policy=at.policy, district=at.district, as_of=when)
    for one in code or ():
        if one not in found.compounds.index and one not in found.communities.index:
            raise NotFound(f"on {when}, compound or community", one)
    compounds, communities = _chosen(found.compounds, code), _chosen(found.communities, code)
    if json:
        json_out(
            {
                "as_of": found.as_of.isoformat(),
                "incidents_since": found.since.isoformat(),
                "compounds": _rows(compounds),
                "communities": _rows(communities),
            }
        )
        return
    busiest = compounds.sort_values("incidents", ascending=False, kind="stable")
    _print(f"小区 / compounds, {when}, 警情起始 / incidents since {found.since}", busiest)
    _print(f"社区 / communities, {when}", communities)


def _chosen(frame: pd.DataFrame, codes: list[str] | None) -> pd.DataFrame:
    return frame if codes is None else frame[frame.index.isin(codes)]


def _rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    plain = frame.reset_index().astype(object)
    names = list(plain.columns)
    rows = plain.where(plain.notna(), None).to_numpy().tolist()
    return [dict(zip(names, row, strict=True)) for row in rows]


def _print(title: str, frame: pd.DataFrame) -> None:
    shown = frame.head(_SHOWN).reset_index().replace({np.nan: None})
    left = len(frame) - len(shown)
    title += f" ({len(shown)} / {len(frame)})" if left else ""
    table_out(title, list(shown.columns), shown.astype(object).to_numpy().tolist())
