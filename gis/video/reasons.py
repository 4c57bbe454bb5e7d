"""One sentence per result and finding, in Chinese and in English: rule, threshold, figures."""

from datetime import date
from zoneinfo import ZoneInfo

import pandas as pd

from gis.rounding import floored
from gis.video.gb28181 import Fault
from gis.video.rules import VideoRules

_FAULTS = {
    Fault.MISSING: ("未填国标编码", "has no GB/T 28181 id"),
    Fault.FORM: ("国标编码不是 20 位数字", "has an id that is not 20 digits"),
    Fault.PLACE: ("国标编码前六位不是现有行政区划", "has an id whose division does not exist"),
    Fault.INDUSTRY: (
        "国标编码第 9-10 位行业代码超出 00-45",
        "has an id with an industry (digits 9-10) outside 00-45",
    ),
    Fault.TYPE: (
        "国标编码第 11-13 位类型代码不是摄像类设备",
        "has an id whose type (digits 11-13) is no camera",
    ),
    Fault.NETWORK: (
        "国标编码第 14 位网络标识为预留值 9",
        "has an id with the reserved network mark 9 (digit 14)",
    ),
    Fault.DUPLICATE: ("国标编码与其他点位重复", "shares its id with another point"),
    Fault.AREA: (
        "国标编码的行政区划与点位所在区县不符",
        "has an id of another district than the one it stands in",
    ),
    Fault.UNLISTED: (
        "国标编码前六位所属地市不在区划代码表内，无法判断是否存在",
        "has an id of a prefecture whose codes are not listed here: whether it exists is unknown",
    ),
}
_FIELDS_ZH = {
    "point_class": "点位类型",
    "installed_on": "安装时间",
    "contact_unit": "联系单位",
    "retention_days": "录像保存天数",
    "direction_deg": "监视方位",
    "height_m": "架设高度",
}


def with_reasons(rows: pd.DataFrame, rules: VideoRules, *, as_of: date) -> pd.DataFrame:
    """``rows`` with ``rule``, ``threshold`` and the sentence of VID-2 in both languages."""
    columns = (
        "cameras", "in_use", "known", "working", "key_known", "key_working", "compounds_without",
        "met",
    )  # fmt: skip
    figures = zip(*(rows[name] for name in columns), strict=True)
    told = [_rate(*numbers, rules=rules, as_of=as_of) for numbers in figures]
    return rows.assign(
        rule="VID-2",
        threshold=rules.working_share,
        key_threshold=rules.working_share_industries,
        reason_zh=[zh for zh, _ in told],
        reason_en=[en for _, en in told],
    )


def _rate(
    cameras: int,
    in_use: int,
    known: int,
    working: int,
    key_known: int,
    key_working: int,
    without: float,
    met: bool | None,
    *,
    rules: VideoRules,
    as_of: date,
) -> tuple[str, str]:
    line, source = f"{100 * rules.working_share:g} %", rules.working_source
    if cameras == 0:
        zh, en = f"VID-2：{as_of} 无视频点位", f"VID-2: no video point on {as_of}"
    elif known == 0:
        zh = f"VID-2：{as_of} 在用 {in_use} 个点位均无状态记录，完好率不详"
        en = f"VID-2: no known state of {_points(in_use)} in use on {as_of}, working rate unknown"
    else:
        share = f"{floored(100 * working / known, 1):.1f} %"
        work, meets = "works" if working == 1 else "work", "meets" if met else "misses"
        zh = (
            f"VID-2：{as_of} 在用 {in_use} 个点位中 {known} 个状态已知、{working} 个完好，"
            f"完好率 {share} {'达到' if met else '低于'}要求"
        )
        en = (
            f"VID-2: of {_points(in_use)} in use on {as_of}, {known} {_have(known)} a known state "
            f"and {working} {work}; {share} {meets} the required rate"
        )
    if key_known > 0:
        line += f" / {100 * rules.working_share_industries:g} %"
        zh += f"，其中重点行业 {key_known} 个、完好 {key_working} 个"
        en += f", of them {key_known} of key industries, {key_working} working"
    if without > 0:
        zh += f"，{without:.0f} 个小区无点位"
        homes = "compound" if without == 1 else "compounds"
        en += f", {without:.0f} {homes} {_have(without)} no point"
    return f"{zh}（要求 {line}，{source}）", f"{en} (required {line}, {source})"


def _points(number: int) -> str:
    return f"{number} {'point' if number == 1 else 'points'}"


def _have(number: float) -> str:
    return "has" if number == 1 else "have"


