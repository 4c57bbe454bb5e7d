"""Computes a stored rating again from the inputs that were kept, and holds it to what is stored."""

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy.orm import Session

from gis.arrays import Flags, Ints
from gis.errors import BadPeriod, NoData, WholeDistrict
from gis.period import Period
from gis.policy import Policy
from gis.runs.model import Run
from gis.safety import outcomes, store
from gis.safety.kept import Basis, Unreadable, libraries
from gis.safety.rules import RatingRules

SHOWN = 20  # differences that are told one by one


@dataclass(frozen=True)
class Difference:
    """One figure that came out otherwise; ``code`` is its compound, None for one of the run."""

    code: str | None
    figure: str
    stored: Any
    again: Any


@dataclass(frozen=True)
class Replay:
    """What came out when a stored run was computed again; ``differences`` are the first ones.

    ``policy_version`` is that of the rules that were kept and used, ``policy_now`` that in force,
    ``rules_now`` whether both have the same values. ``computed_with`` and ``libraries_now`` name
    the libraries of then and of now. ``compounds`` and ``figures`` are what was compared, and
    ``equal`` says that every bit is the one that was stored.
    """

    equal: bool
    run_id: int
    period: str
    revision: int
    policy_version: str
    policy_now: str
    rules_now: bool
    computed_with: str
    libraries_now: str
    input_digest: str
    compounds: int
    figures: int
    differing: int
    differences: tuple[Difference, ...]


def replay(session: Session, run: Run, *, policy: Policy) -> Replay:
    """Compute a quarter's run again with today's code and the inputs, rules and rates of then.

    Writes nothing. Where the kept inputs have another digest than the run, nothing is computed:
    that is the difference. Raises BadPeriod for a month, WholeDistrict for somebody who works in a
    part, and NoData for a run whose inputs were not kept or may not be read.
    """
    period = quarter(str(run.period))
    if not session.info["user"].reaches(run.area_code):
        raise WholeDistrict(
            "复算需要全区的数据 / a rating is computed again by whoever has the whole district"
        )
    kept = store.basis_of(session, run.id)
    if kept is None:
        raise NoData(
            f"{period} 评级时未保存输入数据，不能复算；规则和数据都未变时重新评级即可补存，"
            f"否则另成新版本 / the inputs of {period} were not kept; rating it again keeps them "
            "where rules and data are the same, else makes a new revision with its own"
        )
    packed, computed_with = kept
    try:
        basis = Basis.of(packed)
    except Unreadable as exc:
        return _told(run, None, policy, computed_with, [Difference(None, "inputs", "—", str(exc))])
    if basis.digest != run.input_digest:
        other = Difference(None, "input_digest", run.input_digest, basis.digest)
        return _told(run, basis, policy, computed_with, [other])
    again = outcomes.outcome(basis, period=period, area_code=run.area_code)
    stored = store.stored_rows(session, run.id)
    apart = [*_of_the_run(run, basis, again), *_of_compounds(stored, again.rows)]
    compared = (len(stored), stored.size)
    return _told(run, basis, policy, computed_with, apart, compared)


def quarter(period: str) -> str:
    """The label of a quarter, whose inputs are kept; raises BadPeriod for anything else."""
    if not Period.parse(period).is_quarter:
        raise BadPeriod(
            f"{period} 是月度预览，不保存输入数据 / {period} is a month's preview: its inputs are "
            "not kept"
        )
    return period


def _told(
    run: Run,
    basis: Basis | None,
    policy: Policy,
    computed_with: str,
    apart: list[Difference],
    compared: tuple[int, int] = (0, 0),
) -> Replay:
    now = RatingRules.of(policy)
    then = now if basis is None else basis.rules
    return Replay(
        equal=not apart,
        run_id=run.id,
        period=str(run.period),
        revision=run.revision,
        policy_version=run.policy_version,
        policy_now=policy.version,
        rules_now=dataclasses.replace(now, version=then.version, source=then.source) == then,
        computed_with=computed_with,
        libraries_now=libraries(),
        input_digest=run.input_digest,
        compounds=compared[0],
        figures=compared[1],
        differing=len(apart),
        differences=tuple(apart[:SHOWN]),
    )


def _of_the_run(run: Run, basis: Basis, again: outcomes.Outcome) -> Iterator[Difference]:
    """Figures of the run's own record: the window, the priors, the totals that follow from it."""
    figures: dict[str, tuple[Any, Any]] = {
        "as_of": (run.as_of.isoformat(), basis.inputs.as_of.isoformat()),
        "policy_version": (run.policy_version, basis.rules.version),
    }
    for name, stored, computed in (
        ("parameters", run.parameters, again.parameters),
        ("totals", run.totals, again.totals),
    ):
        held = dict(_leaves(stored, name))
        figures |= {path: (held.get(path), value) for path, value in _leaves(computed, name)}
    for path, (before, now) in figures.items():
        if before != now:
            yield Difference(None, path, before, now)


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for name in sorted(value):
            yield from _leaves(value[name], f"{path}.{name}")
    else:
        yield path, value


def _of_compounds(stored: pd.DataFrame, again: pd.DataFrame) -> Iterator[Difference]:
    """Figures of compounds, the rows of both in the order of codes."""
    before, now = (rows.set_index("compound_code") for rows in (stored, again))
    for code in before.index.difference(now.index):
        yield Difference(code, "colour", before.at[code, "colour"], None)
    for code in now.index.difference(before.index):
        yield Difference(code, "colour", None, now.at[code, "colour"])
    both = before.index.intersection(now.index)
    before, now = before.loc[both], now.loc[both]
    unequal = {name: _unequal(before[name], now[name]) for name in before}
    for row in np.flatnonzero(np.any(list(unequal.values()), axis=0)).tolist():
        for name in (name for name, flags in unequal.items() if flags[row]):
            values = (_plain(side[name].iloc[row]) for side in (before, now))
            yield Difference(str(both[row]), str(name), *values)


def _unequal(stored: "pd.Series[Any]", again: "pd.Series[Any]") -> Flags:
    """Where two columns differ: numbers in any bit, a missing one alike whatever it is."""
    if pd.api.types.is_numeric_dtype(again) and not pd.api.types.is_bool_dtype(again):
        return np.asarray(_bits(stored) != _bits(again))
    pairs = zip(map(_plain, stored.tolist()), map(_plain, again.tolist()), strict=True)
    return np.array([one != other for one, other in pairs], dtype=np.bool_)


def _bits(column: "pd.Series[Any]") -> Ints:
    values = column.to_numpy(dtype=np.float64, na_value=np.nan)
    return np.where(np.isnan(values), np.nan, values).view(np.int64)


def _plain(value: Any) -> Any:
    """A cell as a plain value; None where it is missing."""
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and value != value else value  # noqa: PLR0124
