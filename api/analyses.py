"""Runs analyses by name and stores their results; the figures come back as plain values."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from api.house import House
from gis.access.rights import Capability
from gis.audit import service as audit
from gis.errors import NoData
from gis.facilities import service as facilities
from gis.grids import service as grids
from gis.memory import give_back
from gis.period import Period
from gis.rental import service as rental
from gis.runs.model import Analysis
from gis.runs.store import Recorded, hold_still
from gis.safety import service as safety
from gis.timeline import service as timeline
from gis.video import service as video

NEEDED = {
    Analysis.COVERAGE: Capability.COVERAGE,
    Analysis.RATING: Capability.RATING,
    Analysis.RENTAL: Capability.RENTAL,
    Analysis.VIDEO: Capability.VIDEO,
    Analysis.GRIDS: Capability.GRIDS,
}
"""What one needs to see an analysis' results."""


@dataclass(frozen=True)
class Asked:
    """When an analysis is asked to look: a period (the rating's) and a day."""

    period: Period | None
    as_of: date


@dataclass(frozen=True)
class Outcome:
    """What a run stored: its id, whether it is new or an equal one stood already, its totals."""

    analysis: Analysis
    run_id: int
    revision: int
    stored: bool
    as_of: date
    period: str | None
    totals: dict[str, Any]

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "analysis": self.analysis.value,
            "run_id": self.run_id,
            "revision": self.revision,
            "stored": self.stored,
            "as_of": self.as_of.isoformat(),
            "period": self.period,
            "totals": self.totals,
        }


Found = tuple[Recorded, dict[str, Any]]


def asked(session: Session, house: House, *, period: str | None, as_of: date | None) -> Asked:
    """Fill in what was not said from the data: the last complete quarter and its last day."""
    found = Period.parse(period) if period else None
    if as_of is None:
        as_of = timeline.day_of(session, house.district, period=found)
    return Asked(found, as_of)


def chosen(name: str) -> tuple[Analysis, ...]:
    """The analyses that ``name`` stands for; ``all`` in an order in which each finds its inputs."""
    return tuple(_RUNNERS) if name == "all" else (Analysis(name),)


def run_all(
    session: Session,
    house: House,
    wanted: Sequence[Analysis],
    when: Asked,
    *,
    begin: Callable[[float, Analysis], None] = lambda _share, _analysis: None,
) -> tuple[list[Outcome], dict[Analysis, str]]:
    """Run what ``wanted`` names; of several, those that lack their data are left out.

    ``begin`` is told before each how much is done (0 to 1) and which comes. Returns the outcomes
    and, for what was left out, which import is missing. Raises NoData when there is data for none.
    """
    done, lacking = [], {}
    for at, one in enumerate(wanted):
        begin(at / len(wanted), one)
        try:
            done.append(run(session, house, one, when))
        except NoData as exc:
            lacking[one] = str(exc)
            if len(lacking) == len(wanted):
                raise
    return done, lacking


def run(session: Session, house: House, analysis: Analysis, when: Asked) -> Outcome:
    """Compute and store one analysis; equal inputs and rules find the run that is there.

    Imports wait until the transaction ends.
    """
    give_back()  # what the analysis before has freed
    line = audit.note(session, event="run", target=analysis.value, area_code=house.district.code)
    hold_still(session, analysis)
    recorded, totals = _RUNNERS[analysis](session, house, when)
    line.detail |= {"run": recorded.run_id, "stored": recorded.stored}
    period = totals.get("period")
    return Outcome(
        analysis=analysis, run_id=recorded.run_id, revision=recorded.revision,
        stored=recorded.stored, as_of=when.as_of, period=period, totals=totals,
    )  # fmt: skip


def _coverage(session: Session, house: House, when: Asked) -> Found:
    found = facilities.coverage(
        session, policy=house.policy, district=house.district, as_of=when.as_of
    )
    return facilities.save(session, found), found.totals


def _grids(session: Session, house: House, when: Asked) -> Found:
    found = grids.audit(session, policy=house.policy, district=house.district, as_of=when.as_of)
    return grids.save(session, found), found.totals


def _rental(session: Session, house: House, when: Asked) -> Found:
    found = rental.density(session, policy=house.policy, district=house.district, as_of=when.as_of)
    return rental.save(session, found), found.totals


def _video(session: Session, house: House, when: Asked) -> Found:
    found = video.inventory(session, policy=house.policy, district=house.district, as_of=when.as_of)
    return video.save(session, found), found.totals


def _rating(session: Session, house: House, when: Asked) -> Found:
    found = safety.rate(
        session, policy=house.policy, district=house.district, period=when.period,
        as_of=when.as_of,
    )  # fmt: skip
    return safety.save(session, found), {"period": found.period.label, **found.totals}


_RUNNERS: dict[Analysis, Callable[[Session, House, Asked], Found]] = {
    Analysis.COVERAGE: _coverage,
    Analysis.GRIDS: _grids,
    Analysis.RENTAL: _rental,
    Analysis.RATING: _rating,
    Analysis.VIDEO: _video,
}
