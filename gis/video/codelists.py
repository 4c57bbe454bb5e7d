"""Code lists of the inventory: stored word, the standard's number, Chinese and English name.

Numbers and names: GB/T 28181-2022 (catalogue fields, appendix D) and the one-camera-one-file sheet
after GA/T 1400. Where sources disagree on a number (联网属性) there is no list: text is kept.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from gis.video.model import CameraKind, CameraStatus, CaptureDirection, PointClass


@dataclass(frozen=True)
class Code:
    """One entry: the word the store keeps, the number of the standard, its names."""

    word: str
    number: str
    zh: str
    en: str


@dataclass(frozen=True)
class CodeList:
    """The closed list of one field; ``field`` is the column or the part of the id that holds it."""

    field: str
    zh: str
    en: str
    source: str
    codes: tuple[Code, ...]

    @cached_property
    def by_word(self) -> Mapping[str, Code]:
        """Entry of each stored word."""
        return {code.word: code for code in self.codes}


def _list(field: str, zh: str, en: str, source: str, *rows: tuple[str, str, str, str]) -> CodeList:
    return CodeList(field, zh, en, source, tuple(Code(*row) for row in rows))


_CATALOGUE = "GB/T 28181-2022"
_SHEET = "GA/T 1400"

POINT_CLASS = _list(
    "point_class", "监控点位类型", "Point class", f"{_CATALOGUE} PointType",
    (PointClass.CLASS_1, "1", "一类视频监控点", "class 1"),
    (PointClass.CLASS_2, "2", "二类视频监控点", "class 2"),
    (PointClass.CLASS_3, "3", "三类视频监控点", "class 3"),
    (PointClass.POLICE_INTERNAL, "4", "公安机关内部视频监控点", "inside police premises"),
    (PointClass.OTHER, "9", "其他点位", "other"),
)  # fmt: skip
KIND = _list(
    "kind", "摄像机类型", "Camera kind", f"{_CATALOGUE} PTZType",
    (CameraKind.DOME_PTZ, "1", "球机", "dome, pan and tilt"),
    (CameraKind.DOME, "2", "半球", "half dome"),
    (CameraKind.FIXED, "3", "固定枪机", "fixed"),
    (CameraKind.PTZ, "4", "遥控枪机", "pan and tilt"),
    (CameraKind.DOME_REMOTE, "5", "遥控半球", "half dome, remote"),
    (CameraKind.PANORAMIC, "6", "多目全景/拼接画面", "several lenses, one picture"),
    (CameraKind.MULTI_VIEW, "7", "多目分割画面", "several lenses, split picture"),
    (CameraKind.OTHER, "99", "其他", "other"),
)  # fmt: skip
DIRECTION = _list(
    "direction_deg", "监视方位", "Looks towards", f"{_CATALOGUE} DirectionType",
    ("90", "1", "东", "east"),
    ("270", "2", "西", "west"),
    ("180", "3", "南", "south"),
    ("0", "4", "北", "north"),
    ("135", "5", "东南", "south-east"),
    ("45", "6", "东北", "north-east"),
    ("225", "7", "西南", "south-west"),
    ("315", "8", "西北", "north-west"),
    ("all", "9", "全向", "all round"),
)  # fmt: skip
ROOM = _list(
    "indoor", "室内外", "Indoors or out", f"{_CATALOGUE} RoomType",
    ("false", "1", "室外", "outdoors"),
    ("true", "2", "室内", "indoors"),
)  # fmt: skip
LIGHT = _list(
    "light", "补光属性", "Light", f"{_CATALOGUE} SupplyLightType",
    ("none", "1", "无补光", "none"),
    ("infrared", "2", "红外补光", "infrared"),
    ("white", "3", "白光补光", "white light"),
    ("laser", "4", "激光补光", "laser"),
    ("other", "9", "其他", "other"),
)  # fmt: skip
IMAGING = _list(
    "imaging", "光电成像类型", "Imaging", f"{_CATALOGUE} PhotoelectricImagingType",
    ("visible", "1", "可见光", "visible light"),
    ("thermal", "2", "热成像", "thermal"),
    ("radar", "3", "雷达", "radar"),
    ("x_ray", "4", "X光", "X-ray"),
    ("depth", "5", "深度光场", "depth, light field"),
    ("other", "9", "其他", "other"),
)  # fmt: skip
STATUS = _list(
    "status", "设备状态", "Life", _SHEET,
    (CameraStatus.IN_USE, "1", "在用", "in use"),
    (CameraStatus.REPAIR, "2", "维修", "under repair"),
    (CameraStatus.REMOVED, "3", "拆除", "removed"),
    (CameraStatus.PLANNED, "0", "规划", "planned"),
    (CameraStatus.UNKNOWN, "", "未知", "unknown"),
)  # fmt: skip
LEGAL = _list(
    "legal_basis", "建设依据", "Legal basis", "State Council Order 799; Counter-terrorism Law",
    ("art7_gov", "", "第七条政府", "art. 7, built by government"),
    ("art7_operator", "", "第七条经营", "art. 7, built by the operator"),
    ("art9", "", "第九条", "art. 9, other public places"),
    ("art33", "", "第三十三条", "art. 33, places that are not public"),
    ("counter_terror", "", "反恐重点目标", "key target of counter-terrorism"),
)  # fmt: skip
CAPTURE = _list(
    "capture_direction", "车辆抓拍方向", "Vehicle end taken", f"{_SHEET} CapDirection",
    (CaptureDirection.FRONT, "0", "车头", "front"),
    (CaptureDirection.REAR, "1", "车尾", "rear"),
)  # fmt: skip
MOUNT = _list(
    "mount", "安装方式", "Mount", _SHEET,
    ("立杆", "1", "立杆", "own pole"),
    ("借杆", "2", "借杆", "borrowed pole"),
    ("壁挂", "3", "壁挂", "wall"),
    ("其他", "4", "其他", "other"),
)  # fmt: skip
FUNCTION = _list(
    "function_type", "摄像机功能类型", "Function", _SHEET,
    ("车辆卡口", "1", "车辆卡口", "vehicle checkpoint"),
    ("人员卡口", "2", "人员卡口", "pedestrian checkpoint"),
    ("微卡口", "3", "微卡口", "small checkpoint"),
    ("特征摄像机", "4", "特征摄像机", "feature camera"),
    ("普通监控", "5", "普通监控", "plain surveillance"),
    ("高空瞭望", "6", "高空瞭望", "lookout from above"),
    ("其他", "99", "其他", "other"),
)  # fmt: skip
CHECKPOINT = _list(
    "function_type", "卡口功能", "Checkpoint function", f"{_CATALOGUE} FunctionType",
    ("人脸", "01", "人脸", "faces"),
    ("人员", "02", "人员", "pedestrians"),
    ("机动车", "03", "机动车", "motor vehicles"),
    ("非机动车", "04", "非机动车", "cycles"),
    ("物品", "05", "物品", "things"),
    ("其他", "99", "其他", "other"),
)  # fmt: skip
AIM = _list(
    "aim", "照射具体位置", "What it is aimed at", _SHEET,
    ("出入口", "1", "出入口", "entrance"),
    ("背街小巷", "2", "背街小巷", "back lane"),
    ("人行道", "3", "人行道", "footway"),
    ("非机动车道", "4", "非机动车道", "cycle lane"),
    ("主干道路段", "5", "主干道路段", "main road"),
    ("交叉路口", "6", "交叉路口", "junction"),
)  # fmt: skip
PLACE = _list(
    "place_kind", "位置类型", "Kind of place", _SHEET,
    ("省际检查站", "1", "省际检查站", "checkpoint between provinces"),
    ("党政机关", "2", "党政机关", "party and state bodies"),
    ("车站码头", "3", "车站码头", "stations and piers"),
    ("中心广场", "4", "中心广场", "main square"),
    ("体育场馆", "5", "体育场馆", "sports ground"),
    ("商业中心", "6", "商业中心", "commercial centre"),
    ("宗教场所", "7", "宗教场所", "place of worship"),
    ("校园周边", "8", "校园周边", "around a school"),
    ("治安复杂区域", "9", "治安复杂区域", "area of many incidents"),
    ("交通干线", "10", "交通干线", "main traffic line"),
    ("医院周边", "11", "医院周边", "around a hospital"),
    ("金融机构周边", "12", "金融机构周边", "around a bank"),
    ("危险物品场所周边", "13", "危险物品场所周边", "around dangerous goods"),
    ("博物馆展览馆", "14", "博物馆展览馆", "museum or exhibition"),
    ("重点水域航道", "15", "重点水域航道", "waterway"),
    ("市际公安检查站", "96", "市际公安检查站", "checkpoint between cities"),
    ("涉外场所", "97", "涉外场所", "foreign missions"),
    ("边境沿线", "98", "边境沿线", "along the border"),
    ("旅游景区", "99", "旅游景区", "scenic area"),
    ("公交车站周边", "116", "公交车站周边", "around a bus stop"),
    ("停车场(库)", "117", "停车场(库)", "car park"),
    ("居民小区", "132", "居民小区", "residential compound"),
)  # fmt: skip
INDUSTRY = _list(
    "gb28181_id 9-10", "行业编码", "Industry", f"{_CATALOGUE} table D.3",
    ("roads", "00", "社会治安路面接入", "public security, roads"),
    ("community", "01", "社会治安社区接入", "public security, communities"),
    ("premises", "02", "社会治安内部接入", "public security, premises"),
    ("security_other", "03", "社会治安其他接入", "public security, other"),
    ("traffic_roads", "04", "交通路面接入", "traffic, roads"),
    ("checkpoint", "05", "交通卡口接入", "traffic, checkpoints"),
    ("traffic_premises", "06", "交通内部接入", "traffic, premises"),
    ("traffic_other", "07", "交通其他接入", "traffic, other"),
    ("city_management", "08", "城市管理接入", "city management"),
    ("health_environment", "09", "卫生环保接入", "health and environment"),
    ("customs", "10", "商检海关接入", "inspection and customs"),
    ("education", "11", "教育部门接入", "education"),
    ("aviation", "12", "民航接入", "civil aviation"),
    ("farming_forestry", "40", "农林牧渔业接入", "farming and forestry"),
    ("retail", "45", "批发和零售业接入", "wholesale and retail"),
)  # fmt: skip
DEVICE = _list(
    "gb28181_id 11-13", "类型编码", "Device", f"{_CATALOGUE} table D.1",
    ("checkpoint", "121", "视频卡口", "video checkpoint"),
    ("multi_lens", "122", "多目设备", "several lenses"),
    ("car_park", "123", "停车场出入口", "car park entrance"),
    ("entrance", "124", "人员出入口", "pedestrian entrance"),
    ("camera", "131", "摄像机", "camera"),
    ("network_camera", "132", "网络摄像机", "network camera"),
)  # fmt: skip
NETWORK = _list(
    "gb28181_id 14", "网络标识", "Network", f"{_CATALOGUE} appendix D",
    ("police_video", "0", "公安视频传输网", "police video network"),
    ("police_video_1", "1", "公安视频传输网", "police video network"),
    ("industry", "2", "行业专网", "network of an industry"),
    ("political_legal", "3", "政法信息网", "political and legal network"),
    ("police_mobile", "4", "公安移动信息网", "police mobile network"),
    ("police", "5", "公安信息网", "police information network"),
    ("government", "6", "电子政务外网", "e-government extranet"),
    ("internet", "7", "互联网", "internet"),
    ("line", "8", "专线", "dedicated line"),
    ("reserved", "9", "预留", "reserved"),
)  # fmt: skip

LISTS = (
    POINT_CLASS, KIND, DIRECTION, ROOM, LIGHT, IMAGING, STATUS, LEGAL, CAPTURE, MOUNT, FUNCTION,
    CHECKPOINT, PLACE, AIM, INDUSTRY, DEVICE, NETWORK,
)  # fmt: skip

_HEAD = """# 视频点位代码表 · Code lists of video points

