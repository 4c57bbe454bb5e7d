"""Tables of uploads and of saved column mappings."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, DateTime, ForeignKey, UniqueConstraint, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from gis.db.base import Base, Identified


class Upload(Identified, Base):
    """One file on its way in: preview, mapping, dry run, commit.

    ``folder`` is its folder below ``<home>/uploads``, ``options`` what was said about it (frame,
    encoding, layer, mapping). ``trial_job`` and ``commit_job`` are the last jobs that read it,
    ``preview_job`` the last that looked at it, where it is large: a trigger empties its result
    when the upload goes or has another one.
    """

    __tablename__ = "uploads"
    __table_args__ = (CheckConstraint("size_bytes > 0", name="size"),)

    area_code: Mapped[str] = mapped_column(index=True)
    asked_by: Mapped[str]
    kind: Mapped[str]
    file_name: Mapped[str]
    folder: Mapped[str] = mapped_column(unique=True)
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str]
    options: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    trial_job: Mapped[int | None] = mapped_column(ForeignKey("wangge.jobs.id"))
    commit_job: Mapped[int | None] = mapped_column(ForeignKey("wangge.jobs.id"))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    preview_job: Mapped[int | None] = mapped_column(ForeignKey("wangge.jobs.id"))

    @property
    def newest_job(self) -> int | None:
        """The trial or the commit, whichever was asked for last: jobs count upwards."""
        return max(filter(None, (self.trial_job, self.commit_job)), default=None)


class ImportProfile(Identified, Base):
    """A mapping that was saved under a name: which column feeds which field of a kind."""

    __tablename__ = "import_profiles"
    __table_args__ = (UniqueConstraint("area_code", "kind", "name"),)

    area_code: Mapped[str] = mapped_column(index=True)
    kind: Mapped[str]
    name: Mapped[str]
    mapping: Mapped[dict[str, str]] = mapped_column(JSONB)
