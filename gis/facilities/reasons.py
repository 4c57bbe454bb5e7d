"""Says each coverage verdict in one sentence, in Chinese and English, with rule and figures."""

import math
from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd

from gis.areas.levels import SubjectKind
from gis.facilities.model import Verdict
from gis.facilities.rules import CoverageRules
from gis.rounding import floored, raised

Row = Mapping[Hashable, Any]


def with_reasons(rows: pd.DataFrame, rules: CoverageRules) -> pd.DataFrame:
    """``rows`` of the analysis with reason_zh and reason_en."""
    records = rows.to_dict("records")
    return rows.assign(
        reason_zh=[reason_zh(row, rules) for row in records],
        reason_en=[reason_en(row, rules) for row in records],
    )


def reason_zh(row: Row, rules: CoverageRules) -> str:
    """The sentence for one row in Chinese."""
    need = f"每百户 {_n(rules.m2_per_100_households)} m²"
    has = f"计入设施 {row['facilities']} 处、{_n(row['floor_area_m2'])} m²"
    ratio = f"每百户 {_ratio(row)} m²"
    figures = f"{has}，{_n(row['households'])} 户应有 {_n(row['required_m2'])} m²"
    main = {
        Verdict.UNKNOWN: f"户数{_unknown_zh(row)}，无法与{need}比较，{has}",
        Verdict.NONE: f"没有计入的开放设施，要求{need}，"
        f"{_n(row['households'])} 户应有并缺 {_n(row['required_m2'])} m²",
        Verdict.MET: f"{ratio}，达到{need}（{figures}）",
        Verdict.BELOW: f"{ratio}，低于{need}（{figures}，缺 {_n(raised(row['gap_m2'], 2))} m²）",
    }[Verdict(row["verdict"])]
    return f"FAC-1：{main}{''.join(_notes_zh(row, rules))}；依据 {rules.source}。"


def _unknown_zh(row: Row) -> str:
    if row["lacking"]:
        return f"不全（{row['lacking']} 个社区不详）"
    return "为 0" if row["households"] == 0 else "不详"


def _notes_zh(row: Row, rules: CoverageRules) -> list[str]:
    notes = []
    if row["estimated_m2"] > 0:
        notes.append(f"，其中 {_n(row['estimated_m2'])} m² 按占地面积×层数估算")
    if row["unmeasured"]:
        notes.append(f"，{row['unmeasured']} 处在内而面积不详，只计处数")
    if row["basis"] == "communities":
        notes.append("，户数为所辖社区之和")
    elif row["lacking"] and row["verdict"] != Verdict.UNKNOWN:
        notes.append(f"，户数用本级统计（{row['lacking']} 个社区不详）")
    if row["households_as_of"] is not None and row["households"] > 0:
        notes.append(f"，户数截至 {row['households_as_of']}")
    if row["subject_kind"] == SubjectKind.GRID:
        notes.append("，网格数字仅供参考，以社区结论为准")
    if row["floor_rule"] is not None:
        floor = f"{row['floor_rule']} 下限 {_n(row['floor_required_m2'])} m²"
        state = "已达到" if row["floor_met"] else f"缺 {_n(raised(row['floor_gap_m2'], 2))} m²"
        source = rules.floor(row["floor_rule"]).source
        notes.append(f"；另列 {floor}（{source}），{state}")
    return notes


def reason_en(row: Row, rules: CoverageRules) -> str:
    """The sentence for one row in English."""
    need = f"{_n(rules.m2_per_100_households)} m² per 100 households"
    has = (
        f"{_count(row['facilities'], 'facility', 'facilities')} with {_n(row['floor_area_m2'])} m²"
    )
    households = _count(row["households"], "household", "households")
    figures = f"{has}; {households} need {_n(row['required_m2'])} m²"
    main = {
        Verdict.UNKNOWN: f"{_unknown_en(row)}, so no comparison with {need}; {has}",
        Verdict.NONE: f"no open facility that counts, {need} are required; "
        f"{households} need and lack {_n(row['required_m2'])} m²",
        Verdict.MET: f"{_ratio(row)} m² per 100 households meets {need} ({figures})",
        Verdict.BELOW: f"{_ratio(row)} m² per 100 households is below {need} "
        f"({figures}, {_n(raised(row['gap_m2'], 2))} m² are missing)",
    }[Verdict(row["verdict"])]
    return f"FAC-1: {main}{''.join(_notes_en(row, rules))}; source {rules.source}."


def _unknown_en(row: Row) -> str:
    if row["lacking"]:
        return f"households are unknown in {_count(row['lacking'], 'community', 'communities')}"
    return "there are no households" if row["households"] == 0 else "households are unknown"


def _notes_en(row: Row, rules: CoverageRules) -> list[str]:
    notes = []
    if row["estimated_m2"] > 0:
        notes.append(f", {_n(row['estimated_m2'])} m² of it estimated as footprint × storeys")
    if row["unmeasured"]:
        unmeasured = _count(row["unmeasured"], "facility", "facilities")
        notes.append(f", {unmeasured} of unknown area among them")
    if row["basis"] == "communities":
        notes.append(", households are the sum of the communities")
    elif row["lacking"] and row["verdict"] != Verdict.UNKNOWN:
        lacking = _count(row["lacking"], "community", "communities")
        notes.append(f", households are this level's own count ({lacking} without one)")
    if row["households_as_of"] is not None and row["households"] > 0:
        notes.append(f", households as of {row['households_as_of']}")
    if row["subject_kind"] == SubjectKind.GRID:
        notes.append(", for information only: the community's verdict counts")
    if row["floor_rule"] is not None:
        floor = f"{row['floor_rule']} floor of {_n(row['floor_required_m2'])} m²"
        state = "reached" if row["floor_met"] else f"{_n(raised(row['floor_gap_m2'], 2))} m² short"
        source = rules.floor(row["floor_rule"]).source
        notes.append(f"; beside it the {floor} ({source}): {state}")
    return notes


def _ratio(row: Row) -> str:
    return _n(floored(row["m2_per_100_households"], 2))


def _n(value: float) -> str:
    return "?" if math.isnan(value) else f"{value:,.2f}".rstrip("0").rstrip(".")


def _count(value: float, one: str, many: str) -> str:
    return f"{_n(value)} {one if value == 1 else many}"
