"""Inventory of the video points (VID-1, VID-2 first part) of one day."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd
from sqlalchemy.orm import Session

from gis.areas import hierarchy
from gis.areas.levels import Level
from gis.db.base import Base
from gis.district import District
from gis.memory import give_back
from gis.policy import Policy
from gis.runs.append import columns_of
from gis.runs.digest import of_frames
from gis.runs.model import Analysis
from gis.runs.store import Recorded, latest_run, record
from gis.video import analysis, checks, reasons, store
from gis.video.analysis import LEVELS
from gis.video.ground import rows as ground_rows
from gis.video.ground import service as ground
from gis.video.ground import store as ground_store
from gis.video.ground.model import BlindArea, VideoCoverage, VideoPlace, WeakPoint
from gis.video.ground.service import Ground
from gis.video.model import VideoFinding, VideoResult
from gis.video.rules import GroundRules, LawRules, VideoRules
from gis.video.view_rules import ViewRules

_OWNERS_IN_TOTALS = 20  # enough for a table on one page; all owners are in ``counts``
_PLACE = [
    "place_key", "kind", "name", "area_code", "grid_code", "compound_code", "digest", "seen_share",
]  # fmt: skip


@dataclass(frozen=True)
class VideoInventory:
    """What `inventory` found on ``as_of``.

    ``results`` has the columns of table video_results, one row per division, unified grid
    and compound; ``findings`` those of video_findings; ``coverage`` those of video_coverage, and
    ``ground`` what it rests on (None without compounds); ``counts`` dimension, value, cameras.
    ``totals`` is plain JSON.
    """

    as_of: date
    area_code: str
    policy: Policy
    input_digest: str
    results: pd.DataFrame
    findings: pd.DataFrame
    counts: pd.DataFrame
    coverage: pd.DataFrame
    ground: Ground | None
    totals: dict[str, Any]


def inventory(
    session: Session, *, policy: Policy, district: District, as_of: date
) -> VideoInventory:
    """Count the video points that stand on ``as_of``, check their records and their working rate.

    A point's state is its newest observation up to the end of the day in the district's time
    zone, however old; a point that nobody observed is unknown and counts in no rate.
    """
    rules, law = VideoRules.of(policy), LawRules.of(policy)
    read = _read(session, law, policy, district, as_of)
    give_back()  # what the measuring has freed
    coded = _has_gb_codes(district)
    found = _checked(read, rules, district, ids_expected=coded)
    marked = analysis.marked(found.points, found.faults, found.missing)
    rows = _judged(_results(marked, read, found.bare, district), rules, as_of)
    findings = checks.findings(
        found, rules, law, as_of=as_of, zone=district.zone, chinese_law=coded
    )
    counts = analysis.counts(found.points)
    covered = _covered(read.seen, read.subjects, policy, district)
    totals = _totals(rows, counts, findings, district=district.code)
    return VideoInventory(
        as_of=as_of,
        area_code=district.code,
        policy=policy,
        input_digest=of_frames(_depends(read)),
        results=rows[columns_of(VideoResult)],
        findings=findings,
        counts=counts,
        coverage=covered,
        ground=read.seen,
        totals=totals | {"coverage": _ground_totals(covered, read.seen, policy)},
    )


@dataclass(frozen=True)
class _Records:
    """What the store holds on the day: all that an inventory looks at."""

    cameras: pd.DataFrame
    inside: pd.DataFrame
    compounds: pd.DataFrame
    subjects: pd.DataFrame
    outlined: pd.DataFrame
    seen: Ground | None


def _read(
    session: Session, law: LawRules, policy: Policy, district: District, as_of: date
) -> _Records:
    earlier = latest_run(session, Analysis.VIDEO)
    return _Records(
        cameras=store.cameras_on(session, district=district, as_of=as_of),
        inside=store.points_in_private_places(session, kinds=law.private_kinds),
        compounds=store.compounds_on(session, as_of=as_of),
        subjects=store.subjects(session, as_of=as_of),
        outlined=store.outlined_counties(session, as_of=as_of),
        seen=ground.measure(
            session, policy=policy, district=district, as_of=as_of,
            previous=None if earlier is None else earlier.id,
        ),
    )  # fmt: skip


def _checked(
    read: _Records, rules: VideoRules, district: District, *, ids_expected: bool
) -> checks.Checked:
    """The points with their subjects and what is wrong with their records."""
    at = analysis.placed(read.cameras, read.subjects, read.compounds, district=district.code)
    at["key"] = analysis.key_industry(
        at, public_industries=rules.public_industries, key_place_kinds=rules.key_place_kinds
    )
    stored = read.subjects.loc[read.subjects["subject_kind"] == Level.DISTRICT, "subject_code"]
    faults = analysis.id_faults(
        at, listed={district.code, *stored, *rules.counties}, outlined=set(read.outlined["county"]),
        ids_expected=ids_expected,
    )  # fmt: skip
    standing = at.loc[~at["status"].isin(analysis.NOT_STANDING), "compound"]
    return checks.Checked(
        points=at, faults=faults, missing=analysis.missing_fields(at),
        bare=read.compounds[~read.compounds["compound"].isin(standing)],
        inside=read.inside, into=None if read.seen is None else read.seen.into,
    )  # fmt: skip


def _judged(rows: pd.DataFrame, rules: VideoRules, as_of: date) -> pd.DataFrame:
    """Rows of video_results with working rate, verdict and sentence."""
    judged = analysis.judged(
        rows,
        working_share=rules.working_share,
        working_share_industries=rules.working_share_industries,
    )
    return reasons.with_reasons(judged, rules, as_of=as_of)


def save(session: Session, found: VideoInventory) -> Recorded:
    """Keep an inventory; the same inputs and rules find the run that is there.

    The stored view fields are those of the newest day that was looked at: an earlier one leaves
    them alone.
    """
    give_back()  # what the checks have freed; drawing the fields takes its own
    newest = latest_run(session, Analysis.VIDEO)
    if found.ground is not None and (newest is None or newest.as_of <= found.as_of):
        stale = found.ground.stale
        ground_store.keep_views(session, gone=stale.gone, fresh=stale.frames())
    seen: dict[type[Base], pd.DataFrame] = {} if found.ground is None else {
        VideoCoverage: found.coverage,
        VideoPlace: found.ground.places,
        BlindArea: found.ground.blind.rename(columns={"compound": "compound_code"}),
        WeakPoint: found.ground.weak.rename(columns={"compound": "compound_code"}),
    }  # fmt: skip
    return record(
        session, analysis=Analysis.VIDEO, period=None, as_of=found.as_of, policy=found.policy,
        input_digest=found.input_digest, parameters={}, totals=found.totals,
        area_code=found.area_code,
        results={VideoResult: found.results, VideoFinding: found.findings, **seen},
    )  # fmt: skip


def _covered(
    seen: Ground | None, subjects: pd.DataFrame, policy: Policy, district: District
) -> pd.DataFrame:
    if seen is None:
        return pd.DataFrame()
    return ground_rows.by_level(
        seen.compounds, seen.places, subjects, GroundRules.of(policy),
        qualities=ViewRules.of(policy).quality_names, district=district.code,
    )  # fmt: skip


def _depends(read: _Records) -> dict[str, pd.DataFrame]:
    """All that an inventory depends on, for the run's digest."""
    records = {
        "cameras": read.cameras, "compounds": read.compounds, "subjects": read.subjects,
        "private": read.inside, "counties": read.outlined,
    }  # fmt: skip
    if read.seen is None:
        return records
    places = pd.DataFrame(read.seen.places[_PLACE])
    measured = read.seen.compounds[["compound", "quality", "answer", "digest"]]
    blind = pd.DataFrame(read.seen.blind[["compound", "nearest"]])
    return {
        **records, "ground": measured, "places": places, "blind": blind, "into": read.seen.into,
    }  # fmt: skip


