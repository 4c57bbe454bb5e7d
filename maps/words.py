"""Words of the pages in Chinese and English: stored values, rules, thresholds, units."""

from collections.abc import Mapping

from gis.layers.model import Layer
from gis.legend import COLOURS, PEER_GROUPS, Legend, Pair

_CAMERA_KIND: dict[str, Pair] = {
    "dome_ptz": ("球机", "PTZ dome"),
    "dome": ("半球", "Dome"),
    "fixed": ("固定枪机", "Fixed"),
    "ptz": ("遥控枪机", "PTZ"),
    "dome_remote": ("遥控半球", "Remote dome"),
    "panoramic": ("全景拼接", "Panoramic"),
    "multi_view": ("多目", "Multi-view"),
    "other": ("其他", "Other"),
}

# Column, or layer.column where a name means different things, to the words of its values.
VALUES: dict[str, dict[str, Pair]] = {
    "colour": COLOURS,
    "rated_colour": COLOURS,
    "previous_colour": COLOURS,
    "compound_colour": COLOURS,
    "peer_group": PEER_GROUPS,
    "risk.kind": PEER_GROUPS,
    "cameras.kind": _CAMERA_KIND,
    "topic": {
        "law": ("合法性", "Lawfulness"),
        "working": ("故障与维修", "Down or overdue"),
        "bare": ("小区无点位", "Compound without a point"),
        "id": ("国标编码", "GB/T 28181 id"),
        "field": ("缺少字段", "Field missing"),
    },
    "shows": {
        "potential": ("可转动到达", "Could turn to"),
        "detect": ("发现", "Detect"),
        "observe": ("观察", "Observe"),
        "recognise": ("识别", "Recognise"),
        "identify": ("确认", "Identify"),
    },
    "video_places.kind": {
        "entrance": ("小区出入口", "Entrance"),
        "street": ("街道", "Street"),
        "key_place": ("重点部位", "Key place"),
    },
    "video_findings.kind": {
        "id_missing": ("未填国标编码", "No id"),
        "id_form": ("编码格式不符", "Malformed id"),
        "id_place": ("编码区划不存在", "Id of an unknown place"),
        "id_industry": ("行业代码超出范围", "Industry out of range"),
        "id_type": ("类型代码不符", "Type is no camera"),
        "id_network": ("网络标识为预留值", "Reserved network mark"),
        "id_duplicate": ("编码重复", "Duplicate id"),
        "id_area": ("编码与位置不符", "Id contradicts the position"),
        "id_unlisted": ("编码区划无法核对", "Division of the id not listed"),
        "field_missing": ("缺少必填项", "Required field missing"),
        "view_field_missing": ("缺少视域参数", "View parameters missing"),
        "camera_down": ("故障", "Down"),
        "repair_overdue": ("维修超期", "Repair overdue"),
        "compound_without_camera": ("小区无点位", "Compound without a point"),
        "legal_basis_missing": ("未说明建设依据", "No legal basis"),
        "forbidden_place": ("位于禁止安装的场所", "In a forbidden place"),
        "forbidden_view": ("照入禁止拍摄的场所", "Looks into a forbidden place"),
        "forbidden_view_possible": ("能够照入禁止拍摄的场所", "Could look into a forbidden place"),
        "sign_missing": ("无提示标识", "No sign"),
        "not_filed": ("未备案", "Not filed"),
        "filed_late": ("备案逾期", "Filed late"),
        "retention_short": ("保存天数不足", "Kept too short"),
    },
    "network": {
        "unified": ("统一网格", "Unified"),
        "city_management": ("城市管理", "City management"),
        "social_service": ("社会服务", "Social service"),
        "public_security": ("治安", "Public security"),
    },
    "function": {
        "service_station": ("便民服务站", "Service station"),
        "party_service": ("党群服务", "Party-masses service"),
        "elderly_care": ("养老服务", "Elderly care"),
        "child_care": ("儿童之家", "Child care"),
        "health_station": ("卫生服务站", "Health station"),
        "culture": ("文化活动室", "Culture room"),
        "fitness": ("健身场所", "Fitness"),
        "meeting_room": ("议事室", "Meeting room"),
        "police_room": ("警务室", "Police room"),
        "convenience": ("便民商业", "Convenience"),
        "kindergarten": ("幼儿园", "Kindergarten"),
        "shelter": ("应急避难场所", "Emergency shelter"),
        "fire_station": ("微型消防站", "Micro fire station"),
        "other": ("其他", "Other"),
    },
    "provision": {
        "new_build": ("新建", "New build"),
        "conversion": ("改造", "Conversion"),
        "extension": ("扩建", "Extension"),
        "purchase": ("购置", "Purchase"),
        "project_bundled": ("项目配套", "Project-bundled"),
        "shared": ("共享", "Shared"),
        "co_built": ("共建", "Co-built"),
        "donated": ("捐赠", "Donated"),
        "exchanged": ("置换", "Exchanged"),
        "rented": ("租赁", "Rented"),
    },
    "ownership": {
        "owned": ("自有", "Owned"),
        "state": ("国有", "State"),
        "collective": ("集体", "Collective"),
        "private": ("私有", "Private"),
        "rented": ("租赁", "Rented"),
    },
    "point_class": {
        "class_1": ("一类视频监控点", "Class 1"),
        "class_2": ("二类视频监控点", "Class 2"),
        "class_3": ("三类视频监控点", "Class 3"),
        "police_internal": ("公安内部", "Police premises"),
        "other": ("其他点位", "Other"),
    },
    "quality": {
        "A": ("A 可靠", "A reliable"),
        "B": ("B 有保留", "B with reservations"),
        "C": ("C 参考", "C indicative"),
    },
}
YES_NO: dict[str, Pair] = {"true": ("是", "Yes"), "false": ("否", "No")}

