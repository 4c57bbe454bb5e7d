"""``wangge run``: analyses on what the store holds, results stored with a run id."""

from enum import StrEnum
from typing import Annotated

import typer

from api import analyses
from api.analyses import Outcome
from api.commands.common import AsOf, Json, Period, day, group, house
from api.house import transaction
from api.output import figures_out, json_out, say
from gis.runs.model import TITLES

app = group()


class What(StrEnum):
    """An analysis of `gis.runs.model.Analysis`, or all of them; a test holds the two together."""

    COVERAGE = "coverage"
    RATING = "rating"
    RENTAL = "rental"
    VIDEO = "video"
    GRIDS = "grids"
    ALL = "all"


@app.command("run")
def run(
    what: Annotated[What, typer.Argument(help="The analysis.")],
    period: Period = None,
    as_of: AsOf = None,
    json: Json = False,
) -> None:
    """Compute and store an analysis. 运行分析。"""
    at = house()
    with at.store() as engine, transaction(engine) as session:
        asked = analyses.asked(session, at, period=period, as_of=day(as_of))
        outcomes, lacking = analyses.run_all(session, at, analyses.chosen(what.value), asked)
    for name, why in lacking.items():
        say(f"{name}: 未运行 / not run: {why}")
    if json:
        skipped = [{"analysis": name.value, "reason": why} for name, why in lacking.items()]
        json_out({"runs": [one.as_dict() for one in outcomes], "skipped": skipped})
        return
    for one in outcomes:
        _print(one)


def _print(one: Outcome) -> None:
    zh, en = TITLES[one.analysis]
    figures_out(f"{zh} / {en}  {one.period or one.as_of}", one.totals)
    if not one.stored:
        say(f"run {one.run_id} had the same inputs and rules: kept as it is")
