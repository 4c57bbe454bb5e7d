"""The sharp-eyes board: the inventory counted, working rates and repairs by owner, class, place."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from gis.video import analysis, status
from gis.video.status import By, Watch

_COUNTS = ["in_use", "known", "working"]
_REPAIRS = ["failures", "mended", "open", "overdue"]


@dataclass(frozen=True)
class Board:
    """Figures of some days.

    ``counts``: dimension, value, cameras; ``days``: key, day, in_use, known, working, share,
    required, met; ``groups``: one row per value of what was asked for: the last day's counts,
    share and verdict, ``mean_share`` of all days, and its repairs (``mean_hours`` NaN where none
    was mended); ``whole``: the same of all points together.
    """

    counts: pd.DataFrame
    days: pd.DataFrame
    groups: pd.DataFrame
    whole: "pd.Series[Any]"


def board(seen: Watch, *, by: By) -> Board:
    """Count points, judge the last day and sum up repairs; ``by`` says what is told apart."""
    rates = status.working_rate(seen, by=by)
    rates["value"] = _named(rates["value"])
    mended = status.repairs(seen, by=by)
    mended["value"] = _named(mended["value"])
    days = rates.groupby(["key", "day"])[_COUNTS].sum().reset_index()
    return Board(
        counts=analysis.counts(seen.cameras),
        days=status.judged(days, seen.rules),
        groups=_groups(rates, mended, seen),
        whole=_groups(rates.assign(value=""), _together(mended), seen).iloc[0],
    )


def _named(values: "pd.Series[Any]") -> "pd.Series[Any]":
    """Values as words; what is not stated is empty."""
    return values.astype(object).where(values.notna(), "")


def _groups(rates: pd.DataFrame, mended: pd.DataFrame, seen: Watch) -> pd.DataFrame:
    """value, in_use, known, working, key_known, key_working, share, mean_share, met, repairs."""
    last = rates[rates["day"] == seen.until]
    keyed = last.assign(
        key_known=last["known"].where(last["key"], 0),
        key_working=last["working"].where(last["key"], 0),
    )
    sums = keyed.groupby("value")[[*_COUNTS, "key_known", "key_working"]].sum()
    found = analysis.judged(
        sums if len(sums) else pd.DataFrame(0, [""], sums.columns),
        working_share=seen.rules.working_share,
        working_share_industries=seen.rules.working_share_industries,
    ).rename(columns={"working_share": "share"})  # fmt: skip
    days = rates.groupby("value")[["known", "working"]].sum()
    found = found.join((days["working"] / days["known"]).rename("mean_share"))
    found = found.join(mended.set_index("value")).rename_axis("value").reset_index()
    return found.fillna(dict.fromkeys(_REPAIRS, 0)).astype(dict.fromkeys(_REPAIRS, "int64"))


def _together(mended: pd.DataFrame) -> pd.DataFrame:
    """The repairs of all groups as one row without a value."""
    hours = float((mended["mean_hours"] * mended["mended"]).sum())
    sums = mended[_REPAIRS].sum()
    mean_hours = hours / sums["mended"] if sums["mended"] else float("nan")
    return pd.DataFrame([{**sums, "value": "", "mean_hours": mean_hours}])
