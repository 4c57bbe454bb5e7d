"""Analyses as jobs."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from api import analyses
from api.tasks.work import Work
from gis.district import District
from gis.errors import WholeDistrict
from gis.jobs import service as jobs
from gis.jobs.model import Job, JobKind
from gis.runs.model import TITLES, Analysis

NOT_A_PART = (
    "分析覆盖全区，由负责全区的人员提交 / an analysis takes in the whole district: "
    "whoever has all of it asks for one"
)


def ask(
    session: Session, district: District, *, analysis: Analysis | None, period: str | None
) -> Job:
    """Queue one analysis, or all; raises WholeDistrict for whoever works in a part."""
    if not session.info["user"].reaches(district.code):
        raise WholeDistrict(NOT_A_PART)
    parameters = {"analysis": analysis or "all", "period": period}
    return jobs.ask(session, JobKind.RUN, parameters, district_code=district.code)


def run(work: Work, session: Session) -> Mapping[str, Any]:
    """Run what ``analysis`` names for ``period`` and ``as_of``; raises NoData."""
    asked = work.parameters
    as_of = asked.get("as_of")
    when = analyses.asked(
        session, work.house, period=asked.get("period"),
        as_of=None if as_of is None else date.fromisoformat(as_of),
    )  # fmt: skip

    def begin(share: float, analysis: Analysis) -> None:
        zh, en = TITLES[analysis]
        work.say(share, zh, en)

    wanted = analyses.chosen(asked["analysis"])
    done, lacking = analyses.run_all(session, work.house, wanted, when, begin=begin)
    return {
        "runs": [one.as_dict() for one in done],
        "lacking": {one.value: why for one, why in lacking.items()},
    }
