"""Covered ground summed up to grids and divisions, with verdict and sentence; pure frames."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from gis.areas.levels import Level
from gis.rounding import floored
from gis.video import analysis
from gis.video.ground.coverage import MEASURES
from gis.video.ground.model import PlaceKind
from gis.video.rules import GroundRules

_SUMS = ["public_m2", *(f"{name}_m2" for name in MEASURES), "blind_m2"]
_COUNTS = ["entrances", "entrances_seen", "key_places", "key_places_seen"]
PASSED = [*_COUNTS, "street_m", "street_seen_m"]


def by_level(
    compounds: pd.DataFrame, places: pd.DataFrame, subjects: pd.DataFrame, rules: GroundRules, *,
    qualities: Sequence[str], district: str,
) -> pd.DataFrame:  # fmt: skip
    """Rows of video_coverage for compounds, grids and divisions.

    A grid's or division's square metres are the sums of its compounds that could be answered, its
    entrances, streets and key places all that lie in it. The answer is ``no_buildings`` where no
    compound could be answered, and ``no_compounds`` where there is none.
    """
    homes = compounds.drop_duplicates("compound")[["compound", "area_code", "grid_code"]]
    placed = analysis.placed(
        homes.assign(compound_code=homes["compound"]), subjects, homes, district=district
    )
    held = compounds.drop(columns=["area_code", "grid_code"]).merge(
        placed.drop(columns=["area_code", "grid_code", "compound_code"]), on="compound",
        suffixes=("", "_at"),
    )  # fmt: skip
    passed = _placed_places(places, subjects, homes, rules, qualities, district=district)
    named = subjects.set_index(["subject_kind", "subject_code"])[["name", "area_code"]]
    parts = []
    for level in (*analysis.LEVELS[:-1],):
        grouped = held.groupby([level, "quality"], dropna=True)[_SUMS]
        sums = grouped.sum(min_count=1).assign(
            compounds=grouped.size(), seen_deeper_m2=_depths(held, [level, "quality"])
        )
        sums = sums.join(_passed(passed, level), how="outer").reset_index(names=[level, "quality"])
        rows = sums.rename(columns={level: "subject_code"}).assign(subject_kind=level, digest=None)
        about = named.reindex(list(zip(rows["subject_kind"], rows["subject_code"], strict=True)))
        parts.append(
            rows.assign(
                name=about["name"].fillna(rows["subject_code"].iloc[0] if len(rows) else "")
                .to_numpy(dtype=object),
                area_code=about["area_code"].to_numpy(dtype=object),
            )
        )  # fmt: skip
    own = compounds.join(_passed(passed, "compound"), on=["compound", "quality"])
    own = own.rename(columns={"compound": "subject_code"})
    own = own.assign(subject_kind="compound", compounds=1).drop(columns="grid_code")
    found = pd.concat([*parts, own], ignore_index=True)
    found["area_code"] = found["area_code"].where(found["area_code"].notna(), district)
    deeper = found["seen_deeper_m2"].astype(object)
    found["seen_deeper_m2"] = deeper.where(deeper.notna(), None)  # NaN is no JSON
    return judged(found, rules)


def _depths(held: pd.DataFrame, by: list[str]) -> "pd.Series[Any]":
    """Sums of ``seen_deeper_m2``, depth by depth, of the compounds that have an answer."""
    known = held[held["seen_deeper_m2"].notna()]
    columns = pd.DataFrame(known["seen_deeper_m2"].tolist(), known.index).join(known[by])
    summed = columns.groupby(by, dropna=True).sum()
    return pd.Series(summed.to_numpy().tolist(), summed.index, dtype=object)


def _placed_places(
    places: pd.DataFrame, subjects: pd.DataFrame, homes: pd.DataFrame, rules: GroundRules,
    qualities: Sequence[str], *, district: str,
) -> pd.DataFrame:  # fmt: skip
    """Measured places once per quality: the subject of each level, and what `_passed` adds up."""
    known = pd.DataFrame(places[places["shares"].notna()].drop(columns="geom"))
    at = analysis.placed(known, subjects, homes, district=district)
    gate, key = at["kind"] == PlaceKind.ENTRANCE, at["kind"] == PlaceKind.KEY_PLACE
    length_m, parts = at["length_m"].fillna(0.0), []
    for level, quality in enumerate(qualities):
        share = np.array([one[level] for one in at["shares"]], dtype=float)
        figures = {
            "entrances": gate, "entrances_seen": gate & (share > 0),
            "key_places": key, "key_places_seen": key & (share >= rules.key_place_share),
            "street_m": length_m, "street_seen_m": length_m * share,
        }  # fmt: skip
        parts.append(
            at[list(analysis.LEVELS)].assign(
                quality=quality, **{name: value.astype(float) for name, value in figures.items()}
            )
        )
    return pd.concat(parts, ignore_index=True)


def _passed(places: pd.DataFrame, level: str) -> pd.DataFrame:
    """Entrances and key places (all, seen) and metres of street by subject and quality."""
    return places.groupby([level, "quality"], dropna=True)[PASSED].sum()


def judged(rows: pd.DataFrame, rules: GroundRules) -> pd.DataFrame:
    """``rows`` with share, verdict and reason.

    Met: the share reaches the rule's, or nothing blind is large enough to report.
    """
    public = rows["public_m2"].where(rows["public_m2"] > 0)
    share = (rows["seen_m2"] / public).clip(upper=1.0)
    silent = np.where(rows["compounds"] > 0, "no_buildings", "no_compounds")
    answer = np.where(rows["public_m2"].notna(), "measured", silent)
    decides = rows["quality"] == rules.quality
    enough = (rows["blind_m2"] == 0) | (share >= rules.share)
    met = enough.astype(object).where(share.notna() & decides, None)
    figures = zip(rows["quality"], share, met, answer, strict=True)
    told = [_told(*one, rules=rules) for one in figures]
    none = np.where(answer == "no_buildings", np.nan, 0.0)  # a compound without gates has 0 of them
    rows = rows.assign(**{name: rows[name].fillna(pd.Series(none, rows.index)) for name in PASSED})
    whole = {name: rows[name].astype("Float64").round().astype("Int64") for name in _COUNTS}
    return rows.drop(columns="compounds").assign(
        answer=answer, covered_share=share, met=met, rule="VID-2", threshold=rules.share, **whole,
        reason_zh=[zh for zh, _ in told], reason_en=[en for _, en in told],
    )  # fmt: skip


QUALITY_ZH = {"detect": "发现", "observe": "观察", "recognise": "识别", "identify": "确认"}


def _told(
    quality: str, share: Any, met: bool | None, answer: str, *, rules: GroundRules
) -> tuple[str, str]:
    """The verdict's sentence, which is published: the share and no square metres that are blind."""
    if answer == "no_compounds":
        return (
            f"VID-2：辖区内没有小区，无公共区域可判（{rules.source}）",
            f"VID-2: there is no compound here whose public ground could be told ({rules.source})",
        )
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


