"""``wangge demo``: the whole line at once, from generated files to maps and exports.

What a step needs is loaded by the process that takes it (`api.demo.steps`): the command that waits
for a city's steps holds little beside them.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from api.demo.apart import Step, apart, here
from api.demo.clock import Clock
from api.house import House
from api.output import say
from data.demo.sizes import Size
from gis.db.cluster.lease import lease
from gis.period import Period

# Takes a step here or apart.
Do = Callable[[Callable[[], Any]], Any]
Outcomes = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Demo:
    """What one demo run made; ``summary`` is what ``summary.json`` holds."""

    summary: dict[str, Any]
    out: Path


def make(house: House, *, size: Size, seed: int, out: Path, do: Do | None = None) -> Demo:
    """Generate, import, run, draw and export; a second run does only what is missing.

    The steps of a city are taken apart: one after the other in one process they would hold more
    memory than a command may. ``do`` says otherwise. Raises BadInput when the store holds other
    rows, or a demo of another size or seed.
    """
    clock, do = Clock(), do or (apart if size == "city" else here)
    say(f"wangge demo: {size}, seed {seed} → {out}")
    folder, drawing = out / "files", {"size": size, "seed": seed}
    with clock.step("generate"):
        as_of, district_file = do(partial(Step("generated"), folder, **drawing))
    at = House(house.settings.model_copy(update={"district_file": district_file}))
    with standing(at, do) as engine:
        with clock.step("import"):
            latest, analyses = do(partial(Step("imported"), at, engine, folder, **drawing))
        with clock.step("run"):
            outcomes = run_all(at, engine, do, latest, analyses)
        runs = {name: found["run_id"] for name, found in outcomes.items()}
        maps, exports = shown(at, engine, do, out, runs, clock, at_once=size == "district")
        with clock.step("accounts"):
            counts = do(partial(Step("accounts"), at, engine))
    summary = {
        "district": at.district.code, "size": size, "demo": True, "as_of": as_of.isoformat(),
        "counts": counts,
        **_figures(outcomes),
        "maps": [str(path.relative_to(out)) for path in maps],
        "exports": [str(path.relative_to(out)) for path in exports],
        "seconds": clock.seconds,
    }  # fmt: skip
    text = json.dumps(summary, ensure_ascii=False, indent=2)
    (out / "summary.json").write_text(text + "\n", encoding="utf-8")
    return Demo(summary, out)


@contextmanager
def standing(house: House, do: Do) -> Iterator[Engine | None]:
    """The store for all steps taken here; for others the server runs, and each connects itself."""
    if do is here:
        with house.store() as engine:
            yield engine
    else:
        with lease(house.settings):
            yield None


def run_all(
    house: House, engine: Engine | None, do: Do, latest: Period, analyses: tuple[str, ...]
) -> Outcomes:
    """Every analysis; the rating for the quarter before as well, so that colours have a past."""
    do(partial(Step("ran"), house, engine, "rating", latest.previous()))
    return {one: do(partial(Step("ran"), house, engine, one, latest)) for one in analyses}


def shown(
    house: House, engine: Engine | None, do: Do, out: Path, runs: dict[str, int], clock: Clock,
    *, at_once: bool = False,
) -> tuple[list[Path], list[Path]]:  # fmt: skip
    """Pages and files; a small demo's are made before another process has started."""
    if at_once:
        both: tuple[list[Path], list[Path]] = do(
            partial(Step("drawn_and_written"), house, engine, out, runs, clock)
        )
        return both
    with clock.step("maps"):
        maps: list[Path] = do(partial(Step("drawn"), house, engine, out, runs))
    with clock.step("exports"):
        return maps, do(partial(Step("written"), house, engine, out, runs))


def _figures(outcomes: Outcomes) -> dict[str, Any]:
    rating = outcomes["rating"]
    return {
        "coverage": outcomes["coverage"]["totals"],
        "rating": {"period": rating["period"], **rating["totals"]},
        "rental": outcomes["rental"]["totals"],
        "video": outcomes["video"]["totals"],
        "grids": outcomes["grids"]["totals"],
    }
