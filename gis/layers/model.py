"""The registry itself: names, titles, columns in both languages, geometry, legend, sensitivity."""

from dataclasses import dataclass, replace
from enum import StrEnum

from gis import legend
from gis.access.rights import Capability
from gis.errors import NotFound
from gis.runs.model import TITLES, Analysis


class Sensitivity(StrEnum):
    """``internal`` never leaves the duty rooms unless it is asked for."""

    PUBLIC = "public"
    INTERNAL = "internal"


class Geometry(StrEnum):
    """Geometry of a layer's features."""

    POINT = "point"
    AREA = "area"
    ANY = "any"


@dataclass(frozen=True)
class Column:
    """One column: name in the frame, words, unit, ASCII name of at most 10 characters for .dbf.

    ``needs`` is a right beside the layer's own: without it the column is null, or left out.
    """

    name: str
    zh: str
    en: str
    short: str
    unit: str = ""
    needs: Capability | None = None


@dataclass(frozen=True)
class Layer:
    """One layer: ``query`` names its statement in ``gis/layers/queries.sql``.

    ``key`` is the column that identifies a feature, ``label`` the one that names it to people.
    Whoever may read ``capability`` may see the layer.
    ``analysis`` is the run the layer shows (None: the layer shows records, not results).
    ``tables`` are what its tiles are made of, and ``drawn`` their columns. Features that are not
    ``placed`` may lack a geometry; ``life`` names the columns of their first day and of the first
    day after the last.
    """

    name: str
    zh: str
    en: str
    geometry: Geometry
    key: str
    label: str
    columns: tuple[Column, ...]
    legend: legend.Legend | legend.Ramp | legend.Entry
    capability: Capability
    analysis: str | None = None
    sensitivity: Sensitivity = Sensitivity.PUBLIC
    tables: tuple[str, ...] = ()
    drawn: tuple[str, ...] = ()
    placed: bool = True
    life: tuple[str, str] | None = None

    @property
    def query(self) -> str:
        """Name of the layer's statement."""
        return f"layer_{self.name}"

    @property
    def internal(self) -> bool:
        """Whether it shows where cameras stand or look."""
        return self.sensitivity is Sensitivity.INTERNAL


_CODE = Column("code", "编码", "Code", "code")
_NAME = Column("name", "名称", "Name", "name")
_AREA = Column("area_code", "社区编码", "Community code", "area_code")
_HOUSEHOLDS = Column("households", "户数", "Households", "households")
_WHY = (
    Column("rule", "规则", "Rule", "rule"),
    Column("reason_zh", "依据（中文）", "Reason (Chinese)", "reason_zh"),
    Column("reason_en", "依据（英文）", "Reason (English)", "reason_en"),
)
_RENTAL = (
    Column("rented_dwellings", "出租套数", "Let dwellings", "rented"),
    Column("dwellings", "住宅套数", "Dwellings", "dwellings"),
    Column("rented_per_100", "每百套出租", "Let per 100 dwellings", "rent_p100"),
    Column("rented_per_km2", "每平方公里出租", "Let per km²", "rent_km2", "/km²"),
    Column("occupants_per_dwelling", "套均居住人数", "Occupants per dwelling", "occ_dwell"),
    Column("floating_share", "流动人口占比", "Floating share", "float_shr"),
    Column("suspected_group", "疑似群租", "Suspected group rental", "group_susp"),
    Column("suppressed", "数值过小，已隐去", "Small count withheld", "suppressed"),
)
_RATING = (
    Column("colour", "颜色", "Colour", "colour"),
    Column("rated_colour", "规则结果（经人认定改色）", "By the rule, where people decided another",
           "rule_col"),
    Column("previous_colour", "上期颜色", "Previous colour", "prev_col"),
    Column("peer_group", "同类组", "Peer group", "peer_group"),
    Column("observed", "警情数", "Incidents", "observed"),
    Column("expected", "期望数", "Expected", "expected"),
    Column("relative_risk", "相对风险", "Relative risk", "rel_risk"),
    Column("p_red", "红牌概率", "P(risk above red)", "p_red"),
    Column("quality", "数据质量", "Data quality", "quality"),
)  # fmt: skip

