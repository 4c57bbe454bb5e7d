"""Where the next video points belong: asked with an address, or posted with places of one's own."""

from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from api.deps import At, Db, Waits
from api.planning.asked import Area, Budget, Compound, EveryDeg, Target
from api.planning.plans import plan, told
from api.routers.video import READ
from data.export import planned
from data.ingest.candidates import MOST
from gis.video.siting.ask import Ask, Candidate, Footfall

router = APIRouter(prefix="/api/v1/video", tags=["video"])


class CandidateIn(BaseModel):
    """A pole; without a direction a point may look anywhere from it."""

    model_config = ConfigDict(extra="forbid")

    lon: float = Field(ge=-180, le=180)
    lat: float = Field(ge=-85, le=85)
    name: str = Field(default="", max_length=100)
    direction_deg: float | None = Field(default=None, ge=0, lt=360)


class FootfallIn(BaseModel):
    """Passers-by counted at a place."""

    model_config = ConfigDict(extra="forbid")

    lon: float = Field(ge=-180, le=180)
    lat: float = Field(ge=-85, le=85)
    per_day: float = Field(ge=0, le=1e7)


class PlanIn(BaseModel):
    """One compound or one area; a budget, or a target share; poles and counts of one's own."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"compound": "XQ530102001001001", "budget": 3,
                                       "candidates": [{"lon": 102.7, "lat": 25.05,
                                                       "name": "灯杆 12"}]}},
    )  # fmt: skip

    compound: str | None = Field(default=None, min_length=1, max_length=64)
    area: str | None = Field(default=None, pattern=r"^\d{6,12}$")
    budget: int = Field(default=5, ge=1, le=200)
    target: float | None = Field(default=None, gt=0, le=1)
    every_deg: float | None = Field(default=None, ge=10, le=180)
    candidates: list[CandidateIn] = Field(default=[], max_length=MOST)
    footfall: list[FootfallIn] = Field(default=[], max_length=MOST)


class PlanOut(BaseModel):
    """A ranked list of places with what each adds, and how far from the best it may be."""

    compound: str | None = Field(examples=["XQ530102001001001"])
    area: str | None = Field(examples=["530102001001"])
    quality: str = Field(examples=["detect"])
    public_m2: float = Field(examples=[8421.5])
    seen_m2: float = Field(
        examples=[2410.0], description="in view of the points that stay, if all of them work"
    )
    fixed: dict[str, int] = Field(
        examples=[{"working": 12, "down": 1, "planned": 2}],
        description="points near the compounds that stay: standing, working or not, and planned",
    )
    then_m2: float = Field(examples=[3120.0], description="in view with the plan, by exact overlay")
    entrances: list[int] = Field(examples=[[3, 1, 2]], description="all, in view now and then")
    status: str = Field(examples=["optimal"])
    bound: float | None = Field(
        examples=[402.1],
        description="no plan counts for more weighted m² (budget) or needs fewer points (target)",
    )
    gap: float | None = Field(
        examples=[0.0], description="distance to the bound as a share; 0 is proven best"
    )
    poses: int = Field(examples=[1208], description="places times directions looked at")
    excluded: int = Field(examples=[12], description="of them, in or into a private place")
    spacing_m: float = Field(examples=[2.0], description="between samples of ground")
    every_deg: float = Field(examples=[45.0], description="between directions")
    weighed: dict[str, int] = Field(examples=[{"incidents": 14, "entrances": 3, "passers_by": 0}])
    places: list[dict[str, Any]] = Field(examples=[[{"rank": 1, "gain_m2": 402.1}]])
    points: dict[str, Any] = Field(
        examples=[{"type": "FeatureCollection", "features": []}],
        description="the same as planned points that `wangge import cameras` takes",
    )


@router.get("/plan", dependencies=READ)
def read_plan(
    request: Request,
    db: Db,
    at: At,
    asker: Waits,
    compound: Compound = None,
    area: Area = None,
    budget: Budget = 5,
    target: Target = None,
    every_deg: EveryDeg = None,
) -> PlanOut:
    """Where the next points belong: ranked, with gains, and the gap to the best plan."""
    ask = Ask(compound, area or "", budget, target, every_deg)
    found = plan(request.app.state.plans, db, at, ask, asker)
    return PlanOut(**told(found), points=planned.collection(found.places))


@router.post("/plan", dependencies=READ)
def compute_plan(request: Request, db: Db, at: At, asker: Waits, body: PlanIn) -> PlanOut:
    """The same with poles or counts of passers-by that are known elsewhere; nothing is stored."""
    ask = Ask(
        body.compound, body.area or "", body.budget, body.target, body.every_deg,
        tuple(Candidate(**one.model_dump()) for one in body.candidates),
        tuple(Footfall(**one.model_dump()) for one in body.footfall),
    )  # fmt: skip
    found = plan(request.app.state.plans, db, at, ask, asker)
    return PlanOut(**told(found), points=planned.collection(found.places))
