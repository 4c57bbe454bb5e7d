"""Fields of the cameras and their status: GB/T 28181-2022 catalogue, 一机一档 headers, OSM tags.

Network addresses, MAC addresses, accounts and passwords are no fields, so they are never read.
"""

from data.ingest.fields.common import AREA, KEY, POSITION, TABLE_KEY
from data.ingest.fields.model import Field, Type
from data.ingest.fields.video_words import (
    CAMERA_KINDS,
    CAMERA_STATES,
    DIRECTION_TYPES,
    DIRECTIONS,
    IMAGING,
    LEGAL,
    LIGHTS,
    POINT_CLASSES,
)


def _number(
    name: str,
    zh: tuple[str, ...],
    en: tuple[str, ...],
    unit: str,
    *,
    low: float = 0,
    high: float | None = None,
    open_low: bool = True,
) -> Field:
    return Field(name, Type.NUMBER, zh, en, unit=unit, low=low, high=high, open_low=open_low)


CAMERAS = (
    Field(
        "key",
        KEY.type,
        ("设备编号", "点位编号", "摄像机编号", *KEY.zh),
        (*KEY.en, "cam_number", "camera_id", "ape_id"),
        weak=KEY.weak,
        remark=KEY.remark,
    ),
    Field(
        "gb28181_id",
        Type.CODE,
        ("国标编码", "设备编码", "国标编号", "设备国标编码"),
        ("device_id", "gbid", "gb_id", "gb_code"),
        remark="20 digits; checked by the video audit",
    ),
    Field(
        "name",
        Type.TEXT,
        ("名称", "点位名称", "设备名称", "监控点名称"),
        ("camera_name", "location"),
        remark="the place, never a person",
    ),
    AREA,
    Field(
        "point_class",
        Type.WORD,
        ("监控点位类型", "点位类型", "点位类别", "监控点类型"),
        ("point_type",),
        words=POINT_CLASSES,
    ),
    Field(
        "kind",
        Type.WORD,
        ("摄像机类型", "摄像机形态", "设备类型", "云台类型"),
        ("ptz_type", "camera_type", "camera:type"),
        words=CAMERA_KINDS,
        fallback="other",
    ),
    Field(
        "status",
        Type.WORD,
        ("设备状态", "状态", "使用状态"),
        ("device_status",),
        words=CAMERA_STATES,
        default="unknown",
        fallback="unknown",
    ),
    Field(
        "owner_unit",
        Type.TEXT,
        ("所属单位", "建设单位", "产权单位"),
        ("owner", "operator"),
        remark="a unit; a person's name is not kept",
    ),
    Field(
        "management_unit",
        Type.TEXT,
        ("管理单位", "维护单位", "运维单位", "所属部门"),
        ("maintenance_unit",),
        remark="a unit; a person's name is not kept",
    ),
    Field(
        "contact_unit",
        Type.TEXT,
        ("联系单位", "联系部门", "联系岗位", "值班岗位"),
        ("contact_info",),
        remark="a unit or a post; a person's name or a number is not kept",
    ),
    Field(
        "place_kind",
        Type.TEXT,
        ("位置类型", "场所类型", "采集部位", "安装位置类型"),
        ("position_type", "capture_position_type", "surveillance:zone"),
    ),
    Field("mount", Type.TEXT, ("安装方式", "架设方式"), ("camera:mount",)),
    Field(
        "indoor",
        Type.WORD,
        ("室内外", "安装位置室内外"),
        ("room_type",),
        words={"true": ("2", "室内", "indoor", "是"), "false": ("1", "室外", "outdoor", "否")},
    ),
    Field(
        "networked",
        Type.TEXT,
        ("联网属性", "联网状态", "是否联网"),
        ("network_property",),
        remark="text: sources disagree on what 0 and 1 mean",
    ),
    Field("function_type", Type.TEXT, ("摄像机功能类型", "功能类型", "卡口功能"), ()),
    Field(
        "address",
        Type.TEXT,
        ("安装地址", "点位地址", "设备地址", "地址"),
        ("place",),
        remark="of the place, never of a person",
    ),
    Field("model", Type.TEXT, ("设备型号", "型号", "规格型号"), ("device_model",)),
    Field("aim", Type.TEXT, ("照射具体位置", "照射位置"), ("monitor_area_desc",)),
    Field(
        "direction_deg",
        Type.DIRECTION,
        ("方位角", "朝向", "角度", "方向角"),
        ("direction", "azimuth", "bearing", "heading", "camera:direction"),
        unit="deg",
        words=DIRECTIONS,
        low=0,
        high=360,
        remark="clockwise from north",
    ),
    Field(
        "direction_type",
        Type.WORD,
        ("监视方位", "监控方位", "摄像机监控方位"),
        (),
        words=DIRECTION_TYPES,
        remark="DirectionType 1..9; becomes direction_deg where no degrees are given",
    ),
    Field("omnidirectional", Type.BOOLEAN, ("是否全向", "全向"), ("omni",)),
    _number(
        "horizontal_fov_deg",
        ("水平视场角", "水平视角"),
        ("horizontal_field_angle", "hfov", "camera:angle"),
        "deg",
        high=360,
    ),
    _number(
        "vertical_fov_deg",
        ("垂直视场角", "垂直视角"),
        ("vertical_field_angle", "vfov"),
        "deg",
        high=360,
    ),
    _number(
        "tilt_deg", ("俯仰角", "俯角"), ("tilt", "pitch"), "deg", low=-90, high=90, open_low=False
    ),
    _number(
        "height_m",
        ("架设高度", "安装高度", "杆高"),
        ("height", "mount_height"),
        "m",
        high=500,
        open_low=False,
    ),
    _number(
        "max_distance_m", ("可视距离", "最大可视距离", "监控距离"), ("max_view_distance",), "m"
    ),
    _number("focal_min_mm", ("最小焦距", "广角端焦距"), ("min_focal_length", "focal_min"), "mm"),
    _number("focal_max_mm", ("最大焦距", "长焦端焦距"), ("max_focal_length", "focal_max"), "mm"),
    Field(
        "focal_mm",
        Type.LENS,
        ("焦距",),
        ("focal_length", "focal"),
        unit="mm",
        low=0,
        open_low=True,
        remark="of a zoom where it stands at home; a range (2.8-12mm) becomes its two ends",
    ),
    Field(
        "focal_range",
        Type.LENS,
        ("焦距范围", "变焦范围", "焦段"),
        ("zoom_range",),
        unit="mm",
        low=0,
        open_low=True,
        remark="2.8-12mm; becomes focal_min_mm and focal_max_mm; a factor (30倍) says no length",
    ),
    _number("sensor_width_mm", ("靶面宽度", "传感器宽度"), ("sensor_width",), "mm"),
    Field(
        "width_px",
        Type.INTEGER,
        ("水平像素", "图像宽度"),
        ("image_width",),
        unit="px",
        low=1,
        high=100_000,
    ),
    Field(
        "height_px",
        Type.INTEGER,
        ("垂直像素", "图像高度"),
        ("image_height",),
        unit="px",
        low=1,
        high=100_000,
    ),
    Field(
        "resolution", Type.PIXELS, ("分辨率",), (), remark="1920x1080, 1080P, 4K; becomes pixels"
    ),
    Field(
        "light", Type.WORD, ("补光属性", "补光类型", "补光"), ("supply_light_type",), words=LIGHTS
    ),
    Field(
        "imaging",
        Type.WORD,
        ("光电成像类型", "成像类型"),
        ("photoelectric_imaging_type",),
        words=IMAGING,
    ),
    Field("security_level", Type.TEXT, ("安全能力等级", "安全等级"), ("security_level_code",)),
    Field("installed_on", Type.DATE, ("安装时间", "安装日期", "建设时间"), ("install_time",)),
    Field("removed_on", Type.DATE, ("拆除日期", "拆除时间"), ()),
    Field(
        "retention_days",
        Type.INTEGER,
        ("录像保存天数", "存储天数", "保存天数"),
        ("record_save_days",),
        unit="days",
        low=0,
        high=36_500,
    ),
    Field("legal_basis", Type.WORD, ("建设依据", "法律依据"), (), words=LEGAL),
    Field("filed_on", Type.DATE, ("备案日期",), ()),
    Field("filing_no", Type.CODE, ("备案号", "备案编号"), ()),
    Field("sign_present", Type.BOOLEAN, ("提示标识", "有无提示标识"), ("sign",)),
    Field("consent_needed", Type.BOOLEAN, ("需征得同意",), ()),
    *POSITION,
)
CAMERA_STATUS = (
    TABLE_KEY,
    Field(
        "camera_key",
        Type.CODE,
        ("设备编号", "点位编号", "设备编码", "国标编码", "摄像机编号"),
        ("device_id", "camera_id", "cam_number", "camera"),
        required=True,
    ),
    Field(
        "observed_at",
        Type.MOMENT,
        ("检测时间", "巡检时间", "观测时间", "时间", "检查时间"),
        ("time", "checked_at", "timestamp", "date"),
        required=True,
    ),
    Field(
        "state",
        Type.WORD,
        ("状态", "设备状态", "在线状态", "运行状态"),
        ("status", "is_online"),
        required=True,
        fallback="unknown",
        words={
            "working": ("正常", "在线", "1", "ON", "OK", "是", "online", "完好"),
            "down": ("故障", "离线", "2", "0", "OFF", "否", "offline", "9", "损坏", "黑屏"),
            "unknown": ("未知", "不详"),
        },
    ),
    Field("cause", Type.TEXT, ("故障原因", "原因", "故障描述"), ("reason",)),
)
