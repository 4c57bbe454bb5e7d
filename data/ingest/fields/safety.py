"""Fields of the incidents: a place, a time and a category; no person, no free text."""

from data.ingest.fields.common import AREA, POSITION
from data.ingest.fields.model import Field, Type

INCIDENTS = (
    Field(
        "key",
        Type.CODE,
        ("警情编号", "案件编号", "事件编号", "接警单编号", "编号", "唯一标识"),
        ("crime_id", "case_number", "incident_id", "source_key", "uuid"),
        first=(("警情编号",), ("接警单编号",)),
        weak=("id",),
    ),
    Field(
        "occurred_at",
        Type.MOMENT,
        ("发生时间", "案发时间", "发案时间", "报警时间", "接警时间", "发生日期", "时间", "日期"),
        ("occurred", "occurred_on", "datetime", "date_time", "date"),
        first=(("发生时间", "案发时间", "发案时间", "发生日期"),),
        weak=("month", "月份", "timestamp"),
        required=True,
        remark="a month alone ('2019-10') is kept with precision month",
    ),
    Field(
        "occurred_precision",
        Type.WORD,
        ("时间精度",),
        ("precision",),
        words={
            "minute": ("分钟", "分"),
            "day": ("日", "天"),
            "month": ("月",),
        },
        remark="follows from how the time is written where not stated",
    ),
    Field(
        "category",
        Type.CATEGORY,
        ("类别", "警情类别", "案件类别", "事件类别", "案由", "案件性质", "警情性质", "警情类型"),
        ("crime_type", "primary_type", "offense", "incident_type", "crime_category"),
        required=True,
        fallback="other",
        remark="names: data/reference/categories.toml",
    ),
    Field(
        "severe",
        Type.BOOLEAN,
        ("重大", "是否重大", "严重"),
        (),
        remark="follows from the category's name where not stated",
    ),
    Field(
        "preventable",
        Type.BOOLEAN,
        ("可防", "可防性", "是否可防"),
        (),
        remark="follows from the category where not stated",
    ),
    Field(
        "source",
        Type.TEXT,
        ("来源", "信息来源", "警情来源", "信息源", "数据来源"),
        ("reported_by", "data_source"),
        remark="the body that reported it",
    ),
    AREA,
    *POSITION,
)
