"""kill -9 of a worker in each phase of an import, export, run and audit: what the next one finds.

    python tests/soak/kill_matrix.py OUT.json [PHASES THAT BEGIN SO]

A real worker process dies by SIGKILL at a named step of the real work; looked at are the store and
the home right after, and once the next worker has done the job. Exit code 1 where anything was
half-done, done twice or not done.
"""

import json
import os
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import store_of_its_own
from sqlalchemy import Engine, delete, text

from api import jobs
from api.audit import trail
from api.house import House, transaction
from gis.audit import heads
from gis.jobs import service
from gis.jobs.model import JobKind
from gis.schema import METADATA
from gis.uploads.model import Upload

SILENCE_S = 1.0
ROWS = 40
# phase: kind of job, function of the product at which the worker dies, before or after it
PHASES: dict[str, tuple[JobKind, str, str]] = {
    "taken from the queue": (JobKind.IMPORT, "api.jobs:perform", "before"),
    "started": (JobKind.IMPORT, "api.tasks.perform:_do", "before"),
    "opening the file": (JobKind.IMPORT, "data.ingest.service:open_source", "after"),
    "staging": (JobKind.IMPORT, "data.ingest.staging:copy", "after"),
    "checking": (JobKind.IMPORT, "data.ingest.checks:settle_keys", "after"),
    "merging": (JobKind.IMPORT, "data.ingest.merge:merge", "after"),
    "recording": (JobKind.IMPORT, "data.ingest.undo:supersede", "after"),
    "writing the report": (JobKind.IMPORT, "api.tasks.imports:_written", "after"),
    "outcome written, not committed": (JobKind.IMPORT, "gis.jobs.store:finish", "after"),
    "committed, still in the queue": (JobKind.IMPORT, "api.tasks.perform:_do", "after"),
    "export: reading": (JobKind.EXPORT, "api.files.outputs:write_export", "before"),
    "export: file without manifest": (JobKind.EXPORT, "api.files.outputs:export", "after"),
    "export: file written": (JobKind.EXPORT, "api.files.outputs:write_export", "after"),
    "export: outcome written, not committed": (JobKind.EXPORT, "gis.jobs.store:finish", "after"),
    "export: committed, still in the queue": (JobKind.EXPORT, "api.tasks.perform:_do", "after"),
    "run: reading": (JobKind.RUN, "api.analyses:hold_still", "after"),
    "run: computed": (JobKind.RUN, "gis.facilities.service:save", "before"),
    "run: stored": (JobKind.RUN, "gis.facilities.service:save", "after"),
    "run: outcome written, not committed": (JobKind.RUN, "gis.jobs.store:finish", "after"),
    "run: committed, still in the queue": (JobKind.RUN, "api.tasks.perform:_do", "after"),
    "audit: verified": (JobKind.AUDIT, "api.audit.trail:verify", "after"),
    "audit: head signed": (JobKind.AUDIT, "api.audit.trail:sign_head", "after"),
    "audit: old lines dropped": (JobKind.AUDIT, "gis.audit.service:prune", "after"),
    "audit: outcome written, not committed": (JobKind.AUDIT, "gis.jobs.store:finish", "after"),
    "audit: committed, still in the queue": (JobKind.AUDIT, "api.tasks.perform:_do", "after"),
}
COMMUNITY = """
INSERT INTO areas (area_code, code, level, name, source_key, import_id)
SELECT '530102001001', '530102001001', 'community', '社区', 'k', max(id) FROM imports
"""
COMMITTED = "committed, still in the queue"


@dataclass(frozen=True)
class Seen:
    """The store and the home at one moment."""

    rows: int
    imports: int
    state: str
    attempts: int
    queued: int
    runs: int
    exported: int
    heads: int


def main(out: Path, only: str = "") -> int:
    """Kill in every phase, or those whose name begins with ``only``; returns the exit code."""
    found = {}
    with store_of_its_own.house(worker_silence_s=SILENCE_S) as house, house.store() as engine:
        for phase in (one for one in PHASES if one.startswith(only)):
            found[phase] = killed(house, engine, phase)
            sys.stdout.write(f"{phase:40} {found[phase]}\n")
            sys.stdout.flush()
    whole = all(one["whole"] for one in found.values())
    told = {"phases": found, "whole": whole, "silence_s": SILENCE_S}
    out.write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return 0 if whole else 1