REGISTRY: tuple[Layer, ...] = (
    Layer("grids", "网格", "Grids", Geometry.AREA, "code", "code", (
        _CODE, _NAME, _AREA, Column("network", "网络", "Network", "network"), _HOUSEHOLDS,
        Column("posts", "在岗人数", "Posts on duty", "posts"),
        Column("size_class", "户数分级", "Size class", "size_class"),
    ), legend.GRID, Capability.GRIDS,
       tables=("grids",), drawn=("code", "name", "households")),
    Layer("compounds", "小区", "Compounds", Geometry.AREA, "code", "name", (
        _CODE, _NAME, _AREA, Column("kind", "类型", "Kind", "kind"), _HOUSEHOLDS,
        Column("buildings", "楼栋数", "Buildings", "buildings"),
        Column("dwellings", "住宅套数", "Dwellings", "dwellings"),
        Column("built_year", "建成年份", "Built", "built_year"),
        Column("gated", "封闭管理", "Gated", "gated"),
        Column("property_managed", "有物业", "Property managed", "prop_mgd"),
        Column("grid_code", "网格编码", "Grid code", "grid_code"),
    ), legend.COMPOUND, Capability.COMPOUNDS,
       tables=("compounds",), drawn=("code", "name", "kind", "households")),
    Layer("facilities", "服务设施", "Facilities", Geometry.ANY, "code", "name", (
        _CODE, _NAME, _AREA, Column("function", "功能", "Function", "function"),
        Column("provision", "提供方式", "Provision", "provision"),
        Column("ownership", "权属", "Ownership", "ownership"),
        Column("status", "状态", "Status", "status"),
        Column("floor_area_m2", "建筑面积", "Floor area", "floor_m2", "m²"),
        Column("opened_on", "启用日期", "Opened", "opened_on"),
        Column("closed_on", "关闭日期", "Closed", "closed_on"),
    ), legend.FACILITY, Capability.FACILITIES,
       tables=("facilities",), drawn=("code", "name", "function", "status"),
       life=("opened_on", "closed_on")),
    Layer("incidents", "警情（小区计数）", "Incidents by compound", Geometry.AREA, "code", "name", (
        _CODE, _NAME, _AREA,
        Column("incidents", "近24个整月警情数", "Incidents, 24 full months", "incidents"),
        Column("per_100_households", "每百户警情数", "Per 100 households", "per_100hh"),
    ), legend.PLAIN["incidents"], Capability.RATING,
       tables=("compounds",), drawn=("code", "name")),
    Layer("coverage", *TITLES[Analysis.COVERAGE], Geometry.AREA, "code", "name", (
        _CODE, _NAME, _HOUSEHOLDS,
        Column("facilities", "设施数", "Facilities", "facilities"),
        Column("floor_area_m2", "计入面积", "Floor area counted", "floor_m2", "m²"),
        Column("estimated_m2", "其中估算", "Thereof estimated", "est_m2", "m²"),
        Column("m2_per_100_households", "每百户面积", "Per 100 households", "m2_p100", "m²"),
        Column("required_m2", "应有面积", "Required", "required", "m²"),
        Column("gap_m2", "缺口", "Gap", "gap_m2", "m²"),
        Column("verdict", "结论", "Verdict", "verdict"),
        *_WHY,
    ), legend.COVERAGE, Capability.COVERAGE, "coverage",
       tables=("areas", "coverage_results"), drawn=("code", "name", "verdict"), placed=False),
    Layer("rating", *TITLES[Analysis.RATING], Geometry.AREA, "code", "name", (
        _CODE, _NAME, _AREA, *_RATING, _HOUSEHOLDS, *_WHY,
    ), legend.RATING, Capability.RATING, "rating",
       tables=("compounds", "ratings", "rating_cycles"), drawn=("code", "name", "colour")),
    Layer("rental", *TITLES[Analysis.RENTAL], Geometry.AREA, "code", "name", (
        _CODE, _NAME, _AREA, *_RENTAL,
        Column("mainly_rental", "以出租为主", "Mainly rental", "mainly"), *_WHY,
    ), legend.RENTAL, Capability.RENTAL, "rental",
       tables=("compounds", "rental_results"),
       drawn=("code", "name", "rented_per_100", "suppressed")),
    Layer("rental_h3", "出租房密度 H3", "Rental density, H3", Geometry.AREA, "code", "code", (
        Column("code", "H3 编号", "H3 index", "h3"), _AREA,
        Column("resolution", "级别", "Resolution", "res"), *_RENTAL,
        Column("mainly_rental", "以出租为主", "Mainly rental", "mainly"), *_WHY,
    ), legend.RENTAL_CELL, Capability.RENTAL, "rental",
       tables=("rental_cells",), drawn=("code", "rented_per_km2", "suppressed")),
    Layer("cameras", *TITLES[Analysis.VIDEO], Geometry.POINT, "code", "name", (
        Column("code", "点位编号", "Point key", "code"), _NAME, _AREA,
        Column("gb28181_id", "国标编码", "GB/T 28181 id", "gb28181"),
        Column("point_class", "点位类型", "Class", "class"),
        Column("kind", "摄像机类型", "Kind", "kind"),
        Column("state", "状态", "State", "state"),
        Column("owner_unit", "所属单位", "Owner", "owner"),
        Column("direction_deg", "朝向", "Direction", "dir_deg", "°"),
        Column("grid_code", "网格编码", "Grid code", "grid_code"),
        Column("compound_name", "小区", "Compound", "compound"),
        Column("compound_colour", "小区颜色", "Compound colour", "cmp_colour",
               needs=Capability.RATING),
        Column("incidents_50m", "周边警情数", "Incidents nearby", "inc_50m",
               needs=Capability.INCIDENTS),
        Column("rented_per_100", "周边每百套出租", "Let per 100 dwellings around", "rent_p100",
               needs=Capability.RENTAL),
        Column("rental_of", "出租取自（小区或 H3）", "Rental of (compound or H3 cell)", "rent_of",
               needs=Capability.RENTAL),
    ), legend.CAMERA, Capability.VIDEO, None, Sensitivity.INTERNAL,
       tables=("cameras",), drawn=("code", "name")),
    Layer("video_coverage", "视频覆盖率", "Video coverage", Geometry.AREA, "code", "name", (
        _CODE, _NAME, _AREA,
        Column("covered_percent", "覆盖率", "Covered share", "cover_pct", "%"),
        Column("met", "达标", "Met", "met"), *_WHY,
    ), legend.VIDEO_SHARE, Capability.RATING, "video",
       tables=("compounds", "video_coverage"), drawn=("code", "name", "covered_percent")),
    Layer("view_fields", "视域", "View fields", Geometry.AREA, "code", "camera_key", (
        Column("code", "视域编号", "Field", "code"),
        Column("camera_key", "点位编号", "Point key", "camera"), _AREA,
        Column("shows", "等级", "Shows", "shows"),
        Column("area_m2", "面积", "Area", "area_m2", "m²"),
        Column("assumed", "含假定参数", "Rests on assumptions", "assumed"),
    ), legend.VIEW, Capability.VIDEO, "video", Sensitivity.INTERNAL,
       tables=("view_fields",), drawn=("code", "camera_key", "shows")),
    Layer("blind_areas", "视频盲区", "Blind areas", Geometry.AREA, "code", "name", (
        Column("code", "盲区编号", "Blind area", "code"),
        Column("name", "最近楼栋", "Nearest building", "nearest"), _AREA,
        Column("compound_code", "小区编码", "Compound code", "cmp_code"),
        Column("compound_name", "小区", "Compound", "compound"),
        Column("area_m2", "面积", "Area", "area_m2", "m²"),
    ), legend.BLIND, Capability.VIDEO, "video", Sensitivity.INTERNAL,
       tables=("video_blind_areas",), drawn=("code", "name", "area_m2")),
    Layer("video_places", "须看部位", "Places to be seen", Geometry.ANY, "code", "name", (
        Column("code", "部位编号", "Place", "code"), _NAME, _AREA,
        Column("kind", "种类", "Kind", "kind"), Column("seen", "结论", "Answer", "seen"),
        Column("seen_percent", "可见比例", "Share in view", "seen_pct", "%"),
        Column("points", "看到它的完好点位", "Working points that reach it", "points"),
        Column("length_m", "长度", "Length", "length_m", "m"),
        Column("area_m2", "面积", "Area", "area_m2", "m²"),
        Column("compound_code", "小区编码", "Compound code", "cmp_code"),
        Column("grid_code", "网格编码", "Grid code", "grid_code"),
    ), legend.VIDEO_PLACE, Capability.VIDEO, "video", Sensitivity.INTERNAL,
       tables=("video_places",), drawn=("code", "name", "kind", "seen_percent")),
    Layer("video_findings", "视频核查", "Video findings", Geometry.ANY, "code", "name", (
        Column("code", "发现编号", "Finding", "code"), _NAME, _AREA,
        Column("topic", "类别", "Topic", "topic"), Column("kind", "问题", "Finding kind", "kind"),
        Column("camera_key", "点位编号", "Point key", "camera"),
        Column("compound_code", "小区编码", "Compound code", "cmp_code"),
        Column("since", "起始日期", "Since", "since"), *_WHY,
    ), legend.VIDEO_FINDING, Capability.VIDEO, "video", Sensitivity.INTERNAL,
       tables=("video_findings", "cameras", "compounds"), drawn=("code", "name", "topic")),
    Layer("grid_audit", *TITLES[Analysis.GRIDS], Geometry.ANY, "code", "code", (
        Column("code", "发现编号", "Finding", "code"), _AREA,
        Column("kind", "问题", "Finding kind", "kind"),
        Column("grid_codes", "涉及网格", "Grids", "grid_codes"),
        Column("area_m2", "面积", "Area", "area_m2", "m²"),
        Column("figure", "数值", "Figure", "figure"),
        Column("threshold", "阈值", "Threshold", "threshold"), *_WHY,
    ), legend.AUDIT, Capability.GRIDS, "grids",
       tables=("grid_findings",), drawn=("code", "kind"), placed=False),
    Layer("risk", "风险图层", "Risk layer", Geometry.AREA, "code", "name", (
        _CODE, _NAME, _AREA, Column("kind", "类型", "Kind", "kind"), *_RATING,
        *(replace(one, needs=Capability.RENTAL) for one in _RENTAL[:4]), *_WHY,
    ), legend.RATING, Capability.RATING, "rating",
       tables=("compounds", "ratings", "rating_cycles"), drawn=("code", "name", "colour")),
)  # fmt: skip

