"""Words of the camera fields: GB/T 28181-2022 code numbers, Chinese ledger words, OSM values."""

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
# Whether a device answers at the moment: the Status of a catalogue and its Chinese words. Seen at a
# time that the register does not tell, they are no life of the point, which is in use either way.
ANSWERS = ("在线", "ON", "OK", "离线", "OFF", "故障")
CAMERA_STATES = {
    "planned": ("规划", "拟建", "在建", "规划中", "0"),
    "in_use": ("1", "在用", "使用中", "正常", *ANSWERS),
    "repair": ("2", "维修", "维修中"),
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
# GA/T 1400 MonitorDirection. 1 to 4 and 8 are those of DirectionType; 5, 6, 7 are other directions
# there, and 9 is 其他 here and 全向 there.
MONITOR_DIRECTIONS = {
    "90": ("1", *DIRECTIONS["90"], "西向东"),
    "270": ("2", *DIRECTIONS["270"], "东向西"),
    "180": ("3", *DIRECTIONS["180"], "北向南"),
    "0": ("4", *DIRECTIONS["0"], "南向北"),
    "135": (*DIRECTIONS["135"], "西北到东南", "西北向东南"),
    "45": (*DIRECTIONS["45"], "西南到东北", "西南向东北"),
    "225": (*DIRECTIONS["225"], "东北到西南", "东北向西南"),
    "315": ("8", *DIRECTIONS["315"], "东南到西北", "东南向西北"),
    "disputed": ("5", "6", "7", "9"),
}
CAPTURE_DIRECTIONS = {
    "front": ("0", "车头", "拍车头", "迎车"),
    "rear": ("1", "车尾", "拍车尾", "背车"),
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