def id_findings(faults: pd.DataFrame, cameras: pd.DataFrame, rules: VideoRules) -> pd.DataFrame:
    """Findings of ids (VID-1), one row per point and fault."""
    found = faults.merge(cameras[["camera", "area_code"]], on="camera")
    source = rules.inventory_source
    zh = [f"VID-1：{_FAULTS[fault][0]}（GB/T 28181 附录 D；{source}）" for fault in found["fault"]]
    en = [
        f"VID-1: the point {_FAULTS[fault][1]} (GB/T 28181 appendix D; {source})"
        for fault in found["fault"]
    ]
    kinds = [fault.value for fault in found["fault"]]
    return _findings(found, kinds, "VID-1", zh, en)


def field_findings(missing: pd.DataFrame, cameras: pd.DataFrame, rules: VideoRules) -> pd.DataFrame:
    """Findings of empty required fields (VID-1), one row per point."""
    found = missing.merge(cameras[["camera", "area_code"]], on="camera")
    source = rules.inventory_source
    zh = [
        f"VID-1：缺少必填项：{'、'.join(_FIELDS_ZH[field] for field in fields.split(', '))}"
        f"（GB/T 28181-2022；{source}）"
        for fields in found["fields"]
    ]
    en = [
        f"VID-1: required fields are empty: {fields} (GB/T 28181-2022; {source})"
        for fields in found["fields"]
    ]
    return _findings(found, "field_missing", "VID-1", zh, en)


def view_findings(missing: pd.DataFrame, cameras: pd.DataFrame, rules: VideoRules) -> pd.DataFrame:
    """Findings of empty fields without which the covered ground is unknown (VID-2)."""
    found = missing.merge(cameras[["camera", "area_code"]], on="camera")
    source = rules.working_source
    zh = [
        f"VID-2：缺少{'、'.join(_FIELDS_ZH[field] for field in fields.split(', '))}，"
        f"无法判断覆盖的公共区域（{source}）"
        for fields in found["fields"]
    ]
    en = [
        f"VID-2: {fields} empty, so the public area the point covers is unknown ({source})"
        for fields in found["fields"]
    ]
    return _findings(found, "view_field_missing", "VID-2", zh, en)


def down_findings(
    cameras: pd.DataFrame, rules: VideoRules, *, as_of: date, zone: ZoneInfo
) -> pd.DataFrame:
    """Points in use that are down (VID-2), since a day of ``zone``."""
    found = cameras[(cameras["status"] == "in_use") & (cameras["observed"] == "down")]
    source = rules.working_source
    zh = f"VID-2：截至 {as_of} 最近一次状态为故障，应保持完好（{source}）"
    en = f"VID-2: the newest state up to {as_of} is down; points must be kept working ({source})"
    since = [
        None if pd.isna(stamp) else stamp.astimezone(zone).date() for stamp in found["down_since"]
    ]
    return _findings(found, "camera_down", "VID-2", zh, en, since=since)


def overdue_findings(overdue: pd.DataFrame, rules: VideoRules) -> pd.DataFrame:
    """Points that are down for longer than a repair may take (`working.overdue`)."""
    limit, source = rules.repair_days, rules.working_source
    zh = [
        f"VID-2：故障已 {days} 天，超过维修期限 {limit} 天（{source}）"
        for days in overdue["days_down"]
    ]
    en = [
        f"VID-2: down for {days} days, longer than the {limit} days of a repair ({source})"
        for days in overdue["days_down"]
    ]
    return _findings(overdue, "repair_overdue", "VID-2", zh, en, since=list(overdue["since"]))


def bare_findings(compounds: pd.DataFrame, rules: VideoRules, *, as_of: date) -> pd.DataFrame:
    """Compounds without a standing point (VID-2)."""
    source = rules.working_source
    zh = f"VID-2：{as_of} 小区内无视频点位，每个小区都应有（0 个，要求至少 1 个，{source}）"
    en = f"VID-2: no video point in the compound on {as_of} (0, required at least 1, {source})"
    return _findings(compounds, "compound_without_camera", "VID-2", zh, en)


def _findings(
    found: pd.DataFrame,
    kind: str | list[str],
    rule: str,
    zh: str | list[str],
    en: str | list[str],
    *,
    since: list[date | None] | None = None,
) -> pd.DataFrame:
    nothing = pd.Series([None] * len(found), dtype=object)
    told = pd.DataFrame({"area_code": found["area_code"].to_numpy()})
    return told.assign(
        kind=kind,
        rule=rule,
        camera_key=found["camera"].to_numpy() if "camera" in found else nothing,
        compound_code=found["compound"].to_numpy() if "camera" not in found else nothing,
        since=nothing if since is None else pd.Series(since, dtype=object),
        reason_zh=zh,
        reason_en=en,
    )
