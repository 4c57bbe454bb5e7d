"""The table of jobs; the queue beside it holds their numbers and nothing else."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, DateTime, Index, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from gis.db.base import Base, Identified, one_of


class JobKind(StrEnum):
    """What a job does."""

    IMPORT = "import"
    RUN = "run"
    EXPORT = "export"
    AUDIT = "audit"
    PREVIEW = "preview"
    POLICY = "policy"
    PLAQUES = "plaques"
    SHEET = "sheet"


FILES = frozenset({JobKind.EXPORT, JobKind.PLAQUES, JobKind.SHEET})  # what ends with a file


class JobState(StrEnum):
    """Where a job is; the last three are ends."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def ended(self) -> bool:
        """Whether nothing will change any more."""
        return self in {JobState.DONE, JobState.FAILED, JobState.CANCELLED}


class Job(Identified, Base):
    """One piece of work, as whoever asked for it; ``parameters`` and ``result`` are plain JSON.

    ``asked_as`` holds role, rights and areas of that user at the time of asking, and the id of the
    request, which the log of both has. ``attempts`` counts how often a worker took the job up,
    ``heartbeat_at`` is when one last worked on it.
    """

    __tablename__ = "jobs"
    __table_args__ = (
        one_of("kind", JobKind),
        one_of("state", JobState),
        CheckConstraint("progress BETWEEN 0 AND 1", name="progress_share"),
        CheckConstraint(
            "(finished_at IS NULL) = (state IN ('queued', 'running'))", name="finished_when_ended"
        ),
        Index("ix_jobs_asked_by", "asked_by", "id"),
    )

    area_code: Mapped[str] = mapped_column(index=True)
    kind: Mapped[str]
    parameters: Mapped[dict[str, Any]] = mapped_column(JSONB)
    asked_by: Mapped[str]
    asked_as: Mapped[dict[str, Any]] = mapped_column(JSONB)
    state: Mapped[str] = mapped_column(server_default=JobState.QUEUED.value)
    progress: Mapped[float] = mapped_column(server_default="0")
    message_zh: Mapped[str | None]
    message_en: Mapped[str | None]
    result: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    error_code: Mapped[str | None]
    cancel_asked: Mapped[bool] = mapped_column(server_default="false")
    attempts: Mapped[int] = mapped_column(server_default="0")
    heartbeat_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    started_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    finished_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
