"""``wangge demo``: the whole line at once, from generated files to maps and exports."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from api import analyses, demo_accounts, outputs, stamps
from api.analyses import Asked, Outcome
from api.house import House, transaction
from api.output import say
from data.demo import DemoFiles, Size, generate
from data.export.model import Format
from data.export.service import suffix
from data.ingest.formats import digest
from data.ingest.service import import_file
from data.ingest.types import Options
from gis.layers.model import REGISTRY
from gis.layers.service import Scope
from gis.runs import facts
from gis.runs.model import Analysis, Import
from gis.timeline import service as timeline

_PURPOSE = "演示 / demonstration"
RISK_FORMATS = tuple(Format)  # the layer that leaves the house in every format


@dataclass
class Clock:
    """Seconds by step, for the summary."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Measure one step and say how long it took."""
        started = time.perf_counter()
        yield
        self.seconds[name] = round(time.perf_counter() - started, 2)
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
        with clock.step("maps"), transaction(engine) as session:
            made = _Made(session, at, out, outcomes)
            maps = made.maps()
        with clock.step("exports"), transaction(engine) as session:
            exports = _Made(session, at, out, outcomes).exports()
        with clock.step("accounts"), transaction(engine) as session:
            demo_accounts.make(session, at)
            counts = facts.row_counts(session)
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
    with transaction(engine) as session:
        facts.claim_demo(session, house.district, made_from)
        facts.claim(session, house.district)
        taken_in = session.execute(select(Import.kind, Import.file_sha256))
        known = {(row.kind, row.file_sha256) for row in taken_in}
    for one in files.files:
        if (one.kind.value, digest(one.path)) in known:
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


@dataclass(frozen=True)
class _Made:
    """Pages and files of one demo; kept where the runs they show are the same ones."""

    session: Session
    house: House
    out: Path
    outcomes: dict[Analysis, Outcome]

    def maps(self) -> list[Path]:
        """All pages, cameras among them: a demo has nothing to hide, and says so."""
        wanted = outputs.pages("all", internal=True)
        folder = self.out / "maps"
        if not stamps.holds(folder, self._runs()):
            stamps.clear(folder)
            scope = Scope(internal=True)
            made, lacking = outputs.write_maps(self.session, self.house, wanted, scope, folder)
            assert not lacking, lacking
            stamps.write(folder, self._runs(), made)
        return [folder / f"{name}.html" for name in wanted]

    def exports(self) -> list[Path]:
        """Every layer as GeoPackage and XLSX, the risk layer in every format."""
        wanted = [
            (layer.name, form, f"{layer.name}{suffix(form)}")
            for layer in REGISTRY
            for form in (RISK_FORMATS if layer.name == "risk" else (Format.GPKG, Format.XLSX))
        ]
        folder = self.out / "exports"
        paths = [folder / name for _, _, name in wanted]
        if not stamps.holds(folder, self._runs()):
            stamps.clear(folder)
            scope = Scope(internal=True)
            for (layer, form, _), path in zip(wanted, paths, strict=True):
                outputs.write_export(
                    self.session, self.house, layer, scope, form, path, purpose=_PURPOSE
                )
            stamps.write(folder, self._runs(), paths)
        return paths

    def _runs(self) -> dict[str, Any]:
        return {one.value: outcome.run_id for one, outcome in self.outcomes.items()}


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
