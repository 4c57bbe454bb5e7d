"""Nightly: files that nobody fetched or removed leave the home, expired photos the store."""

import shutil
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy.orm import Session

from api.house import House
from api.tasks import exports, imports
from gis.dangers import store as dangers
from gis.uploads import store

_ARRIVING_S = 86_400  # a folder without a record may still be filling for so long


def run(house: House, session: Session, *, now: datetime) -> dict[str, int]:
    """Remove expired uploads and photos, folders that no upload owns, exports that have waited.

    For whoever sees the whole district: a photo that stays unseen stays, and a folder of an upload
    that stays unseen looks like nobody's. Returns how many uploads, such folders and photos left.
    """
    gone = store.expired(session, before=now - timedelta(days=house.settings.upload_kept_days))
    for one in gone:
        shutil.rmtree(imports.path_of(house, one).parent, ignore_errors=True)
        session.delete(one)
    session.flush()
    lost = _ownerless(house.settings.home / "uploads", store.folders(session), now)
    for folder in lost:
        shutil.rmtree(folder, ignore_errors=True)
    exports.forget(house)
    photos = dangers.forget_expired(session, now=now)
    return {"uploads": len(gone), "folders": len(lost), "photos": photos}


def _ownerless(uploads: Path, owned: frozenset[str], now: datetime) -> list[Path]:
    """Folders that a killed service left while a file was arriving."""
    oldest_s = now.timestamp() - _ARRIVING_S
    there = uploads.glob("*")
    return [one for one in there if one.name not in owned and one.stat().st_mtime < oldest_s]
