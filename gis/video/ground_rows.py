"""Covered ground summed up to grids and divisions, with verdict and sentence; pure frames."""

from typing import Any

import numpy as np
import pandas as pd

from gis.rounding import floored
from gis.video import analysis
from gis.video.coverage import MEASURES
from gis.video.rules import GroundRules

_SUMS = ["public_m2", *(f"{name}_m2" for name in MEASURES), "blind_m2", "entrances",
         "entrances_seen"]  # fmt: skip


def by_level(
    compounds: pd.DataFrame, subjects: pd.DataFrame, rules: GroundRules, *, district: str
) -> pd.DataFrame:
    """Rows of video_coverage for compounds, grids and divisions.

    A grid's or division's figures are the sums of its compounds that could be answered; where none
    could, the answer is ``no_buildings`` and the figures are empty.
    """
    homes = compounds.drop_duplicates("compound")[["compound", "area_code", "grid_code"]]
    placed = analysis.placed(
        homes.assign(compound_code=homes["compound"]), subjects, homes, district=district
    )
    held = compounds.drop(columns=["area_code", "grid_code"]).merge(
        placed.drop(columns=["area_code", "grid_code", "compound_code"]), on="compound",
        suffixes=("", "_at"),
    )  # fmt: skip
    named = subjects.set_index(["subject_kind", "subject_code"])[["name", "area_code"]]
    parts = []
    for level in (*analysis.LEVELS[:-1],):
        sums = held.groupby([level, "quality"], dropna=True)[_SUMS].sum(min_count=1).reset_index()
        rows = sums.rename(columns={level: "subject_code"}).assign(subject_kind=level, digest=None)
        about = named.reindex(list(zip(rows["subject_kind"], rows["subject_code"], strict=True)))
        parts.append(
            rows.assign(
                name=about["name"].fillna(rows["subject_code"].iloc[0] if len(rows) else "")
                .to_numpy(dtype=object),
                area_code=about["area_code"].to_numpy(dtype=object),
            )
        )  # fmt: skip
    own = compounds.rename(columns={"compound": "subject_code"}).assign(subject_kind="compound")
    found = pd.concat([*parts, own.drop(columns="grid_code")], ignore_index=True)
    found["area_code"] = found["area_code"].where(found["area_code"].notna(), district)
    return judged(found, rules)


def judged(rows: pd.DataFrame, rules: GroundRules) -> pd.DataFrame:
    """``rows`` with share, verdict and reason.

    Met: the share reaches the rule's, or nothing blind is large enough to report.
    """
    public = rows["public_m2"].where(rows["public_m2"] > 0)
    share = (rows["seen_m2"] / public).clip(upper=1.0)
    answer = np.where(rows["public_m2"].notna(), "measured", "no_buildings")
    decides = rows["quality"] == rules.quality
    enough = (rows["blind_m2"] == 0) | (share >= rules.share)
    met = enough.astype(object).where(share.notna() & decides, None)
    told = [_told(*one, rules=rules) for one in zip(rows["quality"], share, met, strict=True)]
    whole = {name: rows[name].astype("Float64").round().astype("Int64") for name in _SUMS[-2:]}
    return rows.assign(
        answer=answer, covered_share=share, met=met, rule="VID-2", threshold=rules.share, **whole,
        reason_zh=[zh for zh, _ in told], reason_en=[en for _, en in told],
    )  # fmt: skip


QUALITY_ZH = {"detect": "发现", "observe": "观察", "recognise": "识别", "identify": "确认"}


def _told(quality: str, share: Any, met: bool | None, *, rules: GroundRules) -> tuple[str, str]:
    """The verdict's sentence, which is published: the share and no square metres that are blind."""
    if pd.isna(share):
        return (
            f"VID-2：缺少建筑物数据，无法判断公共区域覆盖（{rules.source}）",
            f"VID-2: buildings are missing, so covered ground cannot be told ({rules.source})",
        )
    shown, (zh, en) = f"{floored(100 * share, 1):.1f} %", _verdict(share, met, rules)
    zh = f"VID-2：完好点位对公共区域的“{QUALITY_ZH.get(quality, quality)}”级覆盖率为 {shown}{zh}"
    en = f"VID-2: working points show {shown} of the public ground well enough to {quality}{en}"
    line = f"{100 * rules.share:g} %"
    return f"{zh}（要求 {line}，{rules.source}）", f"{en} (required {line}, {rules.source})"


def _verdict(share: float, met: bool | None, rules: GroundRules) -> tuple[str, str]:
    """Why the ground counts as covered or not; nothing where another quality decides."""
    if met is None:
        return "", ""
    if share >= rules.share:
        return "，达标", ": met"
    if met:
        return "，其余过于零碎、不计，达标", ": met, for what is left is too small to count"
    return "，未达标", ": not met"
