"""Tables of imports and of analysis runs."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, Date, DateTime, ForeignKey, Identity, Index, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from gis.db.base import Base, Identified, one_of


class Analysis(StrEnum):
    """The analyses that ``wangge run`` knows."""

    COVERAGE = "coverage"
    RATING = "rating"
    RENTAL = "rental"
    VIDEO = "video"
    GRIDS = "grids"


# What each is called in Chinese and English, on pages and in what a command or a job says.
TITLES: dict[Analysis, tuple[str, str]] = {
    Analysis.COVERAGE: ("服务设施覆盖", "Facility coverage"),
    Analysis.RATING: ("三色评级", "Three-colour rating"),
    Analysis.RENTAL: ("出租房密度", "Rental density"),
    Analysis.VIDEO: ("视频点位", "Video points"),
    Analysis.GRIDS: ("网格核查", "Grid audit"),
}


class Import(Base):
    """One file taken in: what it was, what was kept and what was not; rows name this record."""

    __tablename__ = "imports"
    __table_args__ = (
        Index("ix_imports_undone", "id", postgresql_where=text("undone_at IS NOT NULL")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    area_code: Mapped[str]
    kind: Mapped[str]
    file_name: Mapped[str]
    file_sha256: Mapped[str]
    layer: Mapped[str | None]
    frame: Mapped[str | None]
    encoding: Mapped[str | None]
    read: Mapped[int]
    kept: Mapped[int]
    repaired: Mapped[int]
    flagged: Mapped[int]
    refused: Mapped[int]
    summary: Mapped[dict[str, Any]] = mapped_column(JSONB)
    imported_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.now()
    )
    undoable: Mapped[bool] = mapped_column(server_default="false")
    undone_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class ImportChange(Identified, Base):
    """What a record was before an import changed it; kept for the last import of each kind.

    ``before`` holds every stored column as PostgreSQL writes it as text, ``shares`` the shares of
    a facility by community where the import states them. ``withheld`` holds the columns that ask
    for a right of their own, and asks for it too (gis/db/columns.py).
    """

    __tablename__ = "import_changes"

    area_code: Mapped[str] = mapped_column(index=True)
    import_id: Mapped[int] = mapped_column(
        ForeignKey("wangge.imports.id", ondelete="CASCADE"), index=True
    )
    record_id: Mapped[int] = mapped_column(BigInteger)
    before: Mapped[dict[str, Any]] = mapped_column(JSONB)
    shares: Mapped[dict[str, str] | None] = mapped_column(JSONB)
    withheld: Mapped[dict[str, str] | None] = mapped_column(JSONB)


class Run(Base):
    """One analysis run; results name it. Runs of the same ``input_digest`` have the same bits."""

    __tablename__ = "runs"
    __table_args__ = (
        one_of("analysis", Analysis),
        Index(  # an expression, because two nulls would count as different
            "uq_runs_line_revision",
            "analysis",
            "as_of",
            "area_code",
            text("coalesce(period, '')"),
            "revision",
            unique=True,
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    area_code: Mapped[str]
    analysis: Mapped[str]
    period: Mapped[str | None]
    as_of: Mapped[date] = mapped_column(Date)
    revision: Mapped[int] = mapped_column(server_default="1")
    policy_version: Mapped[str]
    policy_digest: Mapped[str]
    input_digest: Mapped[str]
    parameters: Mapped[dict[str, Any]] = mapped_column(JSONB)
    totals: Mapped[dict[str, Any]] = mapped_column(JSONB)
    ran_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
