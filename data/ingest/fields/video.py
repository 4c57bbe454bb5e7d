"""Fields of the cameras and their status: GB/T 28181-2022 catalogue, 一机一档 headers, OSM tags.

Network addresses, MAC addresses, accounts and passwords are no fields, so they are never read.
"""

from data.ingest.fields.common import AREA, KEY, POSITION
from data.ingest.fields.model import Field, Type

POINT_CLASSES = {
    "class_1": ("1", "一类", "一类点", "一类视频监控点", "一类点位"),
    "class_2": ("2", "二类", "二类点", "二类视频监控点", "二类点位"),
    "class_3": ("3", "三类", "三类点", "三类视频监控点", "三类点位"),
    "police_internal": ("4", "公安内部", "公安机关内部视频监控点"),
    "other": ("9", "其他", "其他点位"),
}
CAMERA_KINDS = {
    "dome_ptz": ("1", "球机", "高速球", "快球"),
    "dome": ("2", "半球", "dome"),
    "fixed": ("3", "固定枪机", "枪机", "卡口枪机", "fixed", "5卡口枪机"),
    "ptz": ("4", "遥控枪机", "云台枪机", "panning", "ptz"),
    "dome_remote": (
        "5",
        "遥控半球",
    ),
    "panoramic": ("6", "多目全景", "多目拼接", "多目全景/拼接画面", "全景"),
    "multi_view": ("7", "多目分割", "多目分割画面"),
    "other": ("9", "99", "其他", "其它"),
}
CAMERA_STATES = {
    "planned": ("规划", "拟建", "在建", "规划中", "0"),
    "in_use": ("1", "在用", "使用中", "正常", "在线", "ON", "OK"),
    "repair": ("2", "维修", "维修中", "故障", "离线", "OFF"),
    "removed": ("3", "拆除", "已拆除", "报废"),
    "unknown": ("未知", "不详"),
}
DIRECTIONS = {
    "90": ("东", "东向", "1东", "E"),
    "270": ("西", "西向", "W"),
    "180": ("南", "南向", "S"),
    "0": ("北", "北向", "N"),
    "135": ("东南", "SE"),
    "45": ("东北", "NE"),
    "225": ("西南", "SW"),
    "315": ("西北", "NW"),
    "22.5": ("NNE",),
    "67.5": ("ENE",),
    "112.5": ("ESE",),
    "157.5": ("SSE",),
    "202.5": ("SSW",),
    "247.5": ("WSW",),
    "292.5": ("WNW",),
    "337.5": ("NNW",),
}
# GB/T 28181-2022 DirectionType; "1-东(西向东)" looks towards the east. 9 is 全向 (all round).
DIRECTION_TYPES = {
    "90": ("1", *DIRECTIONS["90"]),
    "270": ("2", *DIRECTIONS["270"]),
    "180": ("3", *DIRECTIONS["180"]),
    "0": ("4", *DIRECTIONS["0"]),
    "135": ("5", *DIRECTIONS["135"]),
    "45": ("6", *DIRECTIONS["45"]),
    "225": ("7", *DIRECTIONS["225"]),
    "315": ("8", *DIRECTIONS["315"]),
    "all": ("9", "全向", "全方位", "360"),
}
LIGHTS = {
    "none": ("1", "无", "无补光"),
    "infrared": ("2", "红外", "红外补光"),
    "white": ("3", "白光", "白光补光"),
    "laser": ("4", "激光", "激光补光"),
    "other": ("9", "其他"),
}
IMAGING = {
    "visible": ("1", "可见光"),
    "thermal": ("2", "热", "热成像"),
    "radar": ("3", "雷达"),
    "x_ray": ("4", "X光"),
    "depth": ("5", "深度光场"),
    "other": ("9", "其他"),
}
LEGAL = {
    "art7_gov": ("第七条政府", "政府建设", "第7条政府"),
    "art7_operator": ("第七条经营", "经营管理单位"),
    "art9": ("第九条", "第9条"),
    "art33": ("第三十三条", "第33条"),
    "counter_terror": ("反恐", "反恐怖主义法", "反恐重点目标"),
}


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
    Field("owner_unit", Type.TEXT, ("所属单位", "建设单位", "产权单位"), ("owner", "operator")),
    Field(
        "management_unit",
        Type.TEXT,
        ("管理单位", "维护单位", "运维单位", "所属部门"),
        ("maintenance_unit",),
    ),
    Field(
        "contact_unit", Type.TEXT, ("联系单位",), (), remark="a unit; contact persons are not read"
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
        remark="DirectionType 1..9; becomes direction_deg",
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
    _number("focal_mm", ("焦距",), ("focal_length", "focal"), "mm"),
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
    KEY,
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
