"""The steps of a demo, which load all that analyses, pages and files need."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from api import analyses
from api.analyses import Asked
from api.demo import accounts as demo_accounts
from api.demo import files as shown
from api.demo import stamps
from api.demo.apart import opened
from api.demo.clock import Clock
from api.demo.files import Made
from api.house import House, transaction
from api.output import say
from data.demo.build import DemoFiles, generate
from data.demo.sizes import Size
from data.ingest.formats import digest
from data.ingest.service import import_file
from data.ingest.types import Options
from gis.facts import service as facts
from gis.facts.store import row_counts
from gis.period import Period
from gis.runs.model import Analysis
from gis.runs.store import taken_in
from gis.timeline import service as timeline


def generated(folder: Path, *, size: Size, seed: int) -> tuple[date, Path]:
    """Write the files of the demo; its day and its district file."""
    files = _files(folder, size=size, seed=seed)
    return files.as_of, files.district_file


def _files(folder: Path, *, size: Size, seed: int) -> DemoFiles:
    """The generated files; those of an earlier run where they are whole."""
    found = stamps.read_demo(folder, size=size, seed=seed)
    if found is None:
        stamps.clear(folder)
        found = generate(folder, size=size, seed=seed)
        stamps.write_demo(found, size=size, seed=seed)
    return found


def imported(
    house: House, engine: Engine | None, folder: Path, *, size: Size, seed: int
) -> tuple[Period, tuple[str, ...]]:
    """Everything goes in through the importer, file by file; files already in are skipped.

    The last quarter that the data complete, and the analyses to run, in their order.
    """
    files = _files(folder, size=size, seed=seed)
    digests = {one.path: digest(one.path) for one in files.files}
    with opened(house, engine) as store:
        with transaction(store) as session:
            made_from = f"{size}, seed {seed}"
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
        with transaction(store) as session:
            latest = timeline.default_period(session, house.district)
    return latest, tuple(one.value for one in analyses.chosen("all"))


def ran(house: House, engine: Engine | None, analysis: str, period: Period) -> dict[str, Any]:
    """One analysis over a quarter, as plain values."""
    with opened(house, engine) as store, transaction(store) as session:
        asked = Asked(period, period.last_day)
        return analyses.run(session, house, Analysis(analysis), asked).as_dict()


def drawn(house: House, engine: Engine | None, out: Path, runs: Mapping[str, int]) -> list[Path]:
    """The pages that show ``runs``."""
    return shown.drawn(Made(house, out, runs), engine)[0]


def written(house: House, engine: Engine | None, out: Path, runs: Mapping[str, int]) -> list[Path]:
    """The files that hold ``runs``."""
    return shown.written(Made(house, out, runs), engine)


def drawn_and_written(
    house: House, engine: Engine, out: Path, runs: Mapping[str, int], clock: Clock
) -> tuple[list[Path], list[Path]]:
    """Both at the same time, by this process and a second one."""
    return shown.by_two(engine, Made(house, out, runs), clock)


def accounts(house: House, engine: Engine | None) -> dict[str, int]:
    """Make the demo's accounts; how many rows the store holds then."""
    with opened(house, engine) as store, transaction(store) as session:
        demo_accounts.make(session, house)
        return row_counts(session)
