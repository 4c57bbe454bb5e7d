"""The three-colour rating of a district (SAF-1..3): a quarter, a month as preview, one compound."""

import dataclasses
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy.orm import Session

from gis.district import District
from gis.errors import NoData, NotFound
from gis.period import Period, month_of
from gis.policy import Policy
from gis.runs.append import columns_of
from gis.runs.model import Analysis
from gis.runs.store import Recorded, record, require_run
from gis.safety import alarm, analysis, outcomes, reference, shrinkage, store
from gis.safety.alarm import Alarm
from gis.safety.inputs import Inputs
from gis.safety.kept import Basis
from gis.safety.model import Rating
from gis.safety.reading import Scope, incidents_of, inputs_of, scope_of, with_neighbours
from gis.safety.reference import Reference
from gis.safety.rules import AlarmRules
from gis.timeline import service as timeline


@dataclass(frozen=True)
class RatingRun:
    """What `rate` found for ``period``, seen from ``as_of``.

    ``results`` has one row per compound with the columns of table ratings. ``parameters`` hold the
    frozen reference rates and the fitted priors, so that one compound can be rated again alone;
    ``totals`` are the counts by colour and grade. Both are plain JSON. ``basis`` is all that the
    colours depend on. ``preview`` marks a month.
    """

    period: Period
    as_of: date
    area_code: str
    policy: Policy
    basis: Basis
    input_digest: str
    results: pd.DataFrame
    parameters: dict[str, Any]
    totals: dict[str, Any]

    @property
    def preview(self) -> bool:
        """A month is only a preview; quarters are published."""
        return not self.period.is_quarter


def rate(
    session: Session,
    *,
    policy: Policy,
    district: District,
    period: Period | None = None,
    as_of: date | None = None,
) -> RatingRun:
    """Rate every compound of the district.

    Without ``period``: the last quarter that the incidents complete, at ``as_of`` at the latest.
    ``as_of``, the day from which compounds and households are seen, is the period's last day.
    Raises NoData without compounds, or without incidents in the window, and BadPeriod when the
    period ends after ``as_of``.
    """
    scope = scope_of(session, policy=policy, district=district, period=period, as_of=as_of)
    compounds = store.compounds_on(session, as_of=scope.as_of)
    if compounds.empty:
        raise NoData(
            f"{scope.as_of} 没有小区，请先导入 / "
            f"no compound is valid on {scope.as_of}: wangge import compounds FILE"
        )
    happened = store.incidents_anywhere(session, span=scope.span())
    if not happened:
        first, last = scope.window()
        raise NoData(
            f"{first} 至 {last} 没有警情，请先导入 / "
            f"no incident in the window {first} to {last}: wangge import incidents FILE"
        )
    incidents = incidents_of(session, scope)
    inputs = with_neighbours(session, inputs_of(session, scope, compounds, incidents), scope)
    frozen = _reference(session, inputs, scope)
    basis = Basis(inputs, scope.rules, frozen)
    found = outcomes.outcome(basis, period=scope.period.label, area_code=district.code)
    inside = int(incidents["incidents"].sum())
    told = {"incidents": happened, "incidents_outside_compounds": happened - inside}
    return RatingRun(
        period=scope.period,
        as_of=scope.as_of,
        area_code=district.code,
        policy=policy,
        basis=basis,
        input_digest=basis.digest,
        results=found.rows.assign(compound_name=compounds["name"]),
        parameters=found.parameters,
        totals=found.totals | told,
    )


def save(session: Session, found: RatingRun) -> Recorded:
    """Keep a rating as a run; the same inputs and rules find the run that is there.

    A period rated again after late reports becomes a new revision; nothing is overwritten. The
    inputs of a quarter are kept beside it, for `gis.safety.replay`.
    """
    recorded = record(
        session, analysis=Analysis.RATING, period=found.period.label, as_of=found.as_of,
        policy=found.policy, input_digest=found.input_digest, parameters=found.parameters,
        totals=found.totals, area_code=found.area_code,
        results={Rating: found.results[columns_of(Rating)]},
    )  # fmt: skip
    if not found.preview and not store.basis_kept(session, recorded.run_id):
        store.keep_basis(session, recorded.run_id, found.area_code, found.basis.packed())
    return recorded


