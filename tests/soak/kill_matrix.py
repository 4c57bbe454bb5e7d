"""kill -9 of a worker in each phase of each kind of job: what the next one finds.

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
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import store_of_its_own
from kill_cases import COMMITTED, PHASES, ROWS, Case, ask
from sqlalchemy import Engine, delete, text

from api import jobs
from api.audit import trail
from api.house import House, transaction
from gis.audit import heads
from gis.schema import METADATA

SILENCE_S = 1.0
FOUND = {Case.PREVIEW: 20, Case.POLICY: 1}  # rows seen, divisions turned: what the outcome tells
STORED = {Case.RUN, Case.MONTH, Case.CALENDAR, Case.PLAQUES}  # where one run is stored
FILED = {Case.EXPORT, Case.PLAQUES}  # what leaves one file
FOR_GOOD = {Case.PLAQUES}  # what is published stays: each phase has a store of its own


@dataclass(frozen=True)
class Seen:
    """The store and the home at one moment."""

    rows: int
    imports: int
    state: str
    attempts: int
    queued: int
    runs: int
    asked: int
    told: int
    labels: int
    exported: int
    heads: int


def main(out: Path, only: str = "") -> int:
    """Kill in every phase, or those whose name begins with ``only``; returns the exit code."""
    found = {}
    settings = {"worker_silence_s": SILENCE_S, "preview_job_bytes": 1}
    wanted = [one for one in PHASES if one.startswith(only)]
    alone = [[one] for one in wanted if PHASES[one][0] in FOR_GOOD]
    for phases in ([one for one in wanted if [one] not in alone], *alone):
        with store_of_its_own.house(**settings) as house, house.store() as engine:
            for phase in phases:
                found[phase] = killed(house, engine, phase)
                sys.stdout.write(f"{phase:40} {found[phase]}\n")
                sys.stdout.flush()
    whole = all(one["whole"] for one in found.values())
    told = {"phases": found, "whole": whole, "silence_s": SILENCE_S}
    out.write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return 0 if whole else 1


def killed(house: House, engine: Engine, phase: str) -> dict[str, Any]:
    """Kill a worker in ``phase``, let the next one work; what was seen."""
    case, _, _ = PHASES[phase]
    _emptied(house, engine)
    if case is not Case.IMPORT:
        ask(house, engine, Case.IMPORT)
        jobs.work(house, engine, wait=False)
    ask(house, engine, case)
    before = _seen(house, engine)
    died_of = _worker(house, phase)
    between = _seen(house, engine)
    begun = time.monotonic()
    while _seen(house, engine).queued and time.monotonic() < begun + 60:
        time.sleep(SILENCE_S / 4)  # the dead worker's silence, then its job comes up again
        _worker(house, None)
    taken_s = time.monotonic() - begun
    after = _seen(house, engine)
    with transaction(engine) as session:
        trail_whole = not trail.verify(session, house).findings
    whole = (
        died_of == -signal.SIGKILL
        and (phase.endswith(COMMITTED) or untouched(before, between))
        and trail_whole
        and done(case, after)
        and (after.heads > before.heads) == (case is Case.AUDIT)
        and after.asked - before.asked == (case is Case.CALENDAR)
    )
    return {
        "whole": whole, "state_after_kill": between.state, "rows_after_kill": between.rows,
        "attempts": after.attempts, "rows": after.rows, "imports": after.imports,
        "files": after.exported, "codes": after.labels, "runs": after.runs,
        "heads_signed": after.heads - before.heads,
        "asked": after.asked - before.asked, "told": after.told,
        "seconds_until_done": round(taken_s, 1),
    }  # fmt: skip


def untouched(before: Seen, between: Seen) -> bool:
    """Whether the worker that died has left nothing in the store."""
    of_both = (
        (one.rows, one.imports, one.runs, one.asked, one.told, one.labels)
        for one in (before, between)
    )
    return next(of_both) == next(of_both)


def done(case: Case, after: Seen) -> bool:
    """Whether all is there that was asked for, once."""
    return (after.state, after.rows, after.imports, after.queued, after.told) == (
        "done", ROWS, 1, 0, FOUND.get(case, 0),
    ) and (after.exported, after.runs, after.labels) == (
        case in FILED, case in STORED, case is Case.PLAQUES
    )  # fmt: skip


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


def _deadly(module: Any, path: str, *, before: bool) -> None:
    *outer, name = path.split(".")
    held = module
    for one in outer:
        held = getattr(held, one)
    real = getattr(held, name)

    def dying(*args: Any, **kwargs: Any) -> None:
        if not before:
            real(*args, **kwargs)
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(held, name, dying)


def _emptied(house: House, engine: Engine) -> None:
    with transaction(engine) as session:
        for table in (
            "uploads", "jobs", "runs", "incidents", "compounds", "areas", "facilities",
            "import_changes", "imports",
        ):  # fmt: skip
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
                       (SELECT count(*) FROM runs), (SELECT count(*) FROM jobs),
                       coalesce(jsonb_array_length(result -> 'preview' -> 'rows'),
                                (result -> 'divisions' ->> 'all')::integer, 0),
                       (SELECT count(*) FROM plaque_labels)
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
