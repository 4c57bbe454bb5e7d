"""What the kill matrix has killed: each phase of each kind of work, and what is asked for it."""

import asyncio
import time
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from api import analyses, jobs
from api.analyses import Asked
from api.house import House, transaction
from api.policies import rulebook
from api.uploads import previews
from gis.jobs import service
from gis.jobs.model import JobKind
from gis.period import Period
from gis.publication import service as publication
from gis.runs.model import Analysis
from gis.uploads.model import Upload

ROWS = 40
COMMITTED = "committed, still in the queue"


class Case(StrEnum):
    """What is asked for: a kind of job, the preview of a month, or the calendar's asking for it."""

    IMPORT = "import"
    EXPORT = "export"
    RUN = "run"
    AUDIT = "audit"
    PREVIEW = "preview"
    POLICY = "policy"
    PLAQUES = "plaques"
    MONTH = "month"
    CALENDAR = "calendar"


_FINISH, _DO = "gis.jobs.store:finish", "api.tasks.perform:_do"
_SAVE_COVERAGE, _SAVE_RATING = "gis.facilities.service:save", "gis.safety.service:save"
_END = {
    "outcome written, not committed": (_FINISH, "after"),
    COMMITTED: (_DO, "after"),
}
# of each case its phases: function of the product at which the worker dies, before or after it
_STEPS: dict[Case, dict[str, tuple[str, str]]] = {
    Case.IMPORT: {
        "taken from the queue": ("api.jobs:perform", "before"),
        "started": (_DO, "before"),
        "opening the file": ("data.ingest.service:open_source", "after"),
        "staging": ("data.ingest.staging:copy", "after"),
        "checking": ("data.ingest.checks:settle_keys", "after"),
        "merging": ("data.ingest.merge:merge", "after"),
        "recording": ("data.ingest.undo:supersede", "after"),
        "writing the report": ("api.tasks.imports:_written", "after"),
        **_END,
    },
    Case.EXPORT: {
        "reading": ("api.files.outputs:write_export", "before"),
        "file without manifest": ("api.files.outputs:export", "after"),
        "file written": ("api.files.outputs:write_export", "after"),
        **_END,
    },
    Case.RUN: {
        "reading": ("api.analyses:hold_still", "after"),
        "computed": (_SAVE_COVERAGE, "before"),
        "stored": (_SAVE_COVERAGE, "after"),
        **_END,
    },
    Case.AUDIT: {
        "verified": ("api.audit.trail:verify", "after"),
        "head signed": ("api.audit.trail:sign_head", "after"),
        "old lines dropped": ("gis.audit.service:prune", "after"),
        **_END,
    },
    Case.PREVIEW: {
        "opening the file": ("data.ingest.preview:open_layer", "after"),
        "rows read": ("api.tasks.previews:preview", "after"),
        **_END,
    },
    Case.POLICY: {
        "draft read": ("api.policies.rulebook:draft", "after"),
        "rated by both": ("gis.facilities.service:coverage", "before"),
        "compared": ("api.policies.turns:turned", "after"),
        **_END,
    },
    Case.PLAQUES: {
        "codes kept": ("gis.publication.store:keep_labels", "after"),
        "plaques read": ("api.web.paper.plaques:taken", "after"),
        "sheets set": ("maps.plaque:book", "after"),
        "file written": ("api.tasks.plaques:_printed", "after"),
        **_END,
    },
    Case.MONTH: {
        "computed": (_SAVE_RATING, "before"),
        "stored": (_SAVE_RATING, "after"),
        **_END,
    },
    Case.CALENDAR: {
        "job asked for, not committed": ("gis.jobs.service:ask_once", "after"),
        COMMITTED: ("procrastinate.manager:JobManager.finish_job", "before"),
    },
}
PHASES: dict[str, tuple[Case, str, str]] = {
    (phase if case is Case.IMPORT else f"{case}: {phase}"): (case, *step)
    for case, steps in _STEPS.items()
    for phase, step in steps.items()
}
COMMUNITY = """
INSERT INTO areas (area_code, code, level, name, source_key, import_id, households)
SELECT '530102001001', '530102001001', 'community', '社区', 'k', max(id), 1000 FROM imports
"""
COMPOUND = """
INSERT INTO compounds (area_code, code, name, kind, households, households_as_of, source_key,
                       import_id, geom)
SELECT '530102001001', 'A', '小区', 'old', 300, '2026-03-31', 'k', max(id),
       ST_Multi(ST_MakeEnvelope(102.70, 25.04, 102.701, 25.041, 4326))
FROM imports
"""
INCIDENTS = """
INSERT INTO incidents (area_code, compound_code, occurred_at, category, source_key, import_id, geom)
SELECT '530102001001', 'A', '2024-07-01 12:00+08'::timestamptz + n * interval '5 days', 'theft',
       n, last, ST_SetSRID(ST_MakePoint(102.7005, 25.0405), 4326)
FROM generate_series(0, 160) AS n, (SELECT max(id) AS last FROM imports) AS imports
"""
OF_IT = "UPDATE facilities SET area_code = '530102001001'"
STRICTER = 'version = "t"\n[rules.FAC-1]\nm2_per_100_households = 3000.0\n'
QUARTER, LAST_DAY = "2026Q2", date(2026, 6, 30)
PLAIN: dict[Case, dict[str, Any]] = {
    Case.RUN: {"analysis": "coverage", "as_of": "2026-09-30"},
    Case.MONTH: {"analysis": "rating", "period": "2026-08"},
    Case.PLAQUES: {"period": QUARTER, "purpose": "soak"},
}
SECOND_OF_SEPTEMBER = int(datetime(2026, 9, 2, 18, 30, tzinfo=UTC).timestamp())


