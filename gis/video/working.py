"""Working rate day by day, and how long repairs take; pure frames."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gis.arrays import Ints

_DAY = np.timedelta64(1, "D")


def by_day(
    cameras: pd.DataFrame,
    states: pd.DataFrame,
    *,
    by: str | None,
    since: date,
    until: date,
    zone: ZoneInfo,
) -> pd.DataFrame:
    """Points in use, with a known state and working on every day of [since, until).

    Parameters
    ----------
    cameras : frame
        ``camera``, ``status``, ``installed_on``, ``removed_on``, ``key`` (whether it is a key
        industry's) and the column named ``by``.
    states : frame
        ``camera``, ``observed_at`` (UTC), ``state``: the newest before ``since`` and all after. A
        day's state is the newest up to its end in ``zone``.
    by : str or None
        The column whose values are told apart; None for all points together.

    Returns
    -------
    frame
        ``value``, ``key``, ``day``, ``in_use``, ``known``, ``working``; one row per value, kind of
        duty and day on which a point was in use.
    """
    days = (until - since).days
    used = cameras[cameras["status"].isin(["in_use", "removed"])].reset_index(drop=True)
    used = used[(used["status"] == "in_use") | used["removed_on"].notna()].reset_index(drop=True)
    value = used[by].astype(object) if by else pd.Series(None, used.index, dtype=object)
    value = value.where(value.notna(), None)
    groups = pd.DataFrame({"value": value, "key": used["key"]})
    codes = groups.groupby(["value", "key"], dropna=False, sort=False).ngroup()
    number: Ints = codes.to_numpy().astype(np.int64)
    labels = groups.drop_duplicates().reset_index(drop=True)
    begin = _day_numbers(used["installed_on"], since, low=0, high=days, empty=0)
    end = _day_numbers(used["removed_on"], since, low=0, high=days, empty=days)
    at, first, last, state = _spans(used["camera"], states, since, days, zone)
    first, last = np.maximum(first, begin[at]), np.minimum(last, end[at])
    shape = (len(labels), days)
    counted = {"in_use": _covered(number, begin, end, shape)}
    for name, words in (("known", ("working", "down")), ("working", ("working",))):
        hit = np.isin(state, words)
        counted[name] = _covered(number[at[hit]], first[hit], last[hit], shape)
    return _long(labels, counted, since)


def repairs(states: pd.DataFrame) -> pd.DataFrame:
    """Every failure of every point: ``camera``, ``down_at``, ``up_at`` (NaT: still down).

    A failure begins at the first observation of a point that is down and ends at the first after
    it that finds it working; what nobody knew between changes nothing.
    """
    known = states[states["state"].isin(["working", "down"])].sort_values(["camera", "observed_at"])
    same = known["camera"].eq(known["camera"].shift())
    turned = known["state"].ne(known["state"].shift()) | ~same
    turns = known[turned]
    next_at = turns["observed_at"].shift(-1).where(turns["camera"].eq(turns["camera"].shift(-1)))
    failed = turns["state"].eq("down")
    return pd.DataFrame(
        {
            "camera": turns.loc[failed, "camera"],
            "down_at": turns.loc[failed, "observed_at"],
            "up_at": next_at[failed],
        }
    ).reset_index(drop=True)


def overdue(
    cameras: pd.DataFrame, *, as_of: date, repair_days: int, zone: ZoneInfo
) -> pd.DataFrame:
    """Points in use or under repair that are down for more than ``repair_days`` days.

    ``cameras`` has ``status``, ``observed`` and ``down_since`` (UTC); added are ``since`` and
    ``days_down``, counted in whole days of ``zone``.
    """
    broken = cameras["status"].isin(["in_use", "repair"]) & (cameras["observed"] == "down")
    found = cameras[broken & cameras["down_since"].notna()]
    since = [stamp.astimezone(zone).date() for stamp in found["down_since"].dt.to_pydatetime()]
    days = [(as_of - day).days for day in since]
    found = found.assign(since=pd.Series(since, found.index, dtype=object), days_down=days)
    return found[found["days_down"] > repair_days]


def _day_numbers(dates: "pd.Series[Any]", since: date, *, low: int, high: int, empty: int) -> Ints:
    """Days after ``since``, kept within [low, high]."""
    numbers = [empty if pd.isna(day) else (day - since).days for day in dates]
    return np.clip(np.array(numbers, dtype=np.int64), low, high)


def _spans(
    cameras: "pd.Series[str]", states: pd.DataFrame, since: date, days: int, zone: ZoneInfo
) -> tuple[Ints, Ints, Ints, NDArray[np.object_]]:
    """(camera number, first day, day after the last, state): which state held on which days."""
    known = states.assign(at=pd.Index(cameras).get_indexer(pd.Index(states["camera"])))
    known = known[known["at"] >= 0].sort_values(["at", "observed_at"], kind="stable")
    local = known["observed_at"].dt.tz_convert(zone).dt.tz_localize(None)
    day = ((local.to_numpy() - np.datetime64(since)) // _DAY).astype(np.int64)
    at = known["at"].to_numpy(np.int64)
    last_of_day = np.r_[(at[1:] != at[:-1]) | (day[1:] != day[:-1]), np.full(min(len(at), 1), True)]
    at, day, state = at[last_of_day], day[last_of_day], known["state"].to_numpy()[last_of_day]
    following = np.r_[np.where(at[1:] == at[:-1], day[1:], days), np.full(min(len(at), 1), days)]
    return at, np.clip(day, 0, days), np.clip(following, 0, days), state


def _covered(group: Ints, first: Ints, last: Ints, shape: tuple[int, int]) -> Ints:
    """(groups, days): how many of the spans [first, last) hold each day."""
    steps = np.zeros((shape[0], shape[1] + 1), dtype=np.int64)
    real = first < last
    np.add.at(steps, (group[real], first[real]), 1)
    np.add.at(steps, (group[real], last[real]), -1)
    return np.cumsum(steps, axis=1)[:, :-1]


def _long(labels: pd.DataFrame, counted: Mapping[str, Ints], since: date) -> pd.DataFrame:
    group, day = np.nonzero(counted["in_use"])
    shown = labels.iloc[group].reset_index(drop=True)
    days = [since + timedelta(days=int(number)) for number in day]
    return shown.assign(
        day=pd.Series(days, dtype=object), **{name: at[group, day] for name, at in counted.items()}
    )
