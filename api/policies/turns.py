"""What another policy would turn: compounds and divisions with the word before and after."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
from sqlalchemy.orm import Session

from gis.compounds import store as compounds
from gis.district import District
from gis.errors import NoData
from gis.facilities import service as facilities
from gis.policy import Policy
from gis.progress import Say, unheard
from gis.safety import service as safety
from gis.timeline import service as timeline

Row = Mapping[str, Any]
LISTED = 200  # rows that are shown; their number is always told
AT_ONCE = 2_000  # compounds compared while somebody waits: half a second of each analysis


@dataclass(frozen=True)
class Turned:
    """What another policy would turn: compounds and divisions with the word before and after.

    None where there is no data for the analysis.
    """

    compounds: list[Row] | None
    divisions: list[Row] | None


def long(session: Session) -> bool:
    """Whether a comparison here is a job and not an answer."""
    return compounds.count(session) > AT_ONCE


def turned(
    session: Session, district: District, *, before: Policy, after: Policy,
    say: Say = unheard,
) -> Turned:  # fmt: skip
    """Rating and coverage with both policies on the newest records; nothing is stored.

    ``say`` hears how far the work is (0 to 1) and what it is at, in Chinese and English.
    """
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

    rules = {"现行": before, "新": after}
    looks = (("评级", "rating", rated), ("设施覆盖", "facility coverage", covered))
    found = []
    for at, (zh, en, look) in enumerate(looks):
        both = []
        for turn, (which, policy) in enumerate(rules.items()):
            share = (2 * at + turn) / 4
            say(share, f"{which}规则：{zh}", f"{en} with the {'new' if turn else 'present'} rules")
            both.append(_or_none(look, policy))
        found.append(_differing(*both))
    return Turned(*found)


def listed(found: Turned) -> dict[str, Any]:
    """The first rows of each part and how many there are, as plain JSON."""
    return {
        name: None if rows is None else {"rows": [*map(dict, rows[:LISTED])], "all": len(rows)}
        for name, rows in (("compounds", found.compounds), ("divisions", found.divisions))
    }


def _columns(found: pd.DataFrame, code: str, name: str, word: str) -> pd.DataFrame:
    return found[[code, name, word]].set_axis(["code", "name", "word"], axis=1)


def _or_none(look: Callable[[Policy], pd.DataFrame], policy: Policy) -> pd.DataFrame | None:
    try:
        return look(policy)
    except NoData:
        return None


def _differing(before: pd.DataFrame | None, after: pd.DataFrame | None) -> list[Row] | None:
    if before is None or after is None:
        return None
    both = before.merge(after, on=["code", "name"], suffixes=("_before", "_after"))
    rows = both[both["word_before"] != both["word_after"]].sort_values("code")
    return [{str(name): value for name, value in row.items()} for row in rows.to_dict("records")]