_PLACE = (
    Column("code", "序号", "Rank", "rank"), _NAME,
    Column("compound", "小区编码", "Compound code", "cmp_code"),
    Column("direction_deg", "朝向", "Direction", "dir_deg", "°"),
    Column("gain_m2", "新增可见", "Added", "gain_m2", "m²"),
    Column("cumulative_m2", "累计新增", "Added so far", "cumul_m2", "m²"),
    Column("cumulative_yuan", "累计费用", "Cost so far", "yuan", "元"),
)  # fmt: skip
PLANNED: tuple[Layer, ...] = tuple(
    Layer(name, zh, en, shape, "code", "name", _PLACE, legend.PLAIN[name], Capability.VIDEO, None,
          Sensitivity.INTERNAL)
    for name, zh, en, shape in (
        ("video_plan_fields", "新增视域", "New view fields", Geometry.AREA),
        ("video_plan", "布点方案", "Plan of video points", Geometry.POINT),
    )
)  # fmt: skip
"""Layers of a plan: drawn on its page, and never stored."""

GROUND: tuple[Layer, ...] = (
    Layer("buildings", "楼栋", "Buildings", Geometry.AREA, "code", "name", (
        _CODE, _NAME, _AREA, Column("height_m", "高度", "Height", "height_m", "m"),
    ), legend.PLAIN["buildings"], Capability.COMPOUNDS,
       tables=("buildings",), drawn=("code", "name", "height_m")),
)  # fmt: skip
"""What lies below layers: it has tiles, and no page, file or table of its own."""

COMBINED = (
    "grids", "coverage", "facilities", "rating", "rental", "rental_h3", "video_coverage",
    "grid_audit", "blind_areas", "cameras",
)  # fmt: skip
"""Layers of the one combined page, in drawing order; internal ones only on an internal page."""


def tiled(name: str) -> Layer:
    """What has tiles under ``name``: a layer, or the ground below layers; raises NotFound."""
    return next((one for one in GROUND if one.name == name), None) or layer(name)


def layer(name: str) -> Layer:
    """The layer called ``name``; raises NotFound."""
    found = next((one for one in REGISTRY if one.name == name), None)
    if found is None:
        raise NotFound("layer", name, [one.name for one in REGISTRY])
    return found
