"""``wangge demo``: the whole line at once, from generated files to maps and exports."""

import json
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from api import analyses
from api.analyses import Asked, Outcome
from api.demo import accounts as demo_accounts
from api.demo import stamps
from api.demo.files import Made, maps_apart
from api.house import House, transaction
from api.output import say
from data.demo import DemoFiles, Size, generate
from data.ingest.formats import digest
from data.ingest.service import import_file
from data.ingest.types import Options
from gis.facts import service as facts
from gis.facts.store import row_counts
from gis.runs.model import Analysis
from gis.runs.store import taken_in
from gis.timeline import service as timeline


@dataclass
class Clock:
    """Seconds by step, for the summary."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Measure one step and say how long it took."""
        started = time.perf_counter()
        yield
        self.note(name, time.perf_counter() - started)

    def note(self, name: str, seconds: float) -> None:
        """Say how long a step took."""
        self.seconds[name] = round(seconds, 2)
        say(f"  {name:<10} {self.seconds[name]:>7.2f} s")


@dataclass(frozen=True)
class Demo:
    """What one demo run made; ``summary`` is what ``summary.json`` holds."""

    summary: dict[str, Any]
    out: Path


def make(house: House, *, size: Size, seed: int, out: Path) -> Demo:
    """Generate, import, run, draw and export; a second run does only what is missing.

    Raises BadInput when the store holds other rows, or a demo of another size or seed.
    """
    clock = Clock()
    say(f"wangge demo: {size}, seed {seed} → {out}")
    with clock.step("generate"):
        files = _files(out / "files", size=size, seed=seed)
    at = House(house.settings.model_copy(update={"district_file": files.district_file}))
    with at.store() as engine:
        with clock.step("import"):
            import_all(engine, at, files, made_from=f"{size}, seed {seed}")
        with clock.step("run"):
            outcomes = run_all(engine, at)
        made = Made(at, out, {one.value: outcome.run_id for one, outcome in outcomes.items()})
        maps, exports = pages_and_files(engine, made, clock, at_once=size == "district")
        with clock.step("accounts"), transaction(engine) as session:
            demo_accounts.make(session, at)
            counts = row_counts(session)
    summary = _summary(at, size, files, counts, outcomes)
    summary |= {
        "maps": [str(path.relative_to(out)) for path in maps],
        "exports": [str(path.relative_to(out)) for path in exports],
        "seconds": clock.seconds,
    }
    text = json.dumps(summary, ensure_ascii=False, indent=2)
    (out / "summary.json").write_text(text + "\n", encoding="utf-8")
    return Demo(summary, out)


def _files(folder: Path, *, size: Size, seed: int) -> DemoFiles:
    """The generated files; those of an earlier run where they are whole."""
    found = stamps.read_demo(folder, size=size, seed=seed)
    if found is None:
        stamps.clear(folder)
        found = generate(folder, size=size, seed=seed)
        stamps.write_demo(found, size=size, seed=seed)
    return found


def import_all(engine: Engine, house: House, files: DemoFiles, *, made_from: str) -> None:
    """Everything goes in through the importer, file by file; files already in are skipped."""
    digests = {one.path: digest(one.path) for one in files.files}
    with transaction(engine) as session:
        facts.claim_demo(session, house.district, made_from, files=digests.values())
        facts.claim(session, house.district)
        known = taken_in(session)
    for one in files.files:
        if (one.kind.value, digests[one.path]) in known:
            continue
        with transaction(engine) as session:
            report = import_file(
                session, one.path, one.kind, Options(frame=one.frame), house.district
            )
        say(f"    {one.kind.value:<14} {report.kept:>8} rows, {report.flagged} flagged")


def run_all(engine: Engine, house: House) -> dict[Analysis, Outcome]:
    """Every analysis; the rating for the quarter before as well, so that colours have a past."""
    with transaction(engine) as session:
        latest = timeline.default_period(session, house.district)
        before = Asked(latest.previous(), latest.previous().last_day)
        analyses.run(session, house, Analysis.RATING, before)
    outcomes = {}
    for one in analyses.chosen("all"):
        with transaction(engine) as session:
            outcomes[one] = analyses.run(session, house, one, Asked(latest, latest.last_day))
    return outcomes


def pages_and_files(
    engine: Engine, made: Made, clock: Clock, *, at_once: bool
) -> tuple[list[Path], list[Path]]:
    """Pages and files; those of a district by two processes, which have a core each.

    A small demo's pages are drawn before another process has started, and a city's take all the
    memory that one command may.
    """
    if not at_once or made.stands():
        with clock.step("maps"), transaction(engine) as session:
            maps = made.maps(session)
        with clock.step("exports"), transaction(engine) as session:
            return maps, made.exports(session)
    apart = ProcessPoolExecutor(1, mp_context=get_context("spawn"), max_tasks_per_child=1)
    with apart as pool:
        drawn = pool.submit(maps_apart, made.bare())
        with clock.step("exports"), transaction(engine) as session:
            exports = made.exports(session)
        maps, seconds = drawn.result()
    clock.note("maps", seconds)
    return maps, exports


def _summary(
    house: House,
    size: str,
    files: DemoFiles,
    counts: dict[str, int],
    outcomes: dict[Analysis, Outcome],
) -> dict[str, Any]:
    rating = outcomes[Analysis.RATING]
    return {
        "district": house.district.code,
        "size": size,
        "demo": True,
        "as_of": files.as_of.isoformat(),
        "counts": counts,
        "coverage": outcomes[Analysis.COVERAGE].totals,
        "rating": {"period": rating.period, **rating.totals},
        "rental": outcomes[Analysis.RENTAL].totals,
        "video": outcomes[Analysis.VIDEO].totals,
        "grids": outcomes[Analysis.GRIDS].totals,
    }