def killed(house: House, engine: Engine, phase: str) -> dict[str, Any]:
    """Kill a worker in ``phase``, let the next one work; what was seen."""
    kind, _, _ = PHASES[phase]
    _emptied(house, engine)
    if kind is not JobKind.IMPORT:
        _asked(house, engine, JobKind.IMPORT)
        jobs.work(house, engine, wait=False)
    _asked(house, engine, kind)
    before = _seen(house, engine)
    died_of = _worker(house, phase)
    between = _seen(house, engine)
    begun = time.monotonic()
    while _seen(house, engine).queued and time.monotonic() < begun + 60:
        time.sleep(SILENCE_S / 4)  # the dead worker's silence, then its job comes up again
        _worker(house, None)
    taken_s = time.monotonic() - begun
    after = _seen(house, engine)
    committed = phase.endswith(COMMITTED)
    untouched = (between.rows, between.imports, between.runs) == (
        before.rows, before.imports, before.runs,
    )  # fmt: skip
    with transaction(engine) as session:
        trail_whole = not trail.verify(session, house).findings
    whole = (
        died_of == -signal.SIGKILL
        and (committed or untouched)
        and trail_whole
        and (after.state, after.rows, after.imports, after.queued) == ("done", ROWS, 1, 0)
        and (after.exported, after.runs) == (kind is JobKind.EXPORT, kind is JobKind.RUN)
        and (after.heads > before.heads) == (kind is JobKind.AUDIT)
    )
    return {
        "whole": whole, "state_after_kill": between.state, "rows_after_kill": between.rows,
        "attempts": after.attempts, "rows": after.rows, "imports": after.imports,
        "files": after.exported, "runs": after.runs, "heads_signed": after.heads - before.heads,
        "seconds_until_done": round(taken_s, 1),
    }  # fmt: skip


def _worker(house: House, phase: str | None) -> int:
    """A worker process until the queue is empty or it dies; the signal of its death, negative."""
    pid = os.fork()
    if pid == 0:
        try:
            if phase:
                _, where, when = PHASES[phase]
                module, name = where.split(":")
                _deadly(import_module(module), name, before=when == "before")
            with house.store() as engine:
                jobs.work(house, engine, wait=False)
        finally:
            os._exit(1)  # the parent's server and folder are the parent's to remove
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def _deadly(module: Any, name: str, *, before: bool) -> None:
    real = getattr(module, name)

    def dying(*args: Any, **kwargs: Any) -> None:
        if not before:
            real(*args, **kwargs)
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(module, name, dying)


def _asked(house: House, engine: Engine, kind: JobKind) -> None:
    with transaction(engine) as session:
        parameters = dict(_parameters(house, session, kind))
        service.ask(session, kind, parameters, district_code=house.district.code)


def _parameters(house: House, session: Any, kind: JobKind) -> Iterator[tuple[str, Any]]:
    if kind is JobKind.AUDIT:
        return
    if kind is JobKind.RUN:
        session.execute(text(COMMUNITY))
        yield from {"analysis": "coverage", "as_of": "2026-09-30"}.items()
        return
    if kind is JobKind.EXPORT:
        asked = {"layer": "facilities", "format": "csv", "area": "", "as_of": "2026-09-30"}
        yield from (asked | {"internal": False}).items()
        return
    path = house.settings.home / "uploads" / f"{time.monotonic_ns()}" / "facilities.csv"
    path.parent.mkdir(parents=True)
    rows = [f"{n},站{n},service_centre,9,{102.70 + n / 10_000},25.04" for n in range(ROWS)]
    path.write_text("\n".join(["key,name,function,area_m2,lon,lat", *rows, ""]), encoding="utf-8")
    upload = Upload(
        area_code=house.district.code, asked_by="soak", kind="facilities", file_name=path.name,
        folder=path.parent.name, options={"frame": "wgs84"}, size_bytes=path.stat().st_size,
        sha256="0" * 64,
    )  # fmt: skip
    session.add(upload)
    session.flush()
    yield from {"upload_id": upload.id, "dry_run": False}.items()


def _emptied(house: House, engine: Engine) -> None:
    with transaction(engine) as session:
        for table in (
            "uploads",
            "jobs",
            "runs",
            "areas",
            "facilities",
            "import_changes",
            "imports",
        ):
            session.execute(delete(METADATA.tables[f"wangge.{table}"]))
        session.execute(text("DELETE FROM procrastinate.procrastinate_jobs"))
    for folder in (house.settings.home / "exports").glob("*"):
        for file in folder.iterdir():
            file.unlink()
        folder.rmdir()


def _seen(house: House, engine: Engine) -> Seen:
    with transaction(engine) as session:
        one = session.execute(
            text("""
                SELECT (SELECT count(*) FROM facilities), (SELECT count(*) FROM imports),
                       state, attempts,
                       (SELECT count(*) FROM procrastinate.procrastinate_jobs),
                       (SELECT count(*) FROM runs)
                FROM jobs ORDER BY id DESC LIMIT 1
            """)
        ).one()
    signed = house.settings.home / heads.HEADS_FILE
    return Seen(
        *one,
        exported=len(list((house.settings.home / "exports").glob("*"))),
        heads=len(signed.read_text("utf-8").splitlines()) if signed.exists() else 0,
    )


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), *sys.argv[2:]))