# Columns whose number is a share or probability (0 to 1), shown in percent.
SHARES = frozenset({"p_red", "floating_share"})
HELD = frozenset({"m2_per_100_households", "rented_per_100", "covered_percent"})  # least values
CODES = frozenset({"built_year", "resolution"})  # whole numbers that take no thousands separator

RULES: dict[str, Pair] = {
    "COM-1": ("社区户数", "Households per community"),
    "COM-2": ("社区工作者配备", "Community workers"),
    "SAF-3": ("平安社区", "Safe communities"),
    "EVA-1": ("季度考评排名", "Quarterly ranking"),
    "EVA-2": ("年度等次", "Class of the year"),
    "PUB-1": ("社区月报", "Monthly page of a community"),
    "VIEW": ("视域计算", "View fields"),
    "VID-COST": ("点位费用", "Cost of a video point"),
    "VID-PLAN": ("布点权重", "Weights of a plan of video points"),
    "LAW-799-7": ("建设依据", "Legal basis of a point"),
    "LAW-799-8": ("禁止安装的场所", "Forbidden places"),
    "LAW-799-13": ("提示标识", "Sign"),
    "LAW-799-14": ("备案", "Filing"),
    "LAW-799-17": ("保存期限", "Days of retention"),
    "LAW-CT-32": ("反恐保存期限", "Retention under the Counter-terrorism Law"),
    "GRD-1": ("网格无盲区、无真空", "No gaps, no vacuum among grids"),
    "GRD-2": ("网格户数", "Households per grid"),
    "FAC-1": ("社区综合服务设施面积", "Floor area of community service facilities"),
    "FAC-2": ("新建社区最低面积", "Floor for a newly built community"),
    "FAC-3": ("改扩建、购租最低面积", "Floor for converted or rented premises"),
    "FAC-6": ("服务站合并与选址", "Merging and siting of service stations"),
    "FAC-7": ("15 分钟服务圈", "15-minute service circle"),
    "FAC-COST": ("建设费用估算（本软件默认值）", "Cost estimate (our own defaults)"),
    "SAF-1": ("小区三色管理", "Three-colour management of compounds"),
    "SAF-2": ("同类小区相互比较", "Compounds are compared with their own kind"),
    "SAF-ALARM": ("警情多于往常的提醒", "Alarm of more incidents than usual"),
    "SAF-4": ("隐患排查与整改", "Hidden dangers are found, listed and fixed"),
    "EVT-1": (
        "社区呼叫、街道吹哨、部门报到",
        "Call, whistle, report",
    ),
    "REN-1": ("以房管人：出租房登记", "Managing rental housing by dwelling"),
    "REN-2": ("以出租为主的小区", "Compounds that are mainly rental"),
    "VID-1": ("视频点位登记", "Inventory of video points"),
    "VID-2": ("视频覆盖与完好", "Video coverage and working rate"),
}
TERMS: dict[tuple[str, str], Pair] = {
    ("GRD-1", "gap_min_m2"): ("缝隙起算面积", "Gap counted from"),
    ("GRD-1", "overlap_min_m2"): ("重叠起算面积", "Overlap counted from"),
    ("GRD-1", "sliver_width_m"): ("碎片宽度上限", "Sliver narrower than"),
    ("GRD-2", "households_min"): ("户数下限", "Fewest households"),
    ("GRD-2", "households_max"): ("户数上限", "Most households"),
    ("FAC-1", "m2_per_100_households"): ("每百户面积不少于", "Floor area per 100 households ≥"),
    ("FAC-2", "floor_m2"): ("面积不少于", "Floor area ≥"),
    ("FAC-3", "floor_m2"): ("面积不少于", "Floor area ≥"),
    ("FAC-6", "max_candidates"): ("选址最多比较的小区数", "Compounds weighed for a place"),
    ("FAC-7", "minutes"): ("步行时间", "Time on foot"),
    ("FAC-7", "walking_m_per_s"): ("步行速度", "Walking speed"),
    ("FAC-COST", "yuan_per_m2"): ("每平方米费用", "Cost per m²"),
    ("FAC-COST", "fixed_yuan"): ("每处固定费用", "Fixed cost per facility"),
    ("SAF-1", "window_months"): ("统计窗口", "Window"),
    ("SAF-1", "red_relative_risk"): ("红牌相对风险高于", "Red: relative risk above"),
    ("SAF-1", "red_enter"): ("红牌所需概率", "Red: probability at least"),
    ("SAF-1", "red_leave"): ("摘红牌概率低于", "Red is left below"),
    ("SAF-1", "green_max_red"): ("绿牌的红牌概率低于", "Green: red probability below"),
    ("SAF-1", "green_max_amber"): ("绿牌的高于同类概率低于", "Green: above-peer probability below"),
    ("SAF-1", "min_households"): ("单独评级最少户数", "Rated alone from"),
    ("SAF-ALARM", "shift"): ("着重发现的增幅", "Rise to be noticed"),
    ("SAF-ALARM", "false_alarm_months"): ("误报间隔不短于", "Between false alarms"),
    ("SAF-4", "urgent_hours"): ("紧急隐患办理时限", "Urgent danger: time allowed"),
    ("SAF-4", "ordinary_hours"): ("一般隐患办理时限", "Ordinary danger: time allowed"),
    ("SAF-4", "photo_days"): ("照片保存", "Photos are kept for"),
    ("EVT-1", "street_hours"): ("街道办理时限", "Street: time allowed"),
    ("EVT-1", "departments_hours"): ("部门办理时限", "Departments: time allowed"),
    ("REN-1", "min_m2_per_person"): ("疑似群租：人均面积低于", "Group rental: m² a person below"),
    ("REN-1", "max_persons_per_room"): (
        "疑似群租：每间人数超过",
        "Group rental: people a room >",
    ),
    ("REN-1", "suppress_below"): ("不公布的数值低于", "Withheld below"),
    ("REN-2", "mainly_rental_share"): ("出租占比不低于", "Share let at least"),
    ("VID-1", "incident_radius_m"): ("警情统计半径", "Radius for incidents"),
    ("VID-2", "working_share"): ("完好率不低于", "Working rate at least"),
    ("VID-2", "working_share_other"): ("重点行业完好率不低于", "In key industries at least"),
    ("VID-2", "coverage_share"): ("公共区域覆盖率不低于", "Public ground in view at least"),
    ("SAF-3", "safe_share"): ("平安社区不低于", "Safe communities at least"),
    ("SAF-3", "demonstration_share"): ("示范社区不低于", "Demonstration communities at least"),
    ("EVA-1", "weight_satisfaction"): ("满意度权重", "Weight of satisfaction"),
    ("EVA-1", "weight_problems_fixed"): ("问题办结权重", "Weight of problems fixed"),
    ("EVA-1", "weight_media"): ("媒体权重", "Weight of media"),
    ("EVA-1", "weight_inspection"): ("暗访权重", "Weight of inspection"),
    ("EVA-2", "demonstration_min"): ("示范不低于", "Demonstration from"),
    ("EVA-2", "standard_min"): ("达标不低于", "Up to standard from"),
    ("EVA-2", "years_below"): ("取消称号：连续不达标", "The name is lost after"),
}
REMARKS: dict[str, Pair] = {  # what the policy file says beside the places of its sources
    "三(四)22、名词解释 12": ("三(四)22 及名词解释 12", "三(四)22 and glossary 12"),
    "M": ("数值见 docs/methods.md", "docs/methods.md"),
    "speed: M": ("步速见 docs/methods.md", "speed: docs/methods.md"),
    "numbers: M": ("数值见 docs/methods.md", "numbers: docs/methods.md"),
}
UNITS = {
    "m² per 100 households": ("m²", "m²"),
    "m² per person": ("m²", "m²"),
    "m²": ("m²", "m²"),
    "m": ("m", "m"),
    "m/s": ("m/s", "m/s"),
    "minutes on foot": ("分钟", "min"),
    "yuan per m²": ("元/m²", "yuan/m²"),
    "yuan per facility": ("元/处", "yuan/facility"),
    "households": ("户", "households"),
    "months": ("个月", "months"),
    "working hours": ("工作小时", "working hours"),
    "days": ("天", "days"),
    "points": ("分", "points"),
    "years in a row below standard that lose the name": ("年", "years below standard in a row"),
    "× peer rate": ("倍", "×"),
    "times the usual rate": ("倍", "×"),
}


def values_of(layer: str, column: str) -> dict[str, Pair]:
    """Words of the values of one column of one layer; empty where values speak for themselves."""
    return VALUES.get(f"{layer}.{column}") or VALUES.get(column) or {}


def value_words(layer: Layer, column: str) -> Mapping[str, Pair]:
    """The same of a layer of the registry, whose class column has the words of its legend."""
    scheme, own = layer.legend, values_of(layer.name, column)
    if not own and isinstance(scheme, Legend) and scheme.column == column:
        return {entry.value: (entry.zh, entry.en) for entry in scheme.entries}
    return own
