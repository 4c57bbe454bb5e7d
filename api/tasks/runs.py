"""Analyses as jobs."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from api import analyses
from api.tasks.work import Work
from gis.errors import NoData

NOT_A_PART = (
    "分析覆盖全区，由负责全区的人员提交 / an analysis takes in the whole district: "
    "whoever has all of it asks for one"
)
_WORDS = {
    "coverage": "设施覆盖", "grids": "网格核查", "rental": "租住密度", "rating": "三色评定",
    "video": "视频点位",
}  # fmt: skip


def run(work: Work, session: Session) -> Mapping[str, Any]:
    """Run what ``analysis`` names for ``period`` and ``as_of``; raises NoData."""
    asked = work.parameters
    as_of = asked.get("as_of")
    when = analyses.asked(
        session, work.house, period=asked.get("period"),
        as_of=None if as_of is None else date.fromisoformat(as_of),
    )  # fmt: skip
    wanted = analyses.chosen(asked["analysis"])
    done, lacking = [], {}
    for at, one in enumerate(wanted):
        work.say(at / len(wanted), _WORDS[one], f"running {one}")
        try:
            done.append(analyses.run(session, work.house, one, when).as_dict())
        except NoData as exc:
            lacking[one.value] = str(exc)
            if len(lacking) == len(wanted):
                raise
    return {"runs": done, "lacking": lacking}
