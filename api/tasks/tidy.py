"""Nightly: files that nobody fetched, removed or names leave the home, expired photos the store."""

import shutil
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy.orm import Session

from api.house import House
from api.tasks import exports, imports
from api.worker_name import forget_dead
from data.ingest.report import workbook_name
from gis.dangers import store as dangers
from gis.health import store as health
from gis.uploads import store

_ARRIVING_S = 86_400  # a folder without a record may still be filling for so long


def run(house: House, session: Session, *, now: datetime) -> dict[str, int]:
    """Remove expired uploads and photos, folders that no upload owns, exports that have waited,
    and the names of dead workers.

    For whoever sees the whole district: a photo that stays unseen stays, and a folder of an upload
    that stays unseen looks like nobody's. Returns how many uploads, such folders, reports and
    photos left.
    """
    reports = _unnamed_reports(house, session)
    for report in reports:
        report.unlink(missing_ok=True)
    gone = store.expired(session, before=now - timedelta(days=house.settings.upload_kept_days))
    for one in gone:
        shutil.rmtree(imports.path_of(house, one).parent, ignore_errors=True)
        session.delete(one)
    session.flush()
    lost = _ownerless(house.settings.home / "uploads", store.folders(session), now)
    for folder in lost:
        shutil.rmtree(folder, ignore_errors=True)
    exports.forget(house)
    silence_s = house.settings.worker_silence_s
    forget_dead(
        house.settings.home, lambda one: health.worker_lives(session, one, silence_s=silence_s)
    )
    photos = dangers.forget_expired(session, now=now)
    return {
        "uploads": len(gone), "folders": len(lost), "reports": len(reports), "photos": photos,
    }  # fmt: skip


def _unnamed_reports(house: House, session: Session) -> list[Path]:
    """Reports that a killed worker wrote of an import which then came to no end.

    One that another job names, or that the command wrote of the same file later, is not nobody's.
    """
    folder, named = house.settings.home / "reports", store.workbooks(session)
    found = []
    for one in store.unreported(session):
        name = workbook_name(one.kind, Path(one.file_name), one.sha256, dry_run=one.dry_run)
        path = folder / name
        if name in named or not path.exists() or path in found:
            continue
        if path.stat().st_mtime <= one.finished_at.timestamp():
            found.append(path)
    return found


def _ownerless(uploads: Path, owned: frozenset[str], now: datetime) -> list[Path]:
    """Folders that a killed service left while a file was arriving."""
    oldest_s = now.timestamp() - _ARRIVING_S
    there = uploads.glob("*")
    return [one for one in there if one.name not in owned and one.stat().st_mtime < oldest_s]
