"""The one legend: every class of every layer with its word, colour, shape and hatch.

The Leaflet style, the HTML legend, QML, SLD and KML are made from these entries and nowhere else.
A class is never colour alone: it has a word in both languages and a shape (and a hatch for print).
Colours: #A50026, #FFD92F and #66C2A5 keep a ΔE00 of 24.6 under simulated colour blindness.
"""

from dataclasses import dataclass

RED, YELLOW, GREEN = "#A50026", "#FFD92F", "#66C2A5"
GREY, DARK, BLUE, ORANGE, PURPLE = "#B8BDC4", "#26323F", "#2B6CB0", "#E6772E", "#7B4BA0"


@dataclass(frozen=True)
class Entry:
    """One class: ``value`` as stored, words, fill, shape of the point symbol, hatch of the area."""

    value: str
    zh: str
    en: str
    fill: str
    shape: str = "circle"  # circle, square, triangle, diamond, cross, star
    hatch: str = "none"  # none, forward, backward, cross, dots, horizontal, dense


@dataclass(frozen=True)
class Legend:
    """The classes of one attribute, in the order they are shown; ``column`` holds the class."""

    key: str
    zh: str
    en: str
    column: str
    entries: tuple[Entry, ...]
    outline: str = DARK

    def entry(self, value: str | None) -> Entry:
        """The entry of ``value``; an unknown value gets the last one, which says so."""
        return next((e for e in self.entries if e.value == value), self.entries[-1])


# Hatches of a ramp's classes, the denser the higher; dots are the missing class.
RAMP_HATCHES = ("none", "none", "horizontal", "forward", "cross", "dense")


@dataclass(frozen=True)
class Ramp:
    """Classes of a number: the class of x is the last one whose lower bound is <= x."""

    key: str
    zh: str
    en: str
    column: str
    unit: str
    bounds: tuple[float, ...]
    fills: tuple[str, ...]
    missing: Entry
    outline: str = DARK

    def entries(self) -> tuple[Entry, ...]:
        """One entry per class, named by its interval, the missing class last."""
        tops = (*self.bounds[1:], None)
        pairs = zip(self.bounds, tops, self.fills, strict=True)
        shown = [
            Entry(str(i), word, word, fill, hatch=hatch)
            for i, ((low, top, fill), hatch) in enumerate(zip(pairs, RAMP_HATCHES, strict=False))
            for word in (_interval(low, top, self.unit),)
        ]
        return (*shown, self.missing)


def _interval(low: float, top: float | None, unit: str) -> str:
    return f"≥ {low:g} {unit}" if top is None else f"{low:g} – {top:g} {unit}"


Pair = tuple[str, str]
COLOURS: dict[str, Pair] = {
    "red": ("红牌", "Red"), "yellow": ("黄牌", "Yellow"), "green": ("绿牌", "Green"),
    "unrated": ("未评级", "Unrated"),
}  # fmt: skip
# What stands on the plaque (SAF-1).
PLAQUES: dict[str, Pair] = {
    "red": ("治安警示", "warning"), "yellow": ("治安提示", "notice"), "green": ("治安良好", "good"),
}  # fmt: skip


def _plaque(colour: str, fill: str, shape: str, hatch: str) -> Entry:
    (zh, en), (says_zh, says_en) = COLOURS[colour], PLAQUES[colour]
    return Entry(colour, f"{zh} {says_zh}", f"{en}: {says_en}", fill, shape, hatch)


RATING = Legend("rating", "三色评级", "Three-colour rating", "colour", (
    _plaque("red", RED, "triangle", "cross"),
    _plaque("yellow", YELLOW, "square", "forward"),
    _plaque("green", GREEN, "circle", "none"),
    Entry("unrated", *COLOURS["unrated"], GREY, "diamond", "dots"),
))  # fmt: skip

COVERAGE = Legend("coverage", "服务设施达标", "Service facilities", "verdict", (
    Entry("met", "达标", "Met", GREEN, "circle", "none"),
    Entry("below", "不达标", "Below", YELLOW, "square", "forward"),
    Entry("none", "无设施", "No facility", RED, "triangle", "cross"),
    Entry("unknown", "户数不详", "Households unknown", GREY, "diamond", "dots"),
))  # fmt: skip

