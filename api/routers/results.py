"""Stored results of the analyses by level, code and period, each with its rule and reason."""

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field

from api import features, replays
from api.analyses import NEEDED
from api.audit.reads import note_results
from api.deps import AreaPrefix, AsOf, At, Caller, Db, Limit, Offset, PeriodText, allow, needs, said
from api.serving.limits import replay_limited
from gis.access.rights import Capability
from gis.areas.levels import SubjectKind
from gis.results import store as results
from gis.runs import store
from gis.runs.model import Analysis
from gis.safety.replay import Replay

router = APIRouter(prefix="/api/v1/results", tags=["results"])
Code = Annotated[str | None, Query(max_length=64, description="one subject, or one grid")]
Which = Annotated[
    str,
    Query(
        pattern=r"^(\d{4}Q[1-4]|[1-9]\d{0,17})$", examples=["2026Q3"],
        description="quarter (the run that is published, else the newest), or number of a run",
    ),
]  # fmt: skip


class RunOut(BaseModel):
    """The run that the rows belong to."""

    id: int
    analysis: Analysis
    period: str | None
    as_of: date
    revision: int
    policy_version: str
    input_digest: str
    totals: dict[str, Any]


class ResultsOut(BaseModel):
    """A page of one run's rows."""

    model_config = ConfigDict(
        json_schema_extra={"example": {
            "run": {"id": 1, "analysis": "coverage", "period": None, "as_of": "2026-09-30",
                    "revision": 1, "policy_version": "2026.3", "input_digest": "9f…",
                    "totals": {"met": 67}},
            "matched": 1,
            "rows": [{"subject_code": "530102001001", "verdict": "met", "rule": "FAC-1",
                      "threshold": 30.0, "m2_per_100_households": 41.3}],
        }}
    )  # fmt: skip

    run: RunOut
    matched: int = Field(ge=0)
    rows: list[dict[str, Any]]


def shown(analysis: Analysis, user: Caller) -> Analysis:
    """The analysis, if the caller may see its results; raises Forbidden."""
    allow(user, NEEDED[analysis])
    return analysis


Shown = Annotated[Analysis, Depends(shown)]


@router.get(
    "/rating/replay",
    dependencies=[
        needs(Capability.RATING), needs(Capability.INCIDENTS), Depends(replay_limited),
    ],
    responses=said({
        "equal": True, "run_id": 4, "period": "2026Q3", "revision": 1, "policy_version": "2026.3",
        "policy_now": "2026.3", "rules_now": True, "computed_with": "numpy 2.4.6, scipy 1.17.1",
        "libraries_now": "numpy 2.4.6, scipy 1.17.1", "input_digest": "9f…", "compounds": 412,
        "figures": 8240, "differing": 0, "differences": [],
    }),
)  # fmt: skip
def replay_rating(db: Db, at: At, which: Which) -> Replay:
    """Compute a quarter's rating again from its kept inputs and compare every bit; stores nothing.

    403 for somebody who works in a part of the district, 404 where the inputs were not kept, 429
    for whoever asks too often.
    """
    return replays.again(db, at, which)


def _public(analysis: Analysis) -> bool:
    """Whether the district's own row is for everybody in it, as row rights say."""
    return analysis in (Analysis.COVERAGE, Analysis.RATING)


@router.get("/{analysis}")
def read_results(
    db: Db,
    at: At,
    user: Caller,
    analysis: Shown,
    level: SubjectKind | None = None,
    code: Code = None,
    area: AreaPrefix = "",
    period: PeriodText = None,
    as_of: AsOf = None,
    limit: Limit = 1_000,
    offset: Offset = 0,
) -> ResultsOut:
    """The newest run of an analysis for the period or day asked; 404 when it never ran.

    Of a published quarter the run that was published, each ``colour`` the plaque's; where people
    decided it, ``rated_colour`` is the rule's. ``totals`` count what the run itself came to in the
    whole district; whoever works in a part gets those of coverage and rating alone.
    """
    run = store.require_run(db, analysis, period, as_of, as_shown=True)
    page = results.read(
        db, analysis, run.id, level=level, code=code,
        area_prefix=at.district.prefix_of(area), limit=limit, offset=offset,
    )  # fmt: skip
    note_results(db, analysis, area_code=area or None, rows=len(page.rows))
    return ResultsOut(
        run=RunOut(
            id=run.id, analysis=analysis, period=run.period, as_of=run.as_of,
            revision=run.revision, policy_version=run.policy_version,
            input_digest=run.input_digest,
            totals=run.totals if _public(analysis) or user.reaches(run.area_code) else {},
        ),
        matched=page.matched,
        rows=features.records(page.rows),
    )  # fmt: skip
