"""What the reading half says of a row: a stable code, its severity, its words in two languages."""

import numpy as np
import pyarrow as pa

from data.ingest.refusal import masked
from data.ingest.types import RowNote, Severity
from gis.arrays import Flags, Ints

_NOTE, _REPAIRED, _FLAGGED, _REFUSED = Severity

REMARKS: dict[str, tuple[Severity, str, str]] = {
    "value_missing": (_REFUSED, "必填项为空", "a required value is missing"),
    "not_a_number": (_FLAGGED, "不是数字", "is not a number"),
    "unit_unknown": (_FLAGGED, "单位无法识别", "has a unit that is not known"),
    "not_whole": (_FLAGGED, "应为整数", "should be a whole number"),
    "out_of_range": (_FLAGGED, "超出允许范围", "is out of range"),
    "not_a_date": (_FLAGGED, "不是日期", "is not a date"),
    "not_a_day": (_FLAGGED, "只有年月，缺少日", "names a month, not a day"),
    "date_ambiguous": (
        _FLAGGED, "日、月可有两种读法，请写成 2026-03-04",
        "can be read as two different days or months; write 2026-03-04",
    ),
    "not_a_quarter": (_FLAGGED, "不是季度（2026Q3）", "is not a quarter (2026Q3)"),
    "word_unknown": (_FLAGGED, "不在词表中", "is not on the list of words"),
    "code_damaged": (
        _FLAGGED, "编码被表格软件改成了数字，末位已丢失；请以文本格式重新导出",
        "was turned into a number by a spreadsheet and lost digits; export it as text",
    ),
    "code_long": (
        _FLAGGED, "编码超过 200 字，未保存", "is longer than 200 characters, and no code",
    ),
    "text_cut": (_FLAGGED, "超过 1000 字，已截断", "was longer than 1,000 characters and was cut"),
    "code_unknown": (_REFUSED, "编码不符合本区编码规则", "matches no code pattern of the district"),
    "code_mismatch": (
        _REFUSED, "填报的社区编码与网格编码前段不一致",
        "differs from the beginning of the grid code",
    ),
    "level_corrected": (_FLAGGED, "级别与编码不符，已按编码", "disagrees with the code"),
    "personal_masked": (
        _REPAIRED, "文本中的电话、证件号、车牌或邮箱已隐去",
        "held a phone, id, plate or mail address, which was hidden",
    ),
    "unit_personal": (
        _FLAGGED, "像个人姓名或电话，没有保存；请填单位或岗位",
        "looks like a person's name or number and was not kept; name a unit or a post",
    ),
    "key_personal": (
        _FLAGGED, "像电话或身份证号，没有作为主键保存",
        "looks like a phone or identity number and was not kept as a key",
    ),
    "dates_reversed": (_REFUSED, "结束日期早于开始日期", "ends before it begins"),
    "part_above_whole": (_FLAGGED, "部分大于总数，已忽略", "exceeds the whole; was left out"),
    "direction_disputed": (
        _FLAGGED, "5、6、7、9 在两个标准中含义不同，未采用；请写方位（东北）或方位角",
        "means another direction in each of two standards and was left out; write it in words or"
        " degrees",
    ),
    "list_unsaid": (
        _FLAGGED,
        "一位数字在两个标准的代码表中含义不同，未保存；请用 --map function_type=列名"
        "（GA/T 1400）或 --map checkpoint_function=列名（GB/T 28181）指明",
        "is a number of two code lists that differ and was left out; say --map function_type=COLUMN"
        " (GA/T 1400) or --map checkpoint_function=COLUMN (GB/T 28181)",
    ),
    "ends_crossed": (
        _FLAGGED, "最小焦距大于最大焦距，两者均已忽略",
        "is shorter than the wide end; both were left out",
    ),
    "count_missing": (_REFUSED, "没有任何计数", "states no count at all"),
    "subject_missing": (_REFUSED, "没有统计对象的编码或名称", "names no subject by code or name"),
    "subject_kind_unknown": (
        _REFUSED, "无法判断统计对象类型，请填写 subject_kind",
        "does not show what kind of subject it is; state subject_kind",
    ),
    "position_missing": (_REFUSED, "没有坐标", "has no coordinates"),
    "geometry_missing": (_REFUSED, "没有几何", "has no geometry"),
    "geometry_empty": (_REFUSED, "几何为空", "has an empty geometry"),
    "geometry_unreadable": (_REFUSED, "几何无法读取", "has a geometry that cannot be read"),
    "geometry_type": (_REFUSED, "几何类型不符", "has a geometry of the wrong type"),
    "geometry_collapsed": (
        _REFUSED, "几何没有面积或长度（坐标可能被取整，或边线自相交叉）",
        "has an outline without area or length (rounded coordinates, or edges that cross)",
    ),
    "geometry_area_changed": (
        _REFUSED, "几何无效，修复会使面积变化超过 1%",
        "has an invalid outline whose repair would change its area by more than 1 %",
    ),
    "coordinate_invalid": (_REFUSED, "坐标不是有限的数", "has a coordinate that is no number"),
    "outside_district": (
        _REFUSED, "位置在本区 50 公里以外", "lies more than 50 km from the district",
    ),
    "far_area": (_FLAGGED, "在本区 50 公里以外", "lies more than 50 km from the district"),
    "ring_closed": (_REPAIRED, "环未闭合，已闭合", "had an open ring, which was closed"),
    "line_closed": (_REPAIRED, "闭合线已转为面", "was a closed line and became a polygon"),
    "repaired": (
        _REPAIRED, "几何无效，已修复，面积变化不超过 1%",
        "had an invalid outline, repaired with less than 1 % change of area",
    ),
    "duplicate_points": (_REPAIRED, "已去除重复点", "had repeated points, which were removed"),
    "z_dropped": (_NOTE, "高程已舍去", "had heights, which were dropped"),
    "m_dropped": (_NOTE, "测量值已舍去", "had measures, which were dropped"),
    "entrance_unreadable": (
        _FLAGGED, "出入口坐标无法读取，已略去", "has entrances that cannot be read; left out",
    ),
    "entrance_far": (
        _FLAGGED, "出入口在本区 50 公里以外，已略去",
        "has entrances more than 50 km from the district; left out",
    ),
    "name_from_code": (_NOTE, "没有名称，以编码代替", "has no name; its code stands in"),
    "answers_only": (
        _NOTE,
        "在线、离线是某一时刻的观测，不是设备状态，按在用登记；没有时间，未记为观测："
        "请注明读取时间（--read-at）或状态时间列",
        "says whether the device answers, an observation and no life of the point, which is kept as"
        " in use; without a time it is not kept: say when it was read (--read-at), or in a column",
    ),
}  # fmt: skip
# Said once per chunk, with the number of rows.
_ONCE = {"z_dropped", "m_dropped", "name_from_code", "answers_only"}


