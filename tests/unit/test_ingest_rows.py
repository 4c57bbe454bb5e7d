"""Headers to fields, frames to refusals, and what follows from the other columns of a row."""

from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from pyproj import Transformer

from data.ingest.mapping import load_profile, resolve, save_profile
from data.ingest.read import open_source
from data.ingest.types import Kind, Options
from gis import codes, crs, district
from gis.errors import ImportRefused

ROOT = Path(__file__).resolve().parents[2]
WUHUA = district.load(ROOT / "data" / "reference" / "wuhua.toml")
CHICAGO = district.load(ROOT / "tests" / "districts" / "chicago.toml")


@pytest.fixture
def table(tmp_path):
    """Write a CSV and read it as a kind: facts, rows, and (row, code) of the notes."""

    def read(text, kind, home=WUHUA, **options):
        path = tmp_path / "rows.csv"
        path.write_text(text, "utf-8")
        options.setdefault("frame", "wgs84")
        source = open_source(path, kind, Options(**options), home)
        chunks = list(source.chunks)
        rows = pd.concat([chunk.rows for chunk in chunks], ignore_index=True)
        return source.facts, rows, {(n.row, n.code) for chunk in chunks for n in chunk.notes}

    return read


def refused(call, *args, **kwargs) -> ImportRefused:
    with pytest.raises(ImportRefused) as found:
        call(*args, **kwargs)
    return found.value


def test_two_columns_for_one_field_are_both_named(table):
    found = refused(table, "经度,lng,纬度\n1,2,3\n", Kind.CAMERAS)
    assert found.code == "column_ambiguous"
    assert "经度, lng" in str(found)
    facts, _, _ = table("经度,lng,纬度\n102.7,1,25.05\n", Kind.CAMERAS, mapping={"lon": "经度"})
    assert facts.unmapped == ("lng",)


