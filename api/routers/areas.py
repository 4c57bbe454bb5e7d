"""Divisions as they were on a day: hierarchy, households, outlines."""

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel

from api import features
from api.deps import AreaPrefix, AsOf, At, Db
from gis.areas import store
from gis.areas.model import Level, SubjectKind
from gis.errors import NotFound
from gis.timeline import service as timeline

router = APIRouter(prefix="/api/v1/areas", tags=["areas"])


class AreaOut(BaseModel):
    """One division; ``households_source`` is count, register or null."""

    code: str
    level: Level
    name: str
    parent_code: str | None
    households: int | None
    households_as_of: str | None
    households_source: str | None


@router.get("")
def read_areas(
    db: Db, at: At, area: AreaPrefix = "", level: Level | None = None, as_of: AsOf = None
) -> list[AreaOut]:
    """Divisions whose code begins with ``area``, valid on ``as_of``."""
    day = as_of or timeline.day_of(db, at.district)
    levels = [level] if level else list(Level)
    kinds = [SubjectKind(one.value) for one in levels]
    found = store.subjects_on(db, as_of=day, kinds=kinds)
    found = found[found["subject_code"].str.startswith(area)]
    return [
        AreaOut(
            code=row["subject_code"], level=Level(row["subject_kind"]), name=row["name"],
            parent_code=row["parent_code"], households=row["households"],
            households_as_of=row["households_as_of"], households_source=row["households_source"],
        )
        for row in features.records(found)
    ]  # fmt: skip


@router.get("/{code}")
def read_area(db: Db, at: At, code: str, as_of: AsOf = None) -> dict[str, Any]:
    """One division with its outline as a GeoJSON feature; 404 without."""
    day = as_of or timeline.day_of(db, at.district)
    found = store.areas_on(db, as_of=day)
    found = found[found["code"] == code]
    if found.empty:
        raise NotFound("area", code)
    return features.listed(found, key="code")[0]