def preview_one(
    session: Session,
    *,
    policy: Policy,
    district: District,
    code: str,
    period: Period | None = None,
) -> pd.DataFrame:
    """Rate one compound anew with the newest run's frozen figures, as after one new incident.

    Without ``period``: the month of the newest incident. Returns one row with the columns of table
    ratings, or several for small compounds that are rated together. Whether a whole community fell
    silent is not looked at. Raises NoData before the first run, or without the compound on the
    period's last day, and NotFound for a compound that the run does not know.
    """
    run = require_run(session, Analysis.RATING)
    codes = store.rated_with(session, run.id, code)
    if not codes:
        raise NotFound("rated compound", code)
    period = period or month_of(timeline.newest_incident_day(session, district))
    scope = scope_of(session, policy=policy, district=district, period=period, as_of=None)
    scope = dataclasses.replace(scope, codes=codes)
    compounds = _compounds_with(session, scope, code)
    inputs = inputs_of(session, scope, compounds, incidents_of(session, scope))
    found = analysis.rate(
        with_neighbours(session, inputs, scope),
        rules=scope.rules,
        reference=Reference.from_json(run.parameters["reference"]),
        priors=shrinkage.priors_from_json(run.parameters["priors"]),
    )
    return outcomes.rows(inputs, found.frame).assign(compound_name=compounds["name"])


def change_alarm(
    session: Session, *, policy: Policy, district: District, code: str, period: Period
) -> Alarm | None:
    """Whether one compound has had more incidents than usual there up to the end of a month.

    Takes the newest run's frozen figures, and as usual what happened in the months before those
    that are watched. It stands beside the colour and never feeds it. None without an alarm. Raises
    NoData before the first run, or without the compound on the period's last day.
    """
    run = require_run(session, Analysis.RATING)
    rules = AlarmRules.of(policy)
    scope = scope_of(
        session, policy=policy, district=district, period=period, as_of=None,
        more_months=rules.watch_months,
    )  # fmt: skip
    scope = dataclasses.replace(scope, codes=[code])
    compounds = _compounds_with(session, scope, code)
    inputs = inputs_of(session, scope, compounds, incidents_of(session, scope))
    group = inputs.compounds["peer_group"].to_numpy(dtype=np.str_)
    frozen = Reference.from_json(run.parameters["reference"])
    priors = shrinkage.priors_from_json(run.parameters["priors"])
    due = reference.expected(
        np.nan_to_num(inputs.households), group, reference=frozen,
        categories=inputs.counted(scope.rules),
    )  # fmt: skip
    prior = priors.get(str(group[0]), priors[analysis.POOLED])
    return alarm.watch(inputs.monthly[0], due[0], months=scope.months, prior=prior, rules=rules)


def _compounds_with(session: Session, scope: Scope, code: str) -> pd.DataFrame:
    """The compounds of the scope's codes on its day; raises NoData unless ``code`` is there."""
    compounds = store.compounds_on(session, as_of=scope.as_of, codes=scope.codes)
    if code not in set(compounds["code"]):
        raise NoData(
            f"{scope.as_of} 没有小区 {code} / compound {code} is not there on {scope.as_of}"
        )
    return compounds


def rated_alone(session: Session, run_id: int, code: str) -> bool:
    """Whether a run rated the compound by itself, not together with small neighbours."""
    return store.head_of(session, run_id, code) is None


def _reference(session: Session, inputs: Inputs, scope: Scope) -> Reference:
    """The frozen rates; derived while the quarter rated first is the one being rated."""
    known = store.reference_run(session, scope.district.code)
    if known is not None and known[0] != scope.period.label:
        return Reference.from_json(known[1])
    return reference.derive(
        inputs.counted_counts(scope.rules),
        inputs.households.sum(axis=1),
        inputs.compounds["peer_group"].to_numpy(dtype=np.str_),
        categories=inputs.counted(scope.rules),
        window=scope.window(),
        min_incidents=scope.rules.reference_min_incidents,
    )
