"""Divisions as they were on a day: hierarchy, households, outlines."""

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter
from fastapi import Path as PathParam
from pydantic import BaseModel, Field

from api import features
from api.deps import AreaPrefix, AsOf, At, Db, Limit, Offset, needs, said
from gis.access.rights import Capability
from gis.areas import store
from gis.areas.levels import Level, SubjectKind
from gis.errors import NotFound
from gis.timeline import service as timeline

router = APIRouter(prefix="/api/v1/areas", tags=["areas"], dependencies=[needs(Capability.AREAS)])
Code = Annotated[str, PathParam(pattern=r"^[0-9A-Za-z-]{1,20}$", examples=["530102001"])]


class AreaOut(BaseModel):
    """One division; ``households_source`` is count, register or null."""

    code: str = Field(examples=["530102001001"])
    level: Level
    name: str = Field(examples=["虹山东路社区居民委员会"])
    parent_code: str | None = Field(examples=["530102001"])
    households: int | None = Field(examples=[3120])
    households_as_of: date | None = Field(examples=["2026-06-30"])
    households_source: str | None = Field(examples=["count"])


class AreasOut(BaseModel):
    """A page of divisions, ordered by level and code."""

    as_of: date = Field(examples=["2026-09-30"])
    matched: int = Field(ge=0, examples=[1])
    areas: list[AreaOut]


_OUTLINE = {
    "type": "Feature", "id": "530102001",
    "geometry": {"type": "MultiPolygon", "coordinates": [
        [[[102.69, 25.04], [102.71, 25.04], [102.7, 25.06], [102.69, 25.04]]]
    ]},
    "properties": {"code": "530102001", "level": "street", "name": "华山街道"},
}  # fmt: skip


@router.get("")
def read_areas(
    db: Db,
    at: At,
    area: AreaPrefix = "",
    level: Level | None = None,
    as_of: AsOf = None,
    limit: Limit = 1_000,
    offset: Offset = 0,
) -> AreasOut:
    """Divisions whose code begins with ``area``, valid on ``as_of``."""
    day = as_of or timeline.day_of(db, at.district)
    levels = [level] if level else list(Level)
    found = store.subjects_on(db, as_of=day, kinds=[SubjectKind(one.value) for one in levels])
    found = found[found["subject_code"].str.startswith(at.district.prefix_of(area))]
    rank = found["subject_kind"].map({one.value: place for place, one in enumerate(Level)})
    found = found.assign(rank=rank).sort_values(["rank", "subject_code"], kind="stable")
    rows = features.records(found.iloc[offset : offset + limit])
    return AreasOut(as_of=day, matched=len(found), areas=[_area(row) for row in rows])


@router.get("/{code}", responses=said(_OUTLINE))
def read_area(db: Db, at: At, code: Code, as_of: AsOf = None) -> dict[str, Any]:
    """One division with its outline as a GeoJSON feature; 404 without."""
    day = as_of or timeline.day_of(db, at.district)
    level = at.district.level_of(code)
    found = store.areas_on(db, as_of=day, levels=[level] if level else list(Level))
    found = found[found["code"] == code]
    if found.empty:
        raise NotFound("area", code)
    return features.listed(found, key="code")[0]


def _area(row: dict[str, Any]) -> AreaOut:
    return AreaOut(
        code=row["subject_code"], level=Level(row["subject_kind"]), name=row["name"],
        parent_code=row["parent_code"], households=row["households"],
        households_as_of=row["households_as_of"], households_source=row["households_source"],
    )  # fmt: skip