Generated from `gis/video/codelists.py`; a test keeps this page equal to it. To write it anew:
`python -m gis.video.codelists > docs/video-codes.md`.

The stored word is what files, the API and the store hold. A file may give the number, the Chinese
name or the stored word. 联网属性 (networked) has no list: one source reads 0 as networked, another
reads 1, so its text is kept as written. 位置类型, 安装方式, 摄像机功能类型 and 照射具体位置 are
kept as text too, because local lists extend them; their usual codes are below. 位置类型 (what
place it is) and 采集部位 (CapturePositionType, a code of 7 digits) are two fields; the latter is
kept as it is written, as its table (appendix O) is not among the sources of this page.

Two lists have the name FunctionType: 摄像机功能类型 (GA/T 1400) and 卡口功能 (GB/T 28181-2022).
Their numbers differ, so the store keeps the words. Under a header FunctionType two digits (03) are
the checkpoint's; one digit (3) could be of either list, is left out and said (`list_unsaid`):
`--map function_type=FunctionType` or `--map checkpoint_function=FunctionType` decides.

MonitorDirection (GA/T 1400) is read where neither degrees nor 监视方位 are there: words, and the
numbers 1 to 4 and 8, which DirectionType has too. 5, 6 and 7 are other directions there (东北,
西南, 东南), 9 is 其他 and not 全向: they are left out and said (`direction_disputed`).