def remark(
    row: int,
    code: str,
    *,
    column: str | None = None,
    value: object = None,
    severity: Severity | None = None,
) -> RowNote:
    """One remark of ``REMARKS`` on one row."""
    usual, zh, en = REMARKS[code]
    shown = None if value is None else masked(value)
    return RowNote(row, severity or usual, code, column, shown, zh, en)


def remarks(
    rows: Ints,
    where: Flags,
    code: str,
    *,
    column: str | None = None,
    values: pa.Array | None = None,
    severity: Severity | None = None,
) -> list[RowNote]:
    """Remarks on the rows of ``where``; ``values`` are the cells as the file has them."""
    places = np.flatnonzero(where)
    if not len(places):
        return []
    if code in _ONCE:
        return [_counted(int(rows[places[0]]), code, len(places))]
    cells = (
        values.take(pa.array(places)).to_pylist() if values is not None else [None] * len(places)
    )
    return [
        remark(int(row), code, column=column, value=cell, severity=severity)
        for row, cell in zip(rows[places], cells, strict=True)
    ]


def _counted(row: int, code: str, count: int) -> RowNote:
    severity, zh, en = REMARKS[code]
    return RowNote(
        row,
        severity,
        code,
        None,
        None,
        f"{zh}（自本行起共 {count} 行）",
        f"{en} ({count} rows from here on)",
    )
