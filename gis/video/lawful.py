"""What the law asks of each point (Order 799, Counter-Terrorism Law); pure frames.

A breach is one row: ``camera``, ``kind``, ``rule``, ``since`` (the day it began, by the record or
by the law) and ``figure``, the words that its sentence needs.
"""

from collections.abc import Hashable, Iterator, Mapping
from datetime import date, timedelta
from typing import Any

import pandas as pd

from gis.video.rules import LawRules

BREACHES = ("camera", "kind", "rule", "since", "figure")


def breaches(cameras: pd.DataFrame, rules: LawRules, *, as_of: date) -> pd.DataFrame:
    """Breaches that the register itself shows on ``as_of``.

    Parameters
    ----------
    cameras : frame
        ``camera``, ``status``, ``legal_basis``, ``filed_on``, ``installed_on``, ``retention_days``,
        ``sign_present``. Planned and removed points owe nothing. What is not stated breaks no
        rule, but a point without a legal basis is named: nothing else can be judged of it.
        Nothing is broken before its rule is in force, and a filing of a later day is none yet.
    """
    standing = cameras[~cameras["status"].isin(["planned", "removed"])]
    rows = [
        (camera["camera"], *breach)
        for camera in standing.to_dict("records")
        for breach in _of_one(camera, rules, as_of)
    ]
    return _begun(pd.DataFrame(rows, columns=list(BREACHES), dtype=object), as_of)


def misplaced(
    inside: pd.DataFrame, cameras: pd.DataFrame, rules: LawRules, *, kind: str, as_of: date
) -> pd.DataFrame:
    """Breaches of art. 8: ``inside`` lists camera and place_name of points that stand in a private
    place (``kind`` forbidden_place), look into one (forbidden_view) or could be turned to do so
    (forbidden_view_possible), of which one row is made.
    """
    standing = cameras[~cameras["status"].isin(["planned", "removed"])]
    listed = inside[inside["kind"].isin(rules.private_kinds)]
    found = listed.merge(standing[["camera", "installed_on"]], on="camera")
    since = [_later(day, rules.in_force) for day in found["installed_on"]]
    rows = pd.DataFrame(
        {
            "camera": found["camera"],
            "kind": kind,
            "rule": "LAW-799-8",
            "since": since,
            "figure": found["place_name"].where(found["place_name"].notna(), found["place"]),
        },
        columns=list(BREACHES),
        dtype=object,
    )
    return _begun(rows, as_of)


def _begun(found: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """Breaches that had begun by the end of the day."""
    return found[found["since"].map(lambda since: since <= as_of).astype(bool)]


_Breach = tuple[str, str, date, str]


def _of_one(camera: Mapping[Hashable, Any], rules: LawRules, as_of: date) -> Iterator[_Breach]:
    basis, installed = camera["legal_basis"], _day(camera["installed_on"])
    if basis not in rules.bases:
        yield "legal_basis_missing", "LAW-799-7", _later(installed, rules.in_force), ""
        return
    if rules.sign and camera["sign_present"] is False:
        yield "sign_missing", "LAW-799-13", _later(installed, rules.in_force), ""
    if basis in rules.filed_bases:
        yield from _filing(_day(camera["filed_on"]), installed, rules, as_of)
    kept = camera["retention_days"]
    for rule, bases, days, in_force in rules.retention:
        if basis in bases and pd.notna(kept) and int(kept) < days:
            yield "retention_short", rule, _later(installed, in_force), f"{int(kept)}/{days}"


def _filing(
    filed: date | None, installed: date | None, rules: LawRules, as_of: date
) -> Iterator[_Breach]:
    """Filed within the days of art. 14, late, or not at all; the last day it was due is shown."""
    if installed is None or installed < rules.in_force:
        due = rules.in_force + timedelta(days=rules.running_days)
    else:
        due = installed + timedelta(days=rules.filing_days)
    if filed is not None and filed > as_of:
        filed = None
    if filed is None and as_of > due:
        yield "not_filed", "LAW-799-14", due + timedelta(days=1), due.isoformat()
    elif filed is not None and filed > due:
        yield "filed_late", "LAW-799-14", due + timedelta(days=1), f"{filed} > {due}"


def _day(value: Any) -> date | None:
    return value if isinstance(value, date) and not pd.isna(value) else None


def _later(installed: Any, in_force: date) -> date:
    day = _day(installed)
    return in_force if day is None or day < in_force else day