def totals(rows: pd.DataFrame, blind: pd.DataFrame, rules: GroundRules) -> dict[str, Any]:
    """Covered share of all compounds that could be answered, by quality, what is blind, and the
    entrances, streets and key places of all at VID-2's quality.
    """
    homes = rows[rows["subject_kind"] == "compound"]
    sums = homes.groupby("quality", sort=False)[["public_m2", "seen_m2", "seen_potential_m2"]].sum()
    one = homes[homes["quality"] == homes["quality"].iloc[0]]
    decides = rows["quality"] == rules.quality
    passed = rows[decides & (rows["subject_kind"] == Level.DISTRICT)]
    return {
        "compounds": len(one),
        "answered": int((one["answer"] == "measured").sum()),
        "public_m2": round(float(sums["public_m2"].max()), 1),
        "by_quality": {
            str(quality): {
                "seen_m2": round(float(row["seen_m2"]), 1),
                "potential_m2": round(float(row["seen_potential_m2"]), 1),
                "share": float(row["seen_m2"] / row["public_m2"]) if row["public_m2"] else None,
            }
            for quality, row in sums.iterrows()
        },
        "blind_areas": len(blind),
        "blind_m2": round(float(blind["area_m2"].sum()), 1),
        **{name: round(float(passed[name].sum()), 1) for name in PASSED},
    }