FACILITY = Legend("facility", "设施状态", "Facility status", "status", (
    Entry("open", "启用", "Open", BLUE, "square"),
    Entry("planned", "规划中", "Planned", PURPLE, "diamond"),
    Entry("suspended", "停用", "Suspended", ORANGE, "triangle"),
    Entry("closed", "已关闭", "Closed", GREY, "cross"),
))  # fmt: skip

CAMERA = Legend("camera", "点位状态", "Video point state", "state", (
    Entry("working", "完好", "Working", GREEN, "circle"),
    Entry("down", "故障", "Down", RED, "triangle"),
    Entry("repair", "维修", "Under repair", YELLOW, "square"),
    Entry("planned", "规划", "Planned", PURPLE, "diamond"),
    Entry("unknown", "状态不详", "State unknown", GREY, "cross"),
))  # fmt: skip

# Drawn from the widest to the finest: the first below, the second on top of all.
VIEW = Legend("view", "视域等级（EN 62676-4）", "View field (EN 62676-4)", "shows", (
    Entry("potential", "可转动到达（发现）", "Could turn to (detect)", GREY, "diamond", "dots"),
    Entry("identify", "确认", "Identify", "#08519C", "star", "dense"),
    Entry("recognise", "识别", "Recognise", "#4292C6", "triangle", "cross"),
    Entry("observe", "观察", "Observe", "#9ECAE1", "square", "forward"),
    Entry("detect", "发现", "Detect", "#EDF3FA", "circle", "none"),
))  # fmt: skip

VIDEO_PLACE = Legend("video_place", "须看部位是否可见", "Places to be seen", "seen", (
    Entry("seen", "可见", "In view", GREEN, "circle", "none"),
    Entry("dark", "不可见", "Out of view", RED, "triangle", "cross"),
    Entry("partly", "部分可见", "Partly in view", YELLOW, "square", "forward"),
    Entry("unknown", "缺少建筑物数据，无法判断", "Buildings missing: cannot be told", GREY,
          "diamond", "dots"),
))  # fmt: skip

VIDEO_FINDING = Legend("video_finding", "视频核查问题", "Video findings", "topic", (
    Entry("law", "合法性", "Lawfulness", RED, "triangle", "cross"),
    Entry("working", "故障与维修", "Down or overdue", ORANGE, "square", "forward"),
    Entry("bare", "小区无点位", "Compound without a point", PURPLE, "star", "backward"),
    Entry("id", "国标编码", "GB/T 28181 id", BLUE, "diamond", "horizontal"),
    Entry("field", "缺少字段", "Field missing", GREY, "circle", "dots"),
))  # fmt: skip

GRID = Legend("grid", "网格户数", "Households per grid", "size_class", (
    Entry("within", "户数适中", "As many as due", GREEN, "circle", "none"),
    Entry("low", "户数偏少", "Fewer", BLUE, "square", "backward"),
    Entry("high", "户数偏多", "More", ORANGE, "triangle", "forward"),
    Entry("unknown", "户数不详", "Unknown", GREY, "diamond", "dots"),
))  # fmt: skip

AUDIT = Legend("grid_audit", "网格问题", "Grid findings", "kind", (
    Entry("gap", "盲区（缝隙）", "Gap", RED, "triangle", "cross"),
    Entry("overlap", "重叠", "Overlap", PURPLE, "square", "forward"),
    Entry("sliver", "碎片", "Sliver", ORANGE, "diamond", "backward"),
    Entry("outside_community", "越出社区", "Outside its community", BLUE, "star", "horizontal"),
    Entry("no_worker", "真空（无人在岗）", "No worker on duty", DARK, "cross", "dots"),
    Entry("households_low", "户数偏少", "Too few households", "#9ECAE1", "circle", "none"),
    Entry("households_high", "户数偏多", "Too many households", "#FDD0A2", "circle", "none"),
    Entry("households_unknown", "户数不详", "Households unknown", GREY, "circle", "none"),
))  # fmt: skip