## Fields of the standards that are not kept

- CivilCode, Block, GrassrootsCode: community, grid and compound follow from the position.
- Status: an observation, no life of the point; kept as one where its time is known.
- Parental, ParentID, RegisterWay, BusinessGroupID, OwnerApsID: how platforms hang together.
- Secrecy: every position is internal here, whatever its mark.
- IPAddress, Port, MAC, UserId, Password: network addresses and credentials are never read.
- What is no field here at all is named in the workbook of each import and in its report's
  `unmapped`, column by column; a page names 20 and counts the rest and those about persons.
- Manufacturer, and what the 2022 edition dropped (CertNum, SafetyWay): no rule here needs them.
- 用途 of extended lists: may mark neighbourhoods by ethnicity or religion (PIPL art. 28).
"""


def page() -> str:
    """The lists as docs/video-codes.md."""
    parts = [_HEAD]
    for one in LISTS:
        parts += [f"## {one.zh} · {one.en}", "", f"`{one.field}`; {one.source}", ""]
        parts += ["| stored | number | 中文 | English |", "|---|---|---|---|"]
        parts += [f"| `{c.word}` | {c.number or '–'} | {c.zh} | {c.en} |" for c in one.codes]
        parts.append("")
    return "\n".join(parts)


if __name__ == "__main__":
    print(page(), end="")  # noqa: T201 - its output is the page
