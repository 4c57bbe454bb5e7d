"""What the writing half says about a row: one stable code, its severity, its words."""

from collections.abc import Iterator

import pandas as pd

from data.ingest.refusal import masked
from data.ingest.types import RowNote, Severity
from gis.assignment.store import Layer

_NOTE, _FLAGGED, _REFUSED = Severity.NOTE, Severity.FLAGGED, Severity.REFUSED

REASONS: dict[str, tuple[Severity, str, str]] = {
    "value_missing": (_REFUSED, "必填项为空", "a required value is missing"),
    "geometry_missing": (_REFUSED, "没有位置", "the row has no position"),
    "bad_value": (
        _REFUSED,
        "值无法存储（类型或范围不符）",
        "the value has the wrong type or range",
    ),
    "bad_text": (
        _REFUSED,
        "文本含有无法存储的字符",
        "the text has characters that cannot be stored",
    ),
    "wrong_geometry": (_REFUSED, "几何类型不符", "the geometry is of the wrong type"),
    "invalid_geometry": (_REFUSED, "几何无效", "the geometry is not valid"),
    "outside_world": (
        _REFUSED,
        "坐标超出经纬度范围（纬度须在±85°以内）",
        "the coordinates are no longitude and latitude (latitude within 85 degrees)",
    ),
    "ahead": (_FLAGGED, "晚于今天，请核对年份", "lies after today; check the year"),
    "far_ahead": (
        _REFUSED,
        "晚于今天两年以上，应为笔误",
        "lies more than two years after today, a slip of the pen",
    ),
    "breaks_rule": (_REFUSED, "违反数据规则：{rule}", "breaks the rule of the table: {rule}"),
    "code_unknown": (
        _REFUSED,
        "编码不符合本区编码规则",
        "the code matches no pattern of the district",
    ),
    "community_missing": (
        _REFUSED,
        "网格编码前段不是已有社区的编码",
        "the first part of the grid's code is not the code of a community in the store",
    ),
    "camera_missing": (
        _REFUSED,
        "视频点不存在，请先导入视频点",
        "the video point is not in the store; import cameras first",
    ),
    "duplicate_key": (
        _REFUSED,
        "与前面的行键相同，保留前者",
        "has the key of an earlier row, which is kept",
    ),
    "overlapping_version": (
        _REFUSED,
        "有效期与另一版本重叠",
        "is valid on days of another version",
    ),
    "shares_exceed": (
        _REFUSED,
        "共享份额不在0到1之间或合计超过1",
        "the shares are not between 0 and 1 or sum to more than 1",
    ),
    "shares_unreadable": (
        _REFUSED,
        "共享社区及份额无法识别，应写作“编码:份额;编码:份额”",
        "the shares cannot be read; write code:share;code:share",
    ),
    "beyond_areas": (
        _REFUSED,
        "不在您负责的区域内",
        "lies outside your areas",
    ),
    "key_elsewhere": (
        _REFUSED,
        "编号已属于您负责区域以外的一条记录",
        "the key belongs to a record outside your areas",
    ),
    "parent_missing": (_FLAGGED, "上级区划不存在", "the division above is not in the store"),
    "grid_missing": (_FLAGGED, "网格不存在", "the grid is not in the store"),
    "subject_unknown": (_FLAGGED, "统计对象不存在", "the subject is not in the store"),
    "share_area_missing": (
        _FLAGGED,
        "共享社区不存在",
        "a community that shares the facility is not in the store",
    ),
    "older_version": (
        _FLAGGED,
        "库中已有更新的版本，本行作为历史版本保存",
        "the store has a newer version; this row is kept as history",
    ),
    "area_unknown": (
        _FLAGGED,
        "填报的编码不存在",
        "the code that the row names is not in the store",
    ),
    "outside_communities": (
        _FLAGGED,
        "不在任何社区内，归入本区",
        "lies in no community and carries the district's code",
    ),
    "outside_area": (
        _FLAGGED,
        "不在填报的社区内",
        "lies outside the area that the row names",
    ),
    "outside_grid": (
        _FLAGGED,
        "不在填报的网格内",
        "lies outside the grid that the row names",
    ),
    "outside_compound": (
        _FLAGGED,
        "不在填报的小区内",
        "lies outside the compound that the row names",
    ),
    "frame_suspect": (
        _FLAGGED,
        "不在填报的社区内，但按{frame}坐标系则在其中，坐标系可能填错；未移动",
        "lies outside the area that the row names but inside it if the coordinates are {frame}:"
        " the frame may be wrong; the point was not moved",
    ),
    "placed_by_building": (_NOTE, "位置取自所在楼栋", "the position is that of its building"),
}


def note(
    row: int,
    code: str,
    *,
    column: str | None = None,
    value: str | None = None,
    **words: object,
) -> RowNote:
    """A remark of `REASONS` on one row; ``words`` fill its text."""
    severity, zh, en = REASONS[code]
    shown = None if value is None else masked(value)
    return RowNote(row, severity, code, column, shown, zh.format(**words), en.format(**words))


def contradictions(layer: Layer, page: pd.DataFrame) -> Iterator[RowNote]:
    """Notes on points that lie outside the area, grid or compound their file names."""
    what = {Layer.AREAS: "area", Layer.GRIDS: "grid", Layer.COMPOUNDS: "compound"}[layer]
    frames = page["frame"] if "frame" in page else [None] * len(page)
    found = page["found"].astype(object).where(page["found"].notna(), "–")
    for row, code, distance_m, lies_in, frame in zip(
        page["id"], page["code"], page["distance_m"], found, frames, strict=True
    ):
        said, words = (
            (f"outside_{what}", {}) if frame is None else ("frame_suspect", {"frame": frame})
        )
        value = f"{code} → {lies_in}: {distance_m:.2f} m"
        yield note(int(row), said, column="area_code", value=value, **words)
