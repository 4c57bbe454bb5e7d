"""``wangge run`` and ``wangge replay``: analyses stored with a run id, a rating computed again."""

from dataclasses import asdict
from enum import StrEnum
from typing import Annotated

import typer

from api import analyses, replays
from api.analyses import Outcome
from api.commands.common import AsOf, Json, Period, day, group, house
from api.house import transaction
from api.output import figures_out, json_out, say, table_out
from gis.runs.model import TITLES
from gis.safety.replay import Replay

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


@app.command("replay")
def replay(
    which: Annotated[
        str, typer.Argument(help="Quarter 2026Q3 (as published, else its newest run), or a run.")
    ],
    json: Json = False,
) -> None:
    """Compute a rating again from its kept inputs; exit code 1 if a bit differs. 复算。"""
    at = house()
    with at.store() as engine, transaction(engine) as session:
        found = replays.again(session, at, which)
    if json:
        json_out(asdict(found))
    else:
        _compared(found)
    for zh, en in replays.words(found):
        say(f"{zh} / {en}")
    if not found.equal:
        raise typer.Exit(1)


def _compared(found: Replay) -> None:
    named = {"run": found.run_id, "revision": found.revision, "policy": found.policy_version,
             "compounds": found.compounds, "figures": found.figures,
             "differing": found.differing}  # fmt: skip
    figures_out(f"复算 / Replay  {found.period}", named)
    if found.differences:
        rows = [(one.code, one.figure, repr(one.stored), repr(one.again))
                for one in found.differences]  # fmt: skip
        table_out("不同之处 / What differs", ("", "", "保存 / stored", "复算 / again"), rows)


def _print(one: Outcome) -> None:
    zh, en = TITLES[one.analysis]
    figures_out(f"{zh} / {en}  {one.period or one.as_of}", one.totals)
    if not one.stored:
        say(f"run {one.run_id} had the same inputs and rules: kept as it is")
