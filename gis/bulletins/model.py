"""The monthly pages as they were published; a later one of the same month is a new revision."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, DateTime, UniqueConstraint, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from gis.db.base import Base, Identified


class Bulletin(Identified, Base):
    """One community's page of one month; ``content`` holds what is shown and nothing else."""

    __tablename__ = "bulletins"
    __table_args__ = (
        UniqueConstraint("area_code", "month", "revision"),
        CheckConstraint(r"month ~ '^\d{4}-(0[1-9]|1[0-2])$'", name="month"),
    )

    area_code: Mapped[str]
    month: Mapped[str]
    revision: Mapped[int]
    content: Mapped[dict[str, Any]] = mapped_column(JSONB)
    published_by: Mapped[str]
    published_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.now()
    )
