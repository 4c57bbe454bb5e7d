"""Tables of the scenarios and of the changes that each one makes; the register knows neither."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from geoalchemy2 import Geometry, WKBElement
from sqlalchemy import BigInteger, CheckConstraint, Date, DateTime, ForeignKey, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from gis.db.base import Base, Identified, one_of


class ChangeKind(StrEnum):
    """What a scenario does with a facility."""

    ADD = "add"
    CLOSE = "close"
    MOVE = "move"
    SHARE = "share"
    RESIZE = "resize"


class Scenario(Identified, Base):
    """Named changes on a day; the owner's alone until shared within ``area_code``."""

    __tablename__ = "scenarios"
    __table_args__ = (CheckConstraint("name <> ''", name="named"),)

    area_code: Mapped[str] = mapped_column(index=True)
    owner: Mapped[str]
    name: Mapped[str]
    remark: Mapped[str | None]
    as_of: Mapped[date] = mapped_column(Date)
    shared: Mapped[bool] = mapped_column(server_default="false")
    made_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


class ScenarioChange(Identified, Base):
    """One change: ``facility`` is a key of the register, or a key of the scenario's own.

    ``values`` holds what the kind needs: name, function, floor_area_m2 of an added or resized
    facility; ``shares`` (area code to share) of a shared one. ``geom`` is where one is added or
    moved to.
    """

    __tablename__ = "scenario_changes"
    __table_args__ = (one_of("kind", ChangeKind),)

    scenario_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("wangge.scenarios.id", ondelete="CASCADE"), index=True
    )
    area_code: Mapped[str] = mapped_column(index=True)
    kind: Mapped[str]
    facility: Mapped[str]
    values: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    geom: Mapped[WKBElement | None] = mapped_column(
        Geometry("POINT", srid=4326, spatial_index=False)
    )
