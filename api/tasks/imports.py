"""Imports of uploaded files as jobs: on trial or for good."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from api.house import House
from api.tasks.work import Failed, Work
from data.ingest.report import ImportReport, unopened
from data.ingest.service import import_file
from data.ingest.types import Kind, Options
from gis.access.rights import Capability
from gis.audit import service as audit
from gis.errors import ImportRefused, NotFound
from gis.facts import service as facts
from gis.runs import store as runs
from gis.uploads import store
from gis.uploads.model import Upload

# Whose records a kind are: whoever may write those sends, takes in and undoes files of it.
CAPABILITY: Mapping[Kind, Capability] = {
    Kind.AREAS: Capability.AREAS, Kind.GRIDS: Capability.GRIDS, Kind.POSTS: Capability.GRIDS,
    Kind.COMPOUNDS: Capability.COMPOUNDS, Kind.HOUSEHOLDS: Capability.AREAS,
    Kind.BUILDINGS: Capability.COMPOUNDS, Kind.FACILITIES: Capability.FACILITIES,
    Kind.INCIDENTS: Capability.INCIDENTS, Kind.DWELLINGS: Capability.RENTAL,
    Kind.CAMERAS: Capability.VIDEO, Kind.CAMERA_STATUS: Capability.VIDEO,
    Kind.PRIVATE_PLACES: Capability.VIDEO, Kind.STREETS: Capability.AREAS,
    Kind.EVALUATIONS: Capability.REPORTS,
}  # fmt: skip
_STAGES = {  # stage: where it begins and ends on the way from 0 to 1, words
    "read": (0.0, 0.6, "读取", "reading"),
    "check": (0.6, 0.7, "检查", "checking"),
    "place": (0.7, 0.8, "落位", "placing"),
    "write": (0.8, 1.0, "写入", "writing"),
}


def path_of(house: House, upload: Upload) -> Path:
    """Where an uploaded file lies."""
    return house.settings.home / "uploads" / upload.folder / upload.file_name


def options_of(upload: Upload) -> Options:
    """What was said about an uploaded file."""
    said = upload.options
    return Options(
        frame=said.get("frame"), encoding=said.get("encoding"), layer=said.get("layer"),
        mapping=said.get("mapping", {}),
    )  # fmt: skip


def run(work: Work, session: Session) -> Mapping[str, Any]:
    """Take the upload of ``upload_id`` in, or only say what would come of it (``dry_run``)."""
    upload = store.get(session, work.parameters["upload_id"])
    if upload is None:
        raise NotFound("upload", work.parameters["upload_id"])
    house, kind, path = work.house, Kind(upload.kind), path_of(work.house, upload)
    dry_run = bool(work.parameters["dry_run"])
    line = None
    if not dry_run:
        facts.claim(session, house.district)
        line = audit.note(session, event="import", target=kind, detail={"upload": upload.id})
    try:
        report = import_file(
            session, path, kind, options_of(upload), house.district, dry_run=dry_run,
            progress=_progress(work),
        )  # fmt: skip
    except ImportRefused as refusal:
        found = refusal.report
        told = found if isinstance(found, ImportReport) else unopened(path, kind, refusal)
        result = {} if told is None else _written(house, told)
        raise Failed(refusal.code, str(refusal), result) from refusal
    if line is not None:
        line.rows = report.kept
    changed = not dry_run and report.inserted + report.updated + report.closed > 0
    import_id = runs.latest_import(session, kind) if changed else None
    return _written(house, report) | {"import_id": import_id}


def _progress(work: Work) -> Any:
    def progress(stage: str, done: int, rows: int | None) -> None:
        begin, end, zh, en = _STAGES[stage]
        share = begin + (end - begin) * (done / rows if rows else 0)
        work.say(share, f"{zh} {done:,}", f"{en} {done:,}")

    return progress


def _written(house: House, report: ImportReport) -> dict[str, Any]:
    """The report as JSON and, in ``workbook``, the name of the same as a file."""
    path = report.write_xlsx(house.settings.home / "reports")
    return {"report": report.as_json(), "workbook": path.name}
