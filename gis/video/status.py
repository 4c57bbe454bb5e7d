"""Observations of single points, the working rate day by day, and how long repairs take."""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from sqlalchemy.orm import Session

from gis.district import District
from gis.errors import BadInput, NotFound
from gis.policy import Policy
from gis.runs.model import Import
from gis.video import analysis, store, working
from gis.video.model import Observation
from gis.video.rules import VideoRules

LONGEST_DAYS = 400  # of one question: a year and what surrounds it


class By(StrEnum):
    """What figures are told apart by."""

    ALL = "all"
    OWNER = "owner"
    CLASS = "class"
    COMPOUND = "compound"


_COLUMN = {
    By.ALL: None, By.OWNER: "owner_unit", By.CLASS: "point_class", By.COMPOUND: "compound_code",
}  # fmt: skip


def observe(
    session: Session,
    *,
    camera: str,
    observed_at: datetime,
    state: Observation,
    cause: str | None,
) -> bool:
    """Note one observation of one point; returns whether anything changed.

    A second observation of the same instant corrects the first, whether it came from a sheet or
    from here. Raises NotFound for a point that is not in the register, BadInput for a moment
    without a time zone.
    """
    if observed_at.tzinfo is None:
        raise BadInput(
            "observed_at：请写明时区，如 2026-09-30T08:00:00+08:00 / "
            "observed_at: say the time zone, as in 2026-09-30T08:00:00+08:00"
        )
    area_code = store.camera_area(session, camera=camera)
    if area_code is None:
        raise NotFound("camera", camera)
    if store.observation_on(session, camera=camera, observed_at=observed_at) == (state, cause):
        return False
    said = f"{camera}@{observed_at.isoformat()}={state}:{cause}"
    record = Import(
        area_code=area_code, kind="camera_status", file_name="POST",
        file_sha256=hashlib.sha256(said.encode()).hexdigest(), read=1, kept=1, repaired=0,
        flagged=0, refused=0, summary={},
    )  # fmt: skip
    session.add(record)
    session.flush()
    store.observe(
        session, area_code=area_code, import_id=record.id, camera=camera, observed_at=observed_at,
        state=state, cause=cause,
    )  # fmt: skip
    return True


@dataclass(frozen=True)
class Watch:
    """What working rates and repairs of some days are made of, read once.

    ``cameras`` are the points of the last day with ``key``, ``states`` their observations.
    """

    cameras: pd.DataFrame
    states: pd.DataFrame
    rules: VideoRules
    zone: ZoneInfo
    since: date
    until: date


def watch(
    session: Session, *, policy: Policy, district: District, since: date, until: date
) -> Watch:
    """Read the points of ``until`` and the observations of [since, until].

    Raises BadInput for more than `LONGEST_DAYS` days or an end before its beginning.
    """
    if not 0 <= (until - since).days < LONGEST_DAYS:
        raise BadInput(
            f"{since} 至 {until}：请选 1 至 {LONGEST_DAYS} 天 / "
            f"since {since} until {until}: ask for 1 to {LONGEST_DAYS} days"
        )
    rules = VideoRules.of(policy)
    cameras = store.cameras_on(session, district=district, as_of=until)
    cameras["key"] = analysis.key_industry(
        cameras, public_industries=rules.public_industries, key_place_kinds=rules.key_place_kinds
    )
    states = store.states_between(
        session, district=district, since=since, until=until + timedelta(days=1)
    )
    return Watch(cameras, states, rules, district.zone, since, until)


def working_rate(seen: Watch, *, by: By) -> pd.DataFrame:
    """Working rate of every day: value, key, day, in_use, known, working, share, required, met.

    ``key`` rows are points of key industries, held against their own
    threshold; where no state is known ``share`` is NaN and ``met`` None.
    """
    found = working.by_day(
        seen.cameras, seen.states, by=_COLUMN[by], since=seen.since,
        until=seen.until + timedelta(days=1), zone=seen.zone,
    )  # fmt: skip
    return judged(found, seen.rules)


def judged(rates: pd.DataFrame, rules: VideoRules) -> pd.DataFrame:
    """``rates`` (key, known, working) with share, required and met."""
    share = rates["working"] / rates["known"].where(rates["known"] > 0)
    required = np.where(rates["key"], rules.working_share_industries, rules.working_share)
    met = (share >= required).astype(object).where(share.notna(), None)
    return rates.assign(share=share, required=required, met=met)


def repairs(seen: Watch, *, by: By) -> pd.DataFrame:
    """Failures that were open in those days: value, failures, mended, mean_hours, open, overdue.

    ``mean_hours`` is the mean time from a failure to the next observation that finds the point
    working, NaN where none was mended; ``overdue`` of the open ones are older than the policy's
    days of a repair.
    """
    late = working.overdue(
        seen.cameras, as_of=seen.until, repair_days=seen.rules.repair_days, zone=seen.zone
    )
    of_day = seen.cameras.set_index("camera")
    failed = working.repairs(seen.states)
    column = _COLUMN[by]
    value = failed["camera"].map(of_day[column]) if column else pd.Series(None, failed.index)
    hours = (failed["up_at"] - failed["down_at"]).dt.total_seconds() / 3600
    is_open = failed["up_at"].isna()
    marked = failed.assign(
        value=value.astype(object), hours=hours, open=is_open,
        overdue=is_open & failed["camera"].isin(late["camera"]),
    )  # fmt: skip
    groups = marked.groupby("value", dropna=False)
    return groups.agg(
        failures=("camera", "size"), mended=("hours", "count"), mean_hours=("hours", "mean"),
        open=("open", "sum"), overdue=("overdue", "sum"),
    ).reset_index()  # fmt: skip
