"""``wangge demo``: the whole line at once, from generated files to maps and exports."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from api import analyses
from api.analyses import Asked, Outcome
from api.demo import accounts as demo_accounts
from api.demo import stamps
from api.demo.apart import apart, here, opened, workshop
from api.demo.files import Made, drawn, written
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

# Takes a step here or apart.
Do = Callable[[Callable[[], Any]], Any]


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

    The steps of a city are taken apart: one after the other in one process they would hold more
    memory than a command may. Raises BadInput when the store holds other rows, or a demo of another
    size or seed.
    """
    clock, do = Clock(), apart if size == "city" else here
    say(f"wangge demo: {size}, seed {seed} → {out}")
    with clock.step("generate"):
        files = do(partial(_files, out / "files", size=size, seed=seed))
    at = House(house.settings.model_copy(update={"district_file": files.district_file}))
    with at.store() as engine:
        own = engine if do is here else None
        with clock.step("import"):
            do(partial(import_all, House(at.settings), own, files, f"{size}, seed {seed}"))
        with clock.step("run"):
            outcomes = run_all(at, engine, do)
        made = Made(at, out, {one.value: outcome.run_id for one, outcome in outcomes.items()})
        if size == "district":
            maps, exports = by_two(engine, made, clock)
        else:
            maps, exports = in_turn(engine, made, clock, do)
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


def import_all(house: House, engine: Engine | None, files: DemoFiles, made_from: str) -> None:
    """Everything goes in through the importer, file by file; files already in are skipped."""
    digests = {one.path: digest(one.path) for one in files.files}
    with opened(house, engine) as store:
        with transaction(store) as session:
            facts.claim_demo(session, house.district, made_from, files=digests.values())
            facts.claim(session, house.district)
            known = taken_in(session)
        for one in files.files:
            if (one.kind.value, digests[one.path]) in known:
                continue
            with transaction(store) as session:
                report = import_file(
                    session, one.path, one.kind, Options(frame=one.frame), house.district
                )
            say(f"    {one.kind.value:<14} {report.kept:>8} rows, {report.flagged} flagged")


def run_all(house: House, engine: Engine, do: Do) -> dict[Analysis, Outcome]:
    """Every analysis; the rating for the quarter before as well, so that colours have a past."""
    own, bare = (engine if do is here else None), House(house.settings)
    with transaction(engine) as session:
        latest = timeline.default_period(session, house.district)
    before, now = latest.previous(), Asked(latest, latest.last_day)
    do(partial(_run, bare, own, Analysis.RATING, Asked(before, before.last_day)))
    return {one: do(partial(_run, bare, own, one, now)) for one in analyses.chosen("all")}


def _run(house: House, engine: Engine | None, one: Analysis, asked: Asked) -> Outcome:
    with opened(house, engine) as store, transaction(store) as session:
        return analyses.run(session, house, one, asked)


def in_turn(
    engine: Engine, made: Made, clock: Clock, do: Do = here
) -> tuple[list[Path], list[Path]]:
    """Pages and files; a small demo's are made before another process has started."""
    own, bare = (engine if do is here else None), made.bare()
    with clock.step("maps"):
        maps, _ = do(partial(drawn, bare, own))
    with clock.step("exports"):
        return maps, do(partial(written, bare, own))


def by_two(engine: Engine, made: Made, clock: Clock) -> tuple[list[Path], list[Path]]:
    """The same by two processes at once, which have a core each; pages that stand need none."""
    if made.stands():
        return in_turn(engine, made, clock)
    with workshop() as other:
        pages = other.submit(drawn, made.bare(), None)
        with clock.step("exports"):
            exports = written(made, engine)
        maps, seconds = pages.result()
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
