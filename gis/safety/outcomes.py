"""What one rating comes to: the rows that are stored and the figures of the run; pure."""

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from gis.safety import analysis, communities, shrinkage
from gis.safety.inputs import Inputs
from gis.safety.kept import Basis
from gis.safety.rules import RULE, Colour, RatingRules


@dataclass(frozen=True)
class Outcome:
    """``rows`` have the columns of table ratings but for names, in the order of the inputs.

    ``parameters`` hold the window, the frozen reference rates and the fitted priors, ``totals`` the
    counts by colour and grade; both are plain JSON.
    """

    rows: pd.DataFrame
    parameters: dict[str, Any]
    totals: dict[str, Any]


def outcome(basis: Basis, *, period: str, area_code: str) -> Outcome:
    """Rate every compound; ``period`` and ``area_code`` (the district's) name the run."""
    found = analysis.rate(basis.inputs, rules=basis.rules, reference=basis.reference)
    stored = rows(basis.inputs, found.frame)
    window = list(basis.inputs.window)
    return Outcome(
        rows=stored,
        parameters={
            "window": window,
            "reference": basis.reference.as_json(),
            "priors": shrinkage.priors_as_json(found.priors),
        },
        totals={
            "period": period, "window": window,
            **_totals(stored, area_code=area_code, rules=basis.rules),
        },
    )  # fmt: skip


def rows(inputs: Inputs, frame: pd.DataFrame) -> pd.DataFrame:
    """Rows of table ratings, without the names, from what `analysis.rate` found."""
    kept = inputs.compounds
    used = np.flatnonzero(inputs.counts.any(axis=0))
    names = [inputs.categories[column] for column in used]
    counts = [
        {name: times for name, times in zip(names, row, strict=True) if times}
        for row in inputs.counts[:, used].tolist()
    ]
    columns = {
        "area_code": kept["area_code"],
        "compound_code": kept["code"],
        "peer_group": kept["peer_group"],
        "previous_colour": kept["previous_colour"],
        "households": kept["households"],
        "counts": pd.Series(counts, index=kept.index, dtype=object),
        "rule": RULE,
        **{name: frame[name] for name in frame},
    }
    return pd.DataFrame(columns, index=kept.index, copy=False)


def _totals(stored: pd.DataFrame, *, area_code: str, rules: RatingRules) -> dict[str, Any]:
    colours, grades = stored["colour"].value_counts(), stored["quality"].value_counts()
    placed = stored[stored["area_code"] != area_code]  # the others lie in no community
    safe = communities.safe_communities(
        placed["colour"].to_numpy(dtype=np.str_),
        placed["area_code"].to_numpy(dtype=np.str_),
        rules=rules,
    )
    return {
        **{colour.value: int(colours.get(colour.value, 0)) for colour in Colour},
        "compounds": len(stored),
        "lifted": int(stored["lifted_by"].notna().sum()),
        "low_count": int(stored["low_count"].sum()),
        "quality": {grade: int(grades.get(grade, 0)) for grade in "ABC"},
        "saf3": dataclasses.asdict(safe),
    }
