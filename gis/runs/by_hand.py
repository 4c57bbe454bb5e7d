"""The record of origin for what somebody writes by hand: an import without a file."""

from sqlalchemy.orm import Session

from gis.runs.model import Import

FILE_NAME = "手工录入 / by hand"


def by_hand(session: Session, *, kind: str, area_code: str, rows: int = 1) -> Import:
    """Add the record that rows of ``kind`` written by hand name as their import."""
    record = Import(
        area_code=area_code, kind=kind, file_name=FILE_NAME, file_sha256="", frame="wgs84",
        read=rows, kept=rows, repaired=0, flagged=0, refused=0, summary={},
    )  # fmt: skip
    session.add(record)
    session.flush()
    return record
