"""The table of the audit trail, partitioned by month, and its columns' limits."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, DateTime, LargeBinary
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from gis.db.base import Base


class AuditEntry(Base):
    """One line; written by the function ``append_audit`` alone, never changed.

    ``hash`` is the SHA-256 of the previous line's hash and this line's canonical text
    (`gis.audit.analysis.canonical`). ``area_code`` is empty where the whole district is meant.
    """

    __tablename__ = "audit_entries"
    __table_args__ = (
        CheckConstraint("length(purpose) <= 500", name="purpose_length"),
        CheckConstraint("octet_length(CAST(detail AS text)) <= 16384", name="detail_length"),
        CheckConstraint("rows >= 0", name="counts"),
        CheckConstraint("length(hash) = 32", name="hash_length"),
        {"postgresql_partition_by": "RANGE (at)"},
    )

    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), primary_key=True)
    user_id: Mapped[str]
    role: Mapped[str | None]
    address: Mapped[str]
    request_id: Mapped[str]
    event: Mapped[str]
    target: Mapped[str]
    area_code: Mapped[str]
    rows: Mapped[int | None] = mapped_column(BigInteger)
    result: Mapped[str]
    purpose: Mapped[str | None]
    detail: Mapped[dict[str, Any]] = mapped_column(JSONB)
    hash: Mapped[bytes] = mapped_column(LargeBinary)