DANGER = Legend("danger", "隐患状态", "State of a danger", "state", (
    Entry("found", "已发现", "Found", RED, "triangle"),
    Entry("assigned", "已交办", "Assigned", ORANGE, "diamond"),
    Entry("fixed", "已整改", "Fixed", YELLOW, "square"),
    Entry("checked", "已复查", "Checked", BLUE, "star"),
    Entry("closed", "已销号", "Closed", GREEN, "circle"),
))  # fmt: skip

SUPPRESSED = Entry(
    "missing", "数值过小或不详（不公布）", "Too small or unknown (withheld)", GREY, "circle", "dots"
)

RENTAL = Ramp(
    "rental", "每百套住宅出租套数", "Let dwellings per 100 dwellings", "rented_per_100", "",
    (0, 5, 10, 20, 35, 50), ("#F1EEF6", "#D0D1E6", "#A6BDDB", "#74A9CF", "#2B8CBE", "#045A8D"),
    SUPPRESSED,
)  # fmt: skip

RENTAL_CELL = Ramp(
    "rental_h3", "每平方公里出租套数", "Let dwellings per km²", "rented_per_km2", "/km²",
    (0, 100, 500, 1000, 2500, 5000),
    ("#F1EEF6", "#D0D1E6", "#A6BDDB", "#74A9CF", "#2B8CBE", "#045A8D"),
    SUPPRESSED,
)  # fmt: skip

# PuBuGn and YlOrBr of ColorBrewer (Harrower & Brewer 2003), safe for the colour-blind.
VIDEO_SHARE = Ramp(
    "video_coverage", "公共区域视频覆盖", "Public ground in view", "covered_percent", "%",
    (0, 20, 40, 60, 80, 95), ("#F6EFF7", "#D0D1E6", "#A6BDDB", "#67A9CF", "#1C9099", "#016C59"),
    Entry("missing", "缺少建筑物数据，无法判断", "Buildings missing: cannot be told", GREY,
          "circle", "dots"),
)  # fmt: skip

BLIND = Ramp(
    "blind_areas", "盲区面积", "Blind area", "area_m2", "m²",
    (0, 50, 200, 1000), ("#FED98E", "#FE9929", "#D95F0E", "#993404"),
    Entry("missing", "面积不详", "Area unknown", GREY, "circle", "dots"),
)  # fmt: skip

# Muted colours told apart by colour-blind readers: Tol (2021), Colour Schemes, SRON/EPS/TN/09-002.
COMPOUND = Legend("compound", "小区类型", "Kind of compound", "kind", (
    Entry("commodity", "商品房小区", "Commodity housing", "#88CCEE", "circle", "none"),
    Entry("old", "老旧小区", "Old compound", "#DDCC77", "square", "forward"),
    Entry("urban_village", "城中村", "Urban village", "#CC6677", "triangle", "cross"),
    Entry("resettlement", "安置小区", "Resettlement housing", "#AA4499", "diamond", "backward"),
    Entry("unit_housing", "单位小区", "Unit housing", "#44AA99", "star", "horizontal"),
    Entry("affordable", "保障房小区", "Affordable housing", "#332288", "cross", "dense"),
))  # fmt: skip
# Compounds are rated among those of their kind; where these are too few, among all.
PEER_GROUPS: dict[str, Pair] = {one.value: (one.zh, one.en) for one in COMPOUND.entries}
PEER_GROUPS["all"] = ("全部小区", "All compounds")

PLAIN = {
    "incidents": Entry("incidents", "警情（按小区计数）", "Incidents (by compound)", ORANGE),
    "video_plan": Entry("video_plan", "规划点位", "Planned point", PURPLE, "diamond"),
    "video_plan_fields": Entry(
        "video_plan_fields", "新增视域", "What it would show", "#C3A5D8", "diamond", "forward"
    ),
    "buildings": Entry("buildings", "楼栋", "Buildings", "#DDD2C1", "square"),
    "areas": Entry("areas", "社区界", "Communities", "#FFFFFF"),
}
