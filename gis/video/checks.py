"""Everything that is found wrong with the video points of a day, as one frame of findings."""

from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

import pandas as pd

from gis.video import analysis, law_words, lawful, reasons, working
from gis.video.rules import LawRules, VideoRules


@dataclass(frozen=True)
class Checked:
    """Points of the day (as `analysis.placed` has them) and what was found about them.

    ``faults`` of ids and ``missing`` required fields; ``bare`` compounds without a point;
    ``inside`` and ``into``: points that stand in private places; that look, or could, into them.
    """

    points: pd.DataFrame
    faults: pd.DataFrame
    missing: pd.DataFrame
    bare: pd.DataFrame
    inside: pd.DataFrame
    into: pd.DataFrame | None


def findings(
    found: Checked, rules: VideoRules, law: LawRules, *, as_of: date, zone: ZoneInfo,
    chinese_law: bool,
) -> pd.DataFrame:  # fmt: skip
    """Findings of ids, fields, working order and compounds, and of the law where it holds."""
    at = found.points
    overdue = working.overdue(at, as_of=as_of, repair_days=rules.repair_days, zone=zone)
    parts = [
        reasons.id_findings(found.faults, at, rules),
        reasons.field_findings(found.missing, at, rules),
        reasons.view_findings(analysis.missing_for_view(at), at, rules),
        reasons.down_findings(at, rules, as_of=as_of, zone=zone),
        reasons.overdue_findings(overdue, rules),
        reasons.bare_findings(found.bare, rules, as_of=as_of),
    ]
    if chinese_law:
        parts.append(_lawful(found, law, as_of=as_of))
    return pd.concat(parts, ignore_index=True)


def _lawful(found: Checked, law: LawRules, *, as_of: date) -> pd.DataFrame:
    """Findings of the law on video, which holds where places have GB/T 2260 codes."""
    parts = [
        lawful.breaches(found.points, law, as_of=as_of),
        lawful.misplaced(found.inside, found.points, law, kind="forbidden_place", as_of=as_of),
    ]
    if found.into is not None:
        kinds = {"home": "forbidden_view", "potential": "forbidden_view_possible"}
        for looks, kind in kinds.items():
            into = found.into[found.into["looks"] == looks]
            parts.append(lawful.misplaced(into, found.points, law, kind=kind, as_of=as_of))
    return law_words.law_findings(pd.concat(parts, ignore_index=True), found.points, law)
