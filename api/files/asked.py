"""How a file is asked for that a job makes."""

from datetime import date

from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from api.audit import exported
from api.house import House
from data.export.model import Format
from gis.db.session import User
from gis.errors import BadInput, Withheld
from gis.jobs import service as jobs
from gis.jobs.model import Job, JobKind
from gis.layers.model import layer
from gis.period import Period

_LAYER = r"^[a-z0-9_]{1,40}$"


class ExportIn(BaseModel, extra="forbid"):
    """What is to be written, and what for."""

    layer: str = Field(pattern=_LAYER, examples=["rating"])
    format: Format = Field(examples=["gpkg"])
    area: str = Field(default="", pattern=r"^[0-9A-Za-z-]{0,20}$")
    period: str | None = Field(default=None, pattern=r"^\d{4}(Q[1-4]|-(0[1-9]|1[0-2]))$")
    as_of: date | None = None
    column: str | None = Field(default=None, pattern=_LAYER, description="only features where")
    value: str | None = Field(default=None, max_length=100, description="this column has this")
    internal: bool = False
    purpose: str | None = Field(default=None, max_length=200)


def ask(session: Session, at: House, user: User, asked: ExportIn) -> Job:
    """Have a worker write it; raises NotFound, Forbidden, Withheld and BadInput.

    PurposeMissing for anything beyond public figures that is asked for without a purpose.
    """
    names = exported.names(asked.layer, internal=asked.internal)
    for name in names:
        _check(user, name, asked)
    if asked.internal and not at.settings.serve_internal:
        raise Withheld(
            "本服务不提供内部图层 / this service shows no internal layer: WANGGE_SERVE_INTERNAL"
        )
    if asked.period is not None:
        Period.parse(asked.period)
    purpose = exported.said_purpose(asked.purpose)
    if purpose is None and any(exported.wants_purpose(user, name) for name in names):
        raise exported.purpose_missing()
    parameters = asked.model_dump(mode="json") | {"purpose": purpose}
    return jobs.ask(session, JobKind.EXPORT, parameters, district_code=at.district.code)


def _check(user: User, name: str, asked: ExportIn) -> None:
    one = layer(name)
    exported.may_take(user, name)
    if one.internal and not asked.internal:
        raise Withheld(
            f"图层 {name} 为内部图层，须注明内部使用和用途 / "
            f"layer {name} is internal: ask for it with internal and a purpose"
        )
    columns = {column.name for column in one.columns}
    if asked.column is not None and asked.column not in columns:
        known = ", ".join(sorted(columns))
        raise BadInput(
            f"图层 {name} 没有列 {asked.column}；可选 {known} / "
            f"layer {name} has no column {asked.column}: {known}"
        )
