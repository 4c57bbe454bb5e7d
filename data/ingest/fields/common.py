"""Fields that several kinds share."""

from data.ingest.fields.model import Field, Type

LON = Field(
    "lon",
    Type.LON,
    ("经度", "东经", "横坐标"),
    ("longitude", "lng", "long", "lon_deg"),
    weak=("x", "easting", "x坐标", "coordx", "point_x"),
    alike=True,
    remark="degrees, or metres of --frame",
)
LAT = Field(
    "lat",
    Type.LAT,
    ("纬度", "北纬", "纵坐标"),
    ("latitude", "lat_deg"),
    weak=("y", "northing", "y坐标", "coordy", "point_y"),
    alike=True,
    remark="degrees, or metres of --frame",
)
WKT = Field(
    "geometry",
    Type.WKT,
    ("几何", "空间数据", "图形"),
    ("wkt", "geom", "the_geom", "geometry_wkt"),
    remark="WKT text where the file has no geometry of its own",
)
POSITION = (LON, LAT, WKT)
KEY = Field(
    "key",
    Type.CODE,
    ("编号", "唯一标识", "主键", "编码"),
    ("source_key", "objectid", "object_id", "uuid", "guid", "globalid", "global_id", "osm_id"),
    first=(  # what the source gives once and for all before what it writes anew, as OBJECTID
        ("唯一标识",),
        ("主键",),
        ("编号",),
        ("编码",),
        ("source_key",),
        ("globalid", "global_id"),
        ("uuid", "guid"),
    ),
    weak=("id", "code"),
    remark="the row's own key at its source; makes a second import an update",
)
TABLE_KEY = Field(
    "key",
    Type.CODE,
    ("唯一标识", "主键"),
    ("source_key", "uuid", "guid"),
    remark="the row's own key; without one the columns that make it unique are joined",
)
AREA = Field(
    "area_code",
    Type.CODE,
    (
        "社区编码",
        "社区代码",
        "所属社区编码",
        "所属社区代码",
        "所在社区编码",
        "区划代码",
        "行政区划代码",
    ),
    ("area", "community_code", "areacode"),
    first=(("社区编码", "社区代码"),),
    remark="the community that the file says the record lies in",
)
VALIDITY = (
    Field("valid_from", Type.DATE, ("启用日期", "生效日期", "开始时间"), ("start_date",)),
    Field("valid_to", Type.DATE, ("停用日期", "失效日期", "终止时间"), ("end_date",)),
)


def count(
    name: str,
    zh: tuple[str, ...],
    en: tuple[str, ...] = (),
    unit: str = "",
    *,
    low: int = 0,
    high: int = 2_000_000_000,
) -> Field:
    """A whole number of things, by default within what an ``integer`` column holds."""
    return Field(name, Type.INTEGER, zh, en, unit=unit or None, low=low, high=high)


def number(
    name: str,
    zh: tuple[str, ...],
    en: tuple[str, ...],
    unit: str,
    *,
    low: float = 0,
    high: float | None = None,
    open_low: bool = True,
) -> Field:
    """A measured quantity, above zero unless bounds say otherwise."""
    return Field(name, Type.NUMBER, zh, en, unit=unit, low=low, high=high, open_low=open_low)


HOUSEHOLDS = count(
    "households",
    ("户数", "总户数", "居民户数", "户籍户数", "常住户数", "住户数"),
    ("household_count", "num_households", "tot_hh", "total_households"),
    "households",
)
RESIDENTS = count(
    "residents",
    ("常住人口", "人口数", "人口", "总人口", "居民人数", "实有人口"),
    ("population", "tot_pop", "resident_population"),
    "persons",
)
FLOATING = count(
    "floating_residents",
    ("流动人口", "流动人口数", "外来人口"),
    ("floating_population",),
    "persons",
)
DWELLINGS = count(
    "dwellings",
    ("住宅套数", "套数", "房屋套数", "总套数", "住房套数"),
    ("dwelling_count", "housing_units", "hu_tot", "flats"),
    "dwellings",
)
RENTED = count(
    "rented_dwellings",
    ("出租房屋数", "出租套数", "出租房数", "租赁套数"),
    ("rented", "renter_occupied", "rentocchu"),
    "dwellings",
)
