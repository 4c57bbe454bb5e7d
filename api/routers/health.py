"""Is it alive, is it ready, which version."""

from fastapi import APIRouter, Request
from pydantic import BaseModel
from sqlalchemy import text

from api.deps import At
from api.version import VERSION
from gis.db import migrate
from gis.errors import StoreNotReady

router = APIRouter(tags=["health"])


class Alive(BaseModel):
    """The process answers."""

    status: str = "ok"


class Ready(BaseModel):
    """The store answers, has PostGIS and this version's schema."""

    status: str = "ok"
    postgis: str
    schema_version: str


class Version(BaseModel):
    """What runs here."""

    version: str
    district: str
    policy: str


@router.get("/livez")
def read_livez() -> Alive:
    """The process answers; says nothing of the store."""
    return Alive()


@router.get("/readyz")
def read_readyz(request: Request) -> Ready:
    """The store answers with PostGIS at this version's schema; 503 otherwise."""
    engine = request.app.state.engine
    current = migrate.current(engine)
    if current != migrate.head():
        raise StoreNotReady(f"the store is at schema {current}, this version needs migrating")
    with engine.connect() as connection:
        postgis = connection.execute(text("SELECT postgis_lib_version()")).scalar_one()
    return Ready(postgis=postgis, schema_version=current)


@router.get("/version")
def read_version(at: At) -> Version:
    """Versions of the software and of the rules, and the district served."""
    return Version(version=VERSION, district=at.district.code, policy=at.policy.version)