def test_a_coordinate_that_is_no_number_is_named_with_its_column_and_value(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("经度,纬度\n102.7,25.05\n102.7,东风路\n约102.7,25.05\n", "utf-8")
    source = open_source(path, Kind.CAMERAS, Options(frame="wgs84"), WUHUA)
    said = [
        (note.row, note.code, note.column, note.value)
        for chunk in source.chunks for note in chunk.notes
    ]  # fmt: skip
    assert sorted(said) == [
        (2, "not_a_number", "纬度", "东风路"),
        (3, "not_a_number", "经度", "约102.7"),
    ]


PREFERRED = [
    (Kind.COMPOUNDS, "name", "小区名称", "名称"),
    (Kind.COMPOUNDS, "address", "详细地址", "地址"),
    (Kind.COMPOUNDS, "code", "小区编号", "OSM_ID"),
    (Kind.FACILITIES, "name", "设施名称", "单位名称"),
    (Kind.FACILITIES, "key", "编号", "OBJECTID"),
    (Kind.CAMERAS, "key", "设备编号", "点位编号"),
    (Kind.CAMERAS, "name", "点位名称", "设备名称"),
    (Kind.CAMERAS, "gb28181_id", "国标编码", "设备编码"),
    (Kind.CAMERAS, "management_unit", "管理单位", "运维单位"),
    (Kind.INCIDENTS, "occurred_at", "发生时间", "报警时间"),
    (Kind.CAMERAS, "key", "GlobalID", "OBJECTID"),
    (Kind.INCIDENTS, "lon", "经度", "X"),
]


@pytest.mark.parametrize(("kind", "name", "better", "lesser"), PREFERRED)
def test_the_name_that_can_mean_nothing_else_goes_first_and_the_report_says_so(
    tmp_path, kind, name, better, lesser
):
    for columns in ((better, lesser), (lesser, better)):
        found = resolve(tmp_path / "a.csv", kind, columns, Options())
        assert found.columns[name] == better
        assert found.passed[name] == (lesser,)


def test_of_two_columns_the_report_says_which_was_taken(table):
    text = "小区编号,名称,小区名称,几何\nC1,别名,翠湖苑,{}\n"
    ground = '"POLYGON((102.7 25.05,102.71 25.05,102.71 25.06,102.7 25.05))"'
    facts, rows, _ = table(text.format(ground), Kind.COMPOUNDS)
    assert rows["name"].tolist() == ["翠湖苑"]
    (said,) = [note for note in facts.notes if "--map" in note]
    assert "取自 小区名称，未取 名称" in said
    assert "--map name=列名" in said
    assert "is taken from 小区名称, not from 名称" in said


@pytest.mark.parametrize(
    ("kind", "columns"),
    [
        (Kind.CAMERAS, ("lon", "经度", "纬度")),  # perhaps in two frames
        (Kind.CAMERAS, ("经度", "纬度", "横坐标")),
        (Kind.CAMERAS, ("经度", "经度#2", "纬度")),
        (Kind.COMPOUNDS, ("小区名称", "小区名称#2")),
        (Kind.COMPOUNDS, ("户籍户数", "常住户数")),  # two different counts
        (Kind.FACILITIES, ("建筑面积", "使用面积")),
        (Kind.INCIDENTS, ("发生日期", "发生时间")),  # a day, and an hour beside it
        (Kind.AREAS, ("街道名称", "社区名称")),
        (Kind.HOUSEHOLDS, ("小区编码", "网格编码")),
    ],
)
def test_columns_that_may_mean_different_things_are_not_chosen_between(tmp_path, kind, columns):
    assert refused(resolve, tmp_path / "a.csv", kind, columns, Options()).code == "column_ambiguous"


def test_columns_for_positions_do_not_matter_where_there_are_geometries(tmp_path):
    found = resolve(
        tmp_path / "a.shp", Kind.CAMERAS, ("经度", "lng", "编号"), Options(), placed=True
    )
    assert dict(found.columns) == {"key": "编号"}


FUNCTIONS = [
    ("摄像机功能类型", "3", "微卡口"),
    ("摄像机功能类型", "01/5", "车辆卡口/普通监控"),
    ("摄像机功能类型", "普通监控", "普通监控"),
    ("卡口功能", "03", "机动车"),
    ("卡口功能", "3/04", "机动车/非机动车"),
    ("FunctionType", "03/99", "机动车/其他"),
    ("FunctionType", "人员卡口", "人员卡口"),
    ("FunctionType", "3", None),
]


@pytest.mark.parametrize(("header", "text", "word"), FUNCTIONS)
def test_a_number_of_two_lists_becomes_the_word_of_its_own_or_none(table, header, text, word):
    _, rows, notes = table(f"编号,{header},经度,纬度\n1,{text},102.7,25.05\n", Kind.CAMERAS)
    assert [None if pd.isna(one) else one for one in rows["function_type"]] == [word]
    assert notes == (set() if word else {(1, "list_unsaid")})


def test_whoever_maps_the_column_says_which_list_it_is(table):
    text = "编号,FunctionType,经度,纬度\n1,3,102.7,25.05\n"
    for field, word in (("function_type", "微卡口"), ("checkpoint_function", "机动车")):
        _, rows, notes = table(text, Kind.CAMERAS, mapping={field: "FunctionType"})
        assert (rows["function_type"].tolist(), notes) == ([word], set())


@pytest.mark.parametrize(
    ("header", "text", "degrees"),
    [
        ("MonitorDirection", "1", 90.0),
        ("MonitorDirection", "8", 315.0),
        ("MonitorDirection", "西南到东北", 45.0),
        ("监视方向", "南", 180.0),
        ("MonitorDirection", "5", None),  # 东北 in GA/T 1400, 东南 in GB/T 28181
        ("MonitorDirection", "9", None),
        ("监视方位", "5", 135.0),
    ],
)
def test_a_direction_is_read_by_its_own_list(table, header, text, degrees):
    _, rows, notes = table(f"编号,{header},经度,纬度\n1,{text},102.7,25.05\n", Kind.CAMERAS)
    assert [None if pd.isna(one) else one for one in rows["direction_deg"]] == [degrees]
    assert notes == (set() if degrees else {(1, "direction_disputed")})


def test_a_direction_in_degrees_goes_before_the_others(table):
    text = "编号,MonitorDirection,监视方位,方位角,经度,纬度\n1,1,2,33,102.7,25.05\n"
    _, rows, _ = table(text + "2,1,2,,102.7,25.05\n", Kind.CAMERAS)
    assert rows["direction_deg"].tolist() == [33.0, 270.0]


def test_better_names_win(table):
    facts, rows, _ = table("x,y,经度,纬度,id,编号\n1,2,102.7,25.05,weak,strong\n", Kind.CAMERAS)
    assert rows["source_key"].tolist() == ["strong"]
    assert set(facts.unmapped) == {"x", "y", "id"}


@pytest.mark.parametrize(
    ("mapping", "code"),
    [({"nothing": "编号"}, "field_unknown"), ({"name": "没有"}, "column_unknown"),
     ({"name": "联系电话"}, "column_personal")],
)  # fmt: skip
def test_wrong_mappings(table, mapping, code):
    text = "编号,联系电话,经度,纬度\n1,2,102.7,25.05\n"
    assert refused(table, text, Kind.CAMERAS, mapping=mapping).code == code


def test_constants_fill_a_field(table):
    text = "经度,纬度,日期\n102.7,25.05,2026-08-18\n"
    facts, rows, _ = table(text, Kind.INCIDENTS, mapping={"category": "=积水"})
    assert rows["category"].tolist() == ["hazard"]
    assert facts.mapping["category"] == "=积水"


def test_profiles_are_kept_and_used(table, tmp_path):
    profile = tmp_path / "p.toml"
    save_profile(profile, Kind.CAMERAS, {"name": '列 "甲"\\', "key": "k"})
    save_profile(profile, Kind.STREETS, {"name": "n"})
    assert load_profile(profile, Kind.CAMERAS) == {"name": '列 "甲"\\', "key": "k"}
    assert load_profile(profile, Kind.STREETS) == {"name": "n"}
    _, rows, _ = table('k,列 "甲"\\,经度,纬度\n1,here,102.7,25.05\n', Kind.CAMERAS, profile=profile)
    assert rows["name"].tolist() == ["here"]
    profile.write_text("[cameras]\nname = 3\n")
    assert refused(load_profile, profile, Kind.CAMERAS).code == "profile_broken"


def test_divisions_follow_from_their_code(table):
    _, rows, notes = table(
        "区划代码,名称,级别\n530100,昆明市,\n530102,五华区,区\n530102001,华山街道,社区\n"
        "530102001001,翠湖西路社区,\n12,某地,\n",
        Kind.AREAS,
    )
    assert rows["level"].tolist() == ["city", "district", "street", "community"]
    assert [None if pd.isna(p) else p for p in rows["parent_code"]] == [
        None, "530100", "530102", "530102001",
    ]  # fmt: skip
    assert notes == {(3, "level_corrected"), (5, "code_unknown")}


@pytest.mark.parametrize(
    ("code", "parent"),
    [("530102001001", "530102001"), ("530102001", "530102"), ("530102", "530100"), ("530100", None),
     ("x", None)],
)  # fmt: skip
def test_parents(code, parent):
    assert codes.parent_code(code, WUHUA) == parent


def test_parents_elsewhere():
    assert codes.parent_code("IL-CHI-7", CHICAGO) == "IL-CHI"
    assert codes.parent_code("IL-CHI", CHICAGO) == "IL"


SQUARE = "POLYGON ((102.70 25.05, 102.71 25.05, 102.71 25.06, 102.70 25.05))"


def test_grids_name_their_community(table):
    _, rows, notes = table(
        f'网格编码,社区编码,wkt\n530102001001007,530102001001,"{SQUARE}"\n'
        f'530102001001008,530102001002,"{SQUARE}"\n53010200100100X,,"{SQUARE}"\n',
        Kind.GRIDS,
    )
    assert rows["area_code"].tolist() == ["530102001001"]
    assert rows["network"].tolist() == ["unified"]
    assert notes == {(2, "code_mismatch"), (3, "code_unknown")}


def test_a_compound_with_entrances(table):
    _, rows, notes = table(
        "小区编号,小区名称,小区类型,户数,出入口,wkt\n"
        f'X1,翠湖小区,老旧小区,1124户,"102.70 25.05;102.71 25.06","{SQUARE}"\n'
        f'X2,,城中村,暂无信息,"MULTIPOINT ((102.7 25.05))","{SQUARE}"\n'
        f'X3,某苑,别墅,9,"北门","{SQUARE}"\n',
        Kind.COMPOUNDS,
    )
    assert rows["entrances"].iloc[0].wkt == "MULTIPOINT ((102.7 25.05), (102.71 25.06))"
    assert len(rows["entrances"].iloc[1].geoms) == 1
    assert rows["kind"].tolist() == ["old", "urban_village", "commodity"]
    assert rows["name"].tolist() == ["翠湖小区", "X2", "某苑"]
    assert notes == {(2, "name_from_code"), (3, "word_unknown"), (3, "entrance_unreadable")}


def test_household_counts_know_their_subject(table):
    _, rows, notes = table(
        "对象编码,名称,统计日期,户数\n530102001001,,2026-06-30,3000\n530102001001007,,2026-06-30,400\n"
        "X1,,2026-06-30,90\n,翠湖小区,2026-06-30,90\n,,2026-06-30,90\nX2,,2026-06-30,暂无\n",
        Kind.HOUSEHOLDS,
    )
    assert rows["subject_kind"].tolist() == ["community", "grid", "compound"]
    assert rows["source_key"].iloc[0] == "community:530102001001:2026-06-30"
    assert notes == {(4, "subject_kind_unknown"), (5, "subject_missing"), (6, "count_missing")}


def test_dates_in_the_wrong_order_and_parts_above_the_whole(table):
    _, rows, notes = table(
        "编号,登记日期,注销日期,居住人数,流动人口,经度,纬度\n"
        "1,2026-01-01,2025-01-01,2,1,102.7,25.05\n2,2026-01-01,2026-01-01,2,3,102.7,25.05\n",
        Kind.DWELLINGS,
    )
    assert notes == {(1, "dates_reversed"), (2, "part_above_whole")}
    assert pd.isna(rows["floating_occupants"].iloc[0])


def test_a_count_is_kept_without_the_parts_that_exceed_it(table):
    _, rows, notes = table(
        "对象编码,统计日期,总套数,出租套数,常住人口,流动人口\n"
        "530102001001,2026-06-30,5,50,30,3\n530102001002,2026-06-30,50,5,3,30\n",
        Kind.HOUSEHOLDS,
    )
    assert notes == {(1, "part_above_whole"), (2, "part_above_whole")}
    assert rows["rented_dwellings"].tolist() == [pd.NA, 5]
    assert rows["floating_residents"].tolist() == [3, pd.NA]


def test_a_dwelling_may_be_placed_by_its_building(table):
    _, rows, notes = table(
        "编号,楼栋编号,经度,纬度\n1,B1,,\n2,,,\n3,,102.7,25.05\n", Kind.DWELLINGS
    )
    assert rows["source_key"].tolist() == ["1", "3"]
    assert notes == {(2, "position_missing")}


def test_frames_are_declared_or_refused(table):
    text = "编号,经度,纬度\n1,102.7,25.05\n"
    assert refused(table, text, Kind.CAMERAS, frame=None).code == "frame_missing"
    assert refused(table, text, Kind.CAMERAS, frame="mars").code == "frame_unknown"
    chicago = "id,lon,lat\n1,-87.65,41.9\n"
    facts, _, _ = table(chicago, Kind.CAMERAS, CHICAGO, frame=None)
    assert facts.frame == "wgs84"


@pytest.mark.parametrize("frame", ["gcj02", "bd09"])
def test_shifted_frames_are_undone(table, frame):
    shift = {"gcj02": crs.wgs84_to_gcj02,
             "bd09": lambda x, y: crs.gcj02_to_bd09(*crs.wgs84_to_gcj02(x, y))}[frame]  # fmt: skip
    lon, lat = (float(v) for v in shift(102.7, 25.05))
    facts, rows, _ = table(f"编号,经度,纬度\n1,{lon!r},{lat!r}\n", Kind.CAMERAS, frame=frame)
    assert rows["geom"].iloc[0].distance(shapely.Point(102.7, 25.05)) < 1e-9
    assert facts.frame == frame


TO_4543 = Transformer.from_crs(4326, 4543, always_xy=True)


@pytest.mark.parametrize(
    ("x", "y", "declared", "likely"),
    [
        (25.05, 102.70, "wgs84", "lon and lat exchanged|axes exchanged"),
        (*TO_4543.transform(102.7, 25.05), "wgs84", "EPSG:4543"),
        (*TO_4543.transform(102.7, 25.05), "EPSG:4522", "EPSG:4543"),
        (*TO_4543.transform(102.7, 25.05)[::-1], "EPSG:4543", "EPSG:4543 .*axes exchanged"),
        (570.6376, 2771.7755, "EPSG:4543", "EPSG:4543 .*kilometre"),
        (570637.6 + 34e6, 2771775.5, "EPSG:4543", "EPSG:4522"),
        (116.4, 39.9, "wgs84", "no known frame"),
    ],
)  # fmt: skip
def test_implausible_frames_name_the_likely_one(table, x, y, declared, likely):
    text = f"编号,经度,纬度\n1,{x},{y}\n"
    found = refused(table, text, Kind.CAMERAS, frame=declared)
    assert found.code == "frame_implausible"
    import re

    assert re.search(likely, str(found))


def test_metres_labelled_4326(tmp_path):
    point = shapely.Point(*TO_4543.transform(102.7, 25.05))
    gpd.GeoDataFrame({"key": ["1"]}, geometry=[point], crs=4326).to_file(tmp_path / "a.gpkg")
    found = refused(open_source, tmp_path / "a.gpkg", Kind.CAMERAS, Options(), WUHUA)
    assert found.code == "frame_implausible"
    assert "EPSG:4543" in str(found)


def test_missing_columns_are_named_with_what_to_do(table):
    found = refused(table, "编号,经度,纬度\n1,102.7,25.05\n", Kind.INCIDENTS)
    assert found.code == "column_missing"
    assert "occurred_at" in str(found)
    assert "--map" in str(found)
    assert refused(table, "小区编号,名称\n1,a\n", Kind.COMPOUNDS).code == "geometry_missing"


def test_a_contact_that_names_a_person_is_not_kept_and_not_repeated(tmp_path):
    text = (
        "设备编号,经度,纬度,联系单位,所属单位\n"
        "a,102.7,25.05,王小明 13800138000,阳光物业\n"
        "b,102.7,25.05,李经理,张三\n"
        "c,102.7,25.05,值班岗,王家桥社区居委会\n"
    )
    (tmp_path / "rows.csv").write_text(text, "utf-8")
    source = open_source(tmp_path / "rows.csv", Kind.CAMERAS, Options(frame="wgs84"), WUHUA)
    (chunk,) = source.chunks
    assert chunk.rows["contact_unit"].isna().tolist() == [True, True, False]
    assert chunk.rows["owner_unit"].isna().tolist() == [False, True, False]
    said = [note for note in chunk.notes if note.code == "unit_personal"]
    assert [(note.row, note.column, note.value) for note in said] == [
        (2, "所属单位", "***"), (1, "联系单位", "***"), (2, "联系单位", "***"),
    ]  # fmt: skip
