"""Is it alive, is it ready, which version."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field

from api.deps import At, near_or_health
from api.version import VERSION
from gis.db import migrate
from gis.health.store import postgis_version

router = APIRouter(tags=["health"])
Status = Annotated[str, Field(examples=["ok"])]


class Alive(BaseModel):
    """The process answers."""

    status: Status = "ok"


class Ready(BaseModel):
    """The store answers, has PostGIS and this version's schema."""

    status: Status = "ok"
    postgis: str = Field(examples=["3.3.2"])
    schema_version: str = Field(examples=["0001"])


class Version(BaseModel):
    """What runs here."""

    version: str = Field(examples=["0.1.0"])
    district: str = Field(examples=["530102"])
    policy: str = Field(examples=["2026.3"])


@router.get("/livez")
def read_livez() -> Alive:
    """The process answers; says nothing of the store."""
    return Alive()


@router.get("/readyz", dependencies=[Depends(near_or_health)])
def read_readyz(request: Request) -> Ready:
    """The store answers with PostGIS at this version's schema; 503 otherwise."""
    engine = request.app.state.engine
    current = migrate.current(engine)
    if current != migrate.head():
        raise migrate.differs(current)
    return Ready(postgis=postgis_version(engine), schema_version=current)


@router.get("/version")
def read_version(at: At) -> Version:
    """Versions of the software and of the rules, and the district served."""
    return Version(version=VERSION, district=at.district.code, policy=at.policy.version)
