"""What another policy would turn: compounds and divisions with the word before and after."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
from sqlalchemy.orm import Session

from gis.district import District
from gis.errors import NoData
from gis.facilities import service as facilities
from gis.policy import Policy
from gis.safety import service as safety
from gis.timeline import service as timeline

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Turned:
    """What another policy would turn: compounds and divisions with the word before and after.

    None where there is no data for the analysis.
    """

    compounds: list[Row] | None
    divisions: list[Row] | None


def turned(session: Session, district: District, *, before: Policy, after: Policy) -> Turned:
    """Rating and coverage with both policies on the newest records; nothing is stored."""
    try:
        day = timeline.day_of(session, district)
    except NoData:
        return Turned(None, None)

    def rated(policy: Policy) -> pd.DataFrame:
        found = safety.rate(session, policy=policy, district=district, as_of=day).results
        return _columns(found, "compound_code", "compound_name", "colour")

    def covered(policy: Policy) -> pd.DataFrame:
        found = facilities.coverage(session, policy=policy, district=district, as_of=day).results
        return _columns(found[found["subject_kind"] != "grid"], "subject_code", "name", "verdict")

    return Turned(*(_differing(look, before=before, after=after) for look in (rated, covered)))


def _columns(found: pd.DataFrame, code: str, name: str, word: str) -> pd.DataFrame:
    return found[[code, name, word]].set_axis(["code", "name", "word"], axis=1)


def _differing(look: Any, *, before: Policy, after: Policy) -> list[Row] | None:
    try:
        both = look(before).merge(look(after), on=["code", "name"], suffixes=("_before", "_after"))
    except NoData:
        return None
    rows = both[both["word_before"] != both["word_after"]].sort_values("code")
    return rows.to_dict("records")  # type: ignore[no-any-return]
