"""The only SQL about uploads and saved mappings."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from gis.db import sql
from gis.uploads.model import ImportProfile, Upload

_SQL = sql.load("gis.uploads")


@dataclass(frozen=True)
class Unreported:
    """An import that ended without a result; its killed worker may have written a report."""

    kind: str
    file_name: str
    sha256: str
    finished_at: datetime
    dry_run: bool


def add(session: Session, upload: Upload) -> Upload:
    """Write a new upload."""
    session.add(upload)
    session.flush()
    session.refresh(upload)
    return upload


def get(session: Session, upload_id: int, *, locked: bool = False) -> Upload | None:
    """One upload; ``locked`` until the transaction ends, and then as it is by now."""
    return session.get(Upload, upload_id, populate_existing=locked, with_for_update=locked or None)


def listed(session: Session, *, before: int | None, most: int) -> list[Upload]:
    """Uploads, the newest first."""
    ids = session.execute(_SQL["listed"], {"before": before, "most": most}).scalars()
    return [session.get_one(Upload, id_) for id_ in ids]


def expired(session: Session, *, before: datetime) -> list[Upload]:
    """Uploads that were sent before then and that no unfinished job reads."""
    ids = session.execute(_SQL["expired"], {"before": before}).scalars()
    return [session.get_one(Upload, id_) for id_ in ids]


def folders(session: Session) -> frozenset[str]:
    """The folders of all uploads that the session's user may see."""
    return frozenset(session.execute(_SQL["folders"]).scalars())


def unreported(session: Session) -> list[Unreported]:
    """Imports of uploads that ended without a result."""
    return [Unreported(**row) for row in session.execute(_SQL["unreported"]).mappings()]


def workbooks(session: Session) -> frozenset[str]:
    """The names of all reports that a job's result names."""
    return frozenset(session.execute(_SQL["workbooks"]).scalars())


def profiles(session: Session, kind: str | None) -> list[ImportProfile]:
    """Saved mappings by kind and name."""
    ids = session.execute(_SQL["profiles"], {"kind": kind}).scalars()
    return [session.get_one(ImportProfile, id_) for id_ in ids]


def save_profile(
    session: Session, *, area_code: str, kind: str, name: str, mapping: Mapping[str, str]
) -> ImportProfile:
    """Save a mapping, in place of one of the same name."""
    values = {"area_code": area_code, "kind": kind, "name": name}
    text = json.dumps(dict(mapping), ensure_ascii=False)
    id_ = session.execute(_SQL["save_profile"], {**values, "mapping": text}).scalar_one()
    return session.get_one(ImportProfile, id_, populate_existing=True)