def ask(house: House, engine: Engine, case: Case) -> None:
    """Put the work of ``case`` into the queue, and what it works on into the store."""
    with transaction(engine) as session:
        if case is not Case.IMPORT:
            session.execute(text(COMMUNITY))
        if case in {Case.POLICY, Case.MONTH, Case.CALENDAR, Case.PLAQUES}:
            session.execute(text(COMPOUND))
            session.execute(text(INCIDENTS))
            session.execute(text(OF_IT))
        if case is Case.PLAQUES:
            _publish(house, session)
        if case is Case.PREVIEW:
            previews.ask(session, house, _upload(house, session))
        elif case is not Case.CALENDAR:
            kind = JobKind.RUN if case is Case.MONTH else JobKind(case.value)
            parameters = _parameters(house, session, case)
            service.ask(session, kind, parameters, district_code=house.district.code)
    if case is Case.CALENDAR:
        asyncio.run(_due(house, engine))


async def _due(house: House, engine: Engine) -> None:
    """What the queue does by itself in the evening of the second of a month."""
    app = jobs.queue(house, engine)
    async with app.open_async():
        task = app.configure_task(f"{jobs.QUEUE}.monthly_preview")
        await task.defer_async(timestamp=SECOND_OF_SEPTEMBER)


def _parameters(house: House, session: Session, case: Case) -> dict[str, Any]:
    match case:
        case Case.IMPORT:
            return {"upload_id": _upload(house, session).id, "dry_run": False}
        case Case.EXPORT:
            asked = {"layer": "facilities", "format": "csv", "area": "", "as_of": "2026-09-30"}
            return asked | {"internal": False}
        case Case.POLICY:
            return {"draft": rulebook.keep_draft(house.settings.home, STRICTER)}
        case _:
            return PLAIN.get(case, {})


def _publish(house: House, session: Session) -> None:
    """A quarter whose one compound gets a plaque."""
    analyses.run(session, house, Analysis.RATING, Asked(Period.parse(QUARTER), LAST_DAY))
    cycle = publication.open_cycle(session, district=house.district, period=QUARTER)
    turned = publication.changes(session, cycle)["code"].tolist()
    publication.confirm(session, cycle.id, turned)
    publication.publish(session, cycle.id, issuer="soak")


def _upload(house: House, session: Session) -> Upload:
    """A file of facilities that somebody has sent."""
    path = house.settings.home / "uploads" / f"{time.monotonic_ns()}" / "facilities.csv"
    path.parent.mkdir(parents=True)
    rows = [f"{n},站{n},service_station,20,{102.70 + n / 10_000},25.04" for n in range(ROWS)]
    path.write_text("\n".join(["key,name,function,area_m2,lon,lat", *rows, ""]), encoding="utf-8")
    upload = Upload(
        area_code=house.district.code, asked_by="soak", kind="facilities", file_name=path.name,
        folder=path.parent.name, options={"frame": "wgs84"}, size_bytes=path.stat().st_size,
        sha256="0" * 64,
    )  # fmt: skip
    session.add(upload)
    session.flush()
    return upload