def _ground_totals(
    rows: pd.DataFrame, seen: Ground | None, policy: Policy
) -> dict[str, Any] | None:
    if seen is None or rows.empty:
        return None
    return ground_rows.totals(rows, pd.DataFrame(seen.blind), GroundRules.of(policy))


def _has_gb_codes(district: District) -> bool:
    """Whether places here have GB/T 2260 codes, by which ids and Chinese law go."""
    return len(district.code) == 6 and district.code.isdecimal()


def _results(
    marked: pd.DataFrame, read: _Records, bare: pd.DataFrame, district: District
) -> pd.DataFrame:
    """One row per subject, widest level first, in the order of the codes."""
    subjects, compounds = read.subjects, read.compounds
    located = analysis.placed(
        compounds.assign(compound_code=compounds["compound"]),
        subjects,
        compounds,
        district=district.code,
    )
    located["without"] = located["compound"].isin(bare["compound"])
    parts = []
    for level in LEVELS:
        named = _named(level, subjects, compounds, district)
        sums = analysis.sums_by(marked, level).reindex(named.index, fill_value=0)
        if level == "compound":
            homes = pd.DataFrame(float("nan"), named.index, ["compounds", "compounds_without"])
        else:
            by = located.groupby(level)["without"]
            homes = pd.DataFrame({"compounds": by.size(), "compounds_without": by.sum()})
            homes = homes.reindex(named.index, fill_value=0)
        parts.append(named.join(sums).join(homes).assign(subject_kind=level))
    return pd.concat(parts).rename_axis("subject_code").reset_index()


def _named(
    level: str, subjects: pd.DataFrame, compounds: pd.DataFrame, district: District
) -> pd.DataFrame:
    if level == "compound":
        return compounds.set_index("compound")[["name", "area_code"]]
    of_level = subjects[subjects["subject_kind"] == level].set_index("subject_code")
    if level == Level.DISTRICT and district.code not in of_level.index:
        of_level.loc[district.code, ["name", "area_code"]] = [district.name_zh, district.code]
    return of_level[["name", "area_code"]].sort_index()


def _totals(
    rows: pd.DataFrame, counts: pd.DataFrame, findings: pd.DataFrame, *, district: str
) -> dict[str, Any]:
    """The figures of the city or district, points by dimension and findings by kind."""
    whole = hierarchy.whole(rows, district=district)
    numbers = (
        "cameras", "in_use", "known", "working", "compounds", "compounds_without", "bad_ids",
        "missing_fields",
    )  # fmt: skip
    share = whole["working_share"]
    by = {
        dimension: {
            "unknown" if pd.isna(value) else value: int(times)
            for value, times in zip(part["value"], part["cameras"], strict=True)
        }
        for dimension, part in counts.groupby("dimension")
    }
    by["owner_unit"] = dict(list(by.get("owner_unit", {}).items())[:_OWNERS_IN_TOTALS])
    return {
        **{name: int(whole[name]) for name in numbers},
        "working_share": None if pd.isna(share) else float(share),
        "met": whole["met"],
        "threshold": float(whole["threshold"]),
        "by": by,
        "findings": findings["kind"].value_counts().sort_index().to_dict(),
    }
