"""Exports as jobs: a private file below the home that leaves after some days."""

import secrets
import shutil
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from api.files import outputs
from api.house import House
from api.tasks.work import Work
from data.export.model import Format
from data.export.service import suffix
from gis.errors import Stopped
from gis.jobs import store
from gis.layers.service import Scope

KEPT_DAYS = 7


def run(work: Work, session: Session) -> Mapping[str, Any]:
    """Write the layer that was asked for; the result names its file."""
    return kept(work, session, lambda folder: _written(work, session, folder))


def _written(work: Work, session: Session, folder: Path) -> tuple[Path, int]:
    asked, form = work.parameters, Format(work.parameters["format"])
    as_of = asked.get("as_of")
    scope = Scope(
        area_prefix=work.house.district.prefix_of(asked["area"]), period=asked.get("period"),
        as_of=date.fromisoformat(as_of) if as_of else None, internal=bool(asked["internal"]),
    )  # fmt: skip
    work.say(0.1, "读取图层", "reading the layer")
    return outputs.write_export(
        session, work.house, asked["layer"], scope, form,
        folder / f"{asked['layer']}{suffix(form)}", purpose=asked.get("purpose"),
        where=(asked["column"], asked["value"] or "") if asked.get("column") else None,
    )  # fmt: skip


def kept(
    work: Work, session: Session, write: Callable[[Path], tuple[Path, int]]
) -> Mapping[str, Any]:
    """The result of a job whose file ``write`` makes in a private folder and counts the rows of.

    What a killed worker left of the same job leaves; raises Stopped where another was first.
    """
    forget(work.house)
    folder = folder_of(work.house) / f"{work.job.id}-{secrets.token_hex(16)}"
    folder.mkdir(mode=0o700, parents=True)
    try:
        written, rows = write(folder)
        written.chmod(0o600)
        work.say(0.95, "收尾", "finishing")
        if not store.hold(session, work.job.id):  # another worker's file is the job's
            raise Stopped
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    for left in folder_of(work.house).glob(f"{work.job.id}-*"):  # by a worker that was killed
        if left != folder:
            shutil.rmtree(left, ignore_errors=True)
    return {"file": f"{folder.name}/{written.name}", "rows": rows, "kept_days": KEPT_DAYS}


def folder_of(house: House) -> Path:
    """Where exported files wait."""
    return house.settings.home / "exports"


def forget(house: House) -> None:
    """Remove files that have waited long enough, and what given-up jobs left."""
    oldest_s = time.time() - KEPT_DAYS * 86_400
    for folder in folder_of(house).glob("*"):
        with suppress(FileNotFoundError):  # another worker has removed it
            if folder.stat().st_mtime < oldest_s:
                shutil.rmtree(folder, ignore_errors=True)
