"""Takes a file into the store: read, stage, check, place, merge; one transaction, no commit."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psycopg2
from sqlalchemy import Table
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from data.ingest import checks
from data.ingest.answers import Answers
from data.ingest.read import open_source
from data.ingest.refusal import constraint, driver_error
from data.ingest.report import ImportReport
from data.ingest.targets import TARGETS
from data.ingest.types import Kind, Options, Source
from data.ingest.work import Progress, Work, silent
from gis.audit import service as audit
from gis.db import statistics
from gis.db.engine import store_error
from gis.district import District
from gis.errors import BadInput, ImportRefused


def import_file(
    session: Session,
    path: Path,
    kind: Kind,
    options: Options,
    district: District,
    *,
    dry_run: bool = False,
    progress: Progress | None = None,
) -> ImportReport:
    """Take the file at ``path`` in as ``kind``; see `import_source`."""
    try:
        source = open_source(path, kind, options, district)
    except BadInput as exc:
        detail = {"reason": exc.code}
        audit.note(session, event="import", target=kind.value, result="refused", detail=detail)
        raise
    if kind is not Kind.CAMERAS:
        return import_source(session, source, kind, district, dry_run=dry_run, progress=progress)
    answers = Answers()

    def observe(report: ImportReport, staged: Table) -> ImportReport:
        sheet = answers.source(source.facts, district, checks.keys(session, staged))
        if sheet is None:
            return report
        try:
            seen = import_source(session, sheet, Kind.CAMERA_STATUS, district, dry_run=dry_run)
        except ImportRefused as refusal:  # of the answers alone: the points are kept
            return replace(report, remarks=(*report.remarks, str(refusal)))
        return replace(report, observations=seen)

    watched = replace(source, chunks=answers.watch(source.chunks))
    return import_source(
        session, watched, kind, district, dry_run=dry_run, progress=progress, then=observe
    )


def import_source(
    session: Session,
    source: Source,
    kind: Kind,
    district: District,
    *,
    dry_run: bool = False,
    progress: Progress | None = None,
    then: Callable[[ImportReport, Table], ImportReport] | None = None,
) -> ImportReport:
    """Take an opened file in as ``kind``, within the caller's transaction.

    Importing equal rows again changes nothing. A row that cannot be kept is refused by itself and
    named in the report. With ``dry_run`` the report is the same and the store unchanged. ``then``
    is called with the staged rows when they are in, stands or falls with them, and adds to the
    report.

    Raises
    ------
    ImportRefused
        Nothing can be kept (``nothing_kept``), or the store refused a row that passed every check
        (``constraint``); the store is as before, and ``report`` of the error has the rows.
    StoreUnavailable
        The store went away or is full.
    Forbidden
        The kind has columns that the user may not read.
    """
    TARGETS[kind].demand(session.info["user"])
    line = audit.note(
        session, event="import_dry_run" if dry_run else "import", target=kind.value,
        area_code=district.code, detail={"sha256": source.facts.sha256},
    )  # fmt: skip
    work = Work(session, source.facts, TARGETS[kind], district, progress or silent)
    savepoint = session.begin_nested()
    try:
        report = work.run(source.chunks)
        report = then(report, work.staged) if then else report
    except ImportRefused as refusal:
        savepoint.rollback()
        line.result, line.detail["reason"] = "refused", refusal.code
        refusal.report = work.refused(refusal)
        raise
    except (DBAPIError, psycopg2.Error) as error:
        if (unavailable := store_error(driver_error(error))) is not None:
            raise unavailable from error
        savepoint.rollback()
        if (rule := constraint(error)) is not None:
            raise rule from error
        raise
    except BaseException:
        if savepoint.is_active:
            savepoint.rollback()
        raise
    line.rows = report.kept
    line.detail |= report.counts()
    if dry_run:
        savepoint.rollback()
        return replace(report, dry_run=True, import_id=None)
    savepoint.commit()
    if report.inserted:
        statistics.refresh(session, *(table.name for table in work.target.tables))
    return report
