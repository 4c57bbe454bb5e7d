"""Says each audit finding in one sentence, in Chinese and English, with rule and figures."""

from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd

from gis.grids.model import FindingKind, Network
from gis.grids.rules import AuditRules
from gis.rounding import floored

Row = Mapping[Hashable, Any]
GROUND = {FindingKind.GAP, FindingKind.OVERLAP, FindingKind.OUTSIDE, FindingKind.SLIVER}
NETWORK_ZH = {
    Network.UNIFIED: "统一网格",
    Network.CITY_MANAGEMENT: "城管网格",
    Network.SOCIAL_SERVICE: "社会服务网格",
    Network.PUBLIC_SECURITY: "公安网格",
}
NETWORK_EN = {
    Network.UNIFIED: "unified grids",
    Network.CITY_MANAGEMENT: "city management grids",
    Network.SOCIAL_SERVICE: "social service grids",
    Network.PUBLIC_SECURITY: "public security grids",
}
_ORIGIN_ZH = {
    FindingKind.GAP: "缝隙", FindingKind.OVERLAP: "重叠", FindingKind.OUTSIDE: "越界条带",
    FindingKind.SLIVER: "网格残片",
}  # fmt: skip
_ORIGIN_EN = {
    FindingKind.GAP: "gap", FindingKind.OVERLAP: "overlap",
    FindingKind.OUTSIDE: "strip beyond the community", FindingKind.SLIVER: "fragment of a grid",
}  # fmt: skip


def with_reasons(findings: pd.DataFrame, rules: AuditRules) -> pd.DataFrame:
    """``findings`` (with column network) with rule, reason_zh and reason_en."""
    records = findings.to_dict("records")
    return findings.assign(
        rule=[rule_of(FindingKind(row["kind"])) for row in records],
        reason_zh=[reason_zh(row, rules) for row in records],
        reason_en=[reason_en(row, rules) for row in records],
    )


def rule_of(kind: FindingKind) -> str:
    """GRD-1 for ground and staff, GRD-2 for the size of a grid."""
    return "GRD-1" if kind in GROUND or kind is FindingKind.VACUUM else "GRD-2"


def reason_zh(row: Row, rules: AuditRules) -> str:
    """The sentence for one finding in Chinese."""
    kind, area = FindingKind(row["kind"]), _n(row["area_m2"])
    codes, size = row["grid_codes"] or "无", f"{rules.households_min}-{rules.households_max} 户"
    where = f"{NETWORK_ZH[Network(row['network'])]}在 {row['area_code']}"
    counts = f"（≥ {_n(row['threshold'])} m² 即计）"
    text = {
        FindingKind.GAP: f"{where} 有 {area} m² 无网格覆盖的盲区{counts}，相邻网格 {codes}",
        FindingKind.OVERLAP: f"{where} 重叠 {area} m²{counts}，网格 {codes}",
        FindingKind.OUTSIDE: f"网格 {codes} 有 {area} m² 不在社区 {row['area_code']} 内{counts}",
        FindingKind.SLIVER: f"{where} 有{_ORIGIN_ZH[_origin(row)]} {area} m²，平均宽 "
        f"{_n(floored(row['figure'], 2))} m，窄于 {_n(rules.sliver_width_m)} m，网格 {codes}",
        FindingKind.VACUUM: f"网格 {codes} 无人在岗（真空），要求至少 1 个在岗岗位",
        FindingKind.HOUSEHOLDS_LOW: f"网格 {codes} 有 {_n(row['figure'])} 户，少于默认规模 {size}",
        FindingKind.HOUSEHOLDS_HIGH: f"网格 {codes} 有 {_n(row['figure'])} 户，多于默认规模 {size}",
        FindingKind.HOUSEHOLDS_UNKNOWN: f"网格 {codes} 户数不详，无法与默认规模 {size} 比较",
    }[kind]
    return f"{rule_of(kind)}：{text}；依据 {_source(kind, rules)}。"


def reason_en(row: Row, rules: AuditRules) -> str:
    """The sentence for one finding in English."""
    kind, area = FindingKind(row["kind"]), _n(row["area_m2"])
    codes = row["grid_codes"].replace(",", ", ") or "none"
    size = f"default size of {rules.households_min}-{rules.households_max} households"
    where = f"{NETWORK_EN[Network(row['network'])]} in {row['area_code']}"
    counts = f" (counted from {_n(row['threshold'])} m²)"
    has = f"grid {codes} has {_n(row['figure'])} household{'' if row['figure'] == 1 else 's'}"
    text = {
        FindingKind.GAP: f"no grid covers {area} m²{counts}: {where}, grids beside it: {codes}",
        FindingKind.OVERLAP: f"{where}: {codes} overlap by {area} m²{counts}",
        FindingKind.OUTSIDE: f"grid {codes} has {area} m² outside community "
        f"{row['area_code']}{counts}",
        FindingKind.SLIVER: f"{where}: {_ORIGIN_EN[_origin(row)]} of {area} m², on average "
        f"{_n(floored(row['figure'], 2))} m wide, narrower than {_n(rules.sliver_width_m)} m; "
        f"grids: {codes}",
        FindingKind.VACUUM: f"nobody is on duty in grid {codes}, at least 1 staffed post is due",
        FindingKind.HOUSEHOLDS_LOW: f"{has}, fewer than the {size}",
        FindingKind.HOUSEHOLDS_HIGH: f"{has}, more than the {size}",
        FindingKind.HOUSEHOLDS_UNKNOWN: f"the households of grid {codes} are unknown, so no "
        f"comparison with the {size}",
    }[kind]
    return f"{rule_of(kind)}: {text}; source {_source(kind, rules)}."


def _origin(row: Row) -> FindingKind:
    origin = FindingKind(row["origin"])
    return origin if origin in GROUND else FindingKind.SLIVER


def _source(kind: FindingKind, rules: AuditRules) -> str:
    return rules.ground_source if rule_of(kind) == "GRD-1" else rules.size_source


def _n(value: float) -> str:
    return f"{value:,.2f}".rstrip("0").rstrip(".")
