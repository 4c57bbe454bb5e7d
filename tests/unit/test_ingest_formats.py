"""The same three rows in every format come out the same; layers, sheets, headers, encodings."""

import json
import zipfile
from pathlib import Path

import geopandas as gpd
import openpyxl
import pandas as pd
import pytest
import shapely

from data.ingest.read import open_source
from data.ingest.types import Kind, Options, Severity
from gis import district
from gis.errors import ImportRefused

WUHUA = district.load(Path(__file__).resolve().parents[2] / "data" / "reference" / "wuhua.toml")
SAMPLES = Path(__file__).parents[1] / "samples"
NAMES = ["翠湖北门", "人民中路口", "黑林铺"]
PLACES = [(102.70, 25.05), (102.71, 25.04), (102.66, 25.07)]


def cameras(crs="EPSG:4490") -> gpd.GeoDataFrame:
    frame = gpd.GeoDataFrame(
        {"key": ["007", "008", "009"], "name": NAMES, "height": [3.5, None, 6.8]},
        geometry=[shapely.Point(*place) for place in PLACES], crs=4490,
    )  # fmt: skip
    return frame.to_crs(crs)


def read(path, kind=Kind.CAMERAS, **options):
    source = open_source(path, kind, Options(**options), WUHUA)
    return source, pd.concat([chunk.rows for chunk in source.chunks], ignore_index=True)


def check(rows, *, nulls=True):
    rows = rows.sort_values("source_key")  # FlatGeobuf orders its rows by place
    assert rows["source_key"].tolist() == ["007", "008", "009"]
    assert rows["name"].tolist() == NAMES
    heights = [None if pd.isna(height) else height for height in rows["height_m"]]
    assert heights == [3.5, None if nulls else 0, 6.8]
    assert sorted(rows["row"]) == [1, 2, 3]
    for geom, place in zip(rows["geom"], PLACES, strict=True):
        assert geom.distance(shapely.Point(*place)) < 1e-7


@pytest.mark.parametrize(
    ("file", "driver", "frame"),
    [
        ("a.gpkg", "GPKG", None),
        ("a.geojson", "GeoJSON", "wgs84"),
        ("a.fgb", "FlatGeobuf", None),
        ("a.gml", "GML", None),
        ("a.kml", "LIBKML", "wgs84"),
        ("a.gdb", "OpenFileGDB", None),
        ("a.tab", "MapInfo File", "wgs84"),
    ],
)
def test_vector_formats(tmp_path, file, driver, frame):
    path = tmp_path / file
    cameras("EPSG:4326" if frame else "EPSG:4490").to_file(path, driver=driver)
    source, rows = read(path, frame=frame)
    check(rows, nulls=driver != "MapInfo File")  # MapInfo has no null
    assert source.facts.frame == (frame or "EPSG:4490")


@pytest.mark.parametrize("file", ["a.fgb", "a.gpkg", "a.geojson", "a.gml", "a.gdb", "a.tab"])
def test_a_row_without_a_place_is_refused_alone(tmp_path, file):
    rows = cameras("EPSG:4326")
    rows.loc[1, "geometry"] = None
    options = {"a.fgb": {"SPATIAL_INDEX": "NO"}, "a.gdb": {"driver": "OpenFileGDB"}}.get(file, {})
    rows.to_file(tmp_path / file, geometry_type="Point", **options)
    source = open_source(tmp_path / file, Kind.CAMERAS, Options(frame="wgs84"), WUHUA)
    (chunk,) = source.chunks
    assert chunk.rows["source_key"].tolist() == ["007", "009"]
    assert chunk.rows["row"].tolist() == [1, 3]
    for geom, place in zip(chunk.rows["geom"], PLACES[::2], strict=True):
        assert geom.distance(shapely.Point(*place)) < 1e-7
    refused = [(one.row, one.code) for one in chunk.notes if one.severity is Severity.REFUSED]
    assert refused == [(2, "geometry_missing")]


def test_parquet(tmp_path):
    cameras().to_parquet(tmp_path / "a.parquet")
    source, rows = read(tmp_path / "a.parquet")
    check(rows)
    assert (source.facts.format, source.facts.rows) == ("GeoParquet", 3)


def test_projected_files_need_no_declaration(tmp_path):
    cameras("EPSG:4543").to_file(tmp_path / "a.gpkg")
    source, rows = read(tmp_path / "a.gpkg")
    check(rows)
    assert source.facts.frame == "EPSG:4543"


@pytest.mark.parametrize("zipped", [False, True])
def test_shapefile_in_gbk_without_cpg(tmp_path, zipped):
    cameras().to_file(tmp_path / "点位.shp", encoding="GBK")
    (tmp_path / "点位.cpg").unlink()
    path = tmp_path / "点位.shp"
    if zipped:
        path = tmp_path / "点位.zip"
        with zipfile.ZipFile(path, "w") as archive:
            for part in tmp_path.glob("点位.*"):
                if part.suffix != ".zip":
                    archive.write(part, f"数据/{part.name}")
    source, rows = read(path)
    check(rows)
    assert source.facts.encoding == "gb18030"
    assert source.facts.path == path


def test_reader_left_open_does_not_change_what_is_written(tmp_path):
    """A preview reads the first rows and stays open: an export in the same process is as asked."""
    cameras().to_file(tmp_path / "utf8.shp", encoding="UTF-8")
    source = open_source(tmp_path / "utf8.shp", Kind.CAMERAS, Options(), WUHUA)
    next(iter(source.chunks))
    cameras().to_file(tmp_path / "gbk.shp", encoding="GBK")
    assert NAMES[0].encode("gbk") in (tmp_path / "gbk.dbf").read_bytes()


def test_kmz(tmp_path):
    cameras("EPSG:4326").to_file(tmp_path / "doc.kml", driver="LIBKML")
    with zipfile.ZipFile(tmp_path / "a.kmz", "w") as archive:
        archive.write(tmp_path / "doc.kml", "doc.kml")
    check(read(tmp_path / "a.kmz", frame="wgs84")[1])


def _text(delimiter: str) -> str:
    lines = [["编号", "点位名称", "架设高度（米）", "经度", "纬度"]]
    heights = ["3.5米", "暂无", "６.８"]
    for key, name, height, (lon, lat) in zip("789", NAMES, heights, PLACES, strict=True):
        lines.append([f"00{key}", name, height, str(lon), str(lat)])
    return "\n".join(delimiter.join(line) for line in lines) + "\n"


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
@pytest.mark.parametrize("junk", ["", "2026年视频点位台账\n", "3,5\n"])
def test_delimited_text(tmp_path, delimiter, junk):
    path = tmp_path / "a.txt"
    path.write_text(junk + _text(delimiter), "gb18030")
    check(read(path, frame="cgcs2000")[1])


def test_quoted_cells_with_line_breaks(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(
        _text(",").replace("翠湖北门", '"翠湖北门"').replace("黑林铺", '"黑林\n铺"'), "utf-8"
    )
    assert read(path, frame="wgs84")[1]["name"].tolist() == [*NAMES[:2], "黑林 铺"]


def _book(tmp_path, rows, merged=(), more=None) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "点位"
    for row in rows:
        sheet.append(row)
    for area in merged:
        sheet.merge_cells(area)
    if more:
        book.create_sheet(more).append(["别的", "内容"])
    book.save(tmp_path / "a.xlsx")
    return tmp_path / "a.xlsx"


HEADER = ["编号", "点位名称", "架设高度", "经度", "纬度"]
BODY = [["007", NAMES[0], 3.5, *PLACES[0]], ["008", NAMES[1], None, *PLACES[1]],
        ["009", NAMES[2], 6.8, *PLACES[2]]]  # fmt: skip


def test_sheet_with_title_rows_and_merged_cells(tmp_path):
    title = ["五华区视频点位台账", None, None, None, None]
    path = _book(tmp_path, [title, ["填报单位：某街道"], HEADER, *BODY], ["A1:E1", "A2:E2"])
    check(read(path, frame="wgs84")[1])


def test_sheet_with_a_header_of_two_rows(tmp_path):
    top = ["编号", "点位名称", "架设高度", "坐标", None]
    low = [None, None, None, "经度", "纬度"]
    path = _book(tmp_path, [top, low, *BODY], ["A1:A2", "B1:B2", "C1:C2", "D1:E1"])
    check(read(path, frame="wgs84")[1])


def test_sheet_with_a_header_of_three_rows(tmp_path):
    rows = [
        ["编号", "点位名称", "架设高度", "位置", None, None],
        [None, None, None, "坐标", None, "说明"],
        [None, None, None, "经度", "纬度", "备注"],
    ]
    merged = ["A1:A3", "B1:B3", "C1:C3", "D1:F1", "D2:E2"]
    path = _book(tmp_path, [*rows, *([*row, "x"] for row in BODY)], merged)
    source, found = read(path, frame="wgs84")
    check(found)
    assert source.facts.columns == ("编号", "点位名称", "架设高度", "经度", "纬度", "备注")


def test_a_wide_cell_in_the_header_makes_no_header_of_the_first_row(tmp_path):
    path = _book(
        tmp_path, [[*HEADER, "备注", None], *([*row, "x", "y"] for row in BODY)], ["F1:G1"]
    )
    check(read(path, frame="wgs84")[1])


def test_names_that_repeat_are_told_by_their_groups(tmp_path):
    rows = [
        ["编号", "GCJ-02", None, "CGCS2000", None],
        [None, "经度", "纬度", "经度", "纬度"],
        ["1", 102.7, 25.05, 102.69, 25.06],
    ]
    path = _book(tmp_path, rows, ["A1:A2", "B1:C1", "D1:E1"])
    with pytest.raises(ImportRefused) as found:
        read(path, frame="wgs84")
    assert "GCJ-02/经度" in str(found.value)
    mapping = {"lon": "CGCS2000/经度", "lat": "CGCS2000/纬度"}
    _, taken = read(path, frame="cgcs2000", mapping=mapping)
    assert taken["geom"][0].equals(shapely.Point(102.69, 25.06))


def test_cells_merged_downwards_repeat(tmp_path):
    body = [["007", "同一地点", 3, 102.7, 25.05], ["008", None, 3, 102.7, 25.05],
            ["009", None, 3, 102.7, 25.05]]  # fmt: skip
    path = _book(tmp_path, [HEADER, *body], ["B2:B4"])
    assert read(path, frame="wgs84")[1]["name"].tolist() == ["同一地点"] * 3


def test_several_sheets_ask_for_one(tmp_path):
    path = _book(tmp_path, [HEADER, *BODY], more="说明")
    with pytest.raises(ImportRefused, match="点位, 说明") as found:
        read(path, frame="wgs84")
    assert found.value.code == "layer_required"
    check(read(path, frame="wgs84", layer="点位")[1])
    with pytest.raises(ImportRefused) as found:
        read(path, frame="wgs84", layer="不存在")
    assert found.value.code == "layer_missing"


def test_several_layers_ask_for_one(tmp_path):
    path = tmp_path / "a.gpkg"
    cameras().to_file(path, layer="一")
    cameras().to_file(path, layer="二")
    with pytest.raises(ImportRefused) as found:
        read(path)
    assert found.value.code == "layer_required"
    assert "一, 二" in str(found.value)
    check(read(path, layer="二")[1])


def test_sheet_dates_and_serial_dates(tmp_path):
    head = ["设备编号", "检测时间", "状态"]
    stamp = pd.Timestamp("2026-08-18 09:30")
    path = _book(tmp_path, [head, ["1", stamp.to_pydatetime(), "正常"], ["2", 46252.5, "离线"]])
    _, rows = read(path, Kind.CAMERA_STATUS)
    assert rows["observed_at"].astype(str).tolist() == [
        "2026-08-18 01:30:00+00:00", "2026-08-18 04:00:00+00:00",
    ]  # fmt: skip
    assert rows["state"].tolist() == ["working", "down"]


def test_a_catalogue_of_gb28181(tmp_path):
    """The field names of GB/T 28181-2022 and its code numbers."""
    path = tmp_path / "catalogue.csv"
    path.write_text(
        "DeviceID,Name,PointType,PTZType,DirectionType,RoomType,SupplyLightType,Longitude,Latitude,"
        "HorizontalFieldAngle,MaxViewDistance,RecordSaveDays,InstallTime,Status,IPAddress,Password,"
        "Address,Model\n"
        "53010200011327000001,南门,3,3,5,1,2,102.70,25.05,90,30,30,2024-05-01T00:00:00,ON,10.0.0.1,x,"
        "小西门1号,DS-2\n"
        "53010200011327000002,大厅,1,1,9,2,1,102.70,25.05,,,90,2024-05-01,OFF,10.0.0.2,y,,\n",
        "utf-8",
    )
    source, rows = read(path, frame="wgs84")
    first, second = rows.iloc[0], rows.iloc[1]
    assert first["source_key"] == first["gb28181_id"] == "53010200011327000001"
    assert (first["point_class"], first["kind"], first["direction_deg"]) == (
        "class_3",
        "fixed",
        135,
    )
    assert (bool(first["indoor"]), first["light"], first["status"]) == (False, "infrared", "in_use")
    assert (first["horizontal_fov_deg"], first["max_distance_m"]) == (90, 30)
    assert (bool(second["omnidirectional"]), bool(second["indoor"])) == (True, True)
    assert (first["address"], first["model"]) == ("小西门1号", "DS-2")
    assert second["status"] == "in_use"  # that it does not answer is an observation
    assert str(second["installed_on"]) == "2024-05-01"
    everything = repr(source.facts) + rows.to_csv()
    assert "10.0.0" not in everything


def test_what_is_no_record_in_a_json_list_is_refused_by_its_row(tmp_path):
    first, third = ({"code": code, "name": code, "lon": 102.7, "lat": 25.05} for code in "ac")
    path = tmp_path / "list.json"
    path.write_text(json.dumps({"errors": [], "rows": [first, None, third]}), "utf-8")
    source = open_source(path, Kind.CAMERAS, Options(frame="wgs84"), WUHUA)
    chunks = list(source.chunks)
    rows = pd.concat([chunk.rows for chunk in chunks])
    assert rows.set_index("row")["source_key"].to_dict() == {1: "a", 3: "c"}
    notes = [note for chunk in chunks for note in chunk.notes]
    assert {note.row for note in notes if note.severity is Severity.REFUSED} == {2}
    assert sum(chunk.read for chunk in chunks) == 3


def test_a_ledger_of_cameras_in_chinese(tmp_path):
    path = tmp_path / "一机一档.csv"
    path.write_text(
        "设备编码,点位名称,监控点位类型,摄像机类型,监视方位,分辨率,安装方式,架设高度,设备状态,录像保存天数,"
        "联系人,联系电话,经度,纬度\n"
        "53010200011327000001,小西门,一类,1-球机,东南,1920*1080,立杆,6.8m,在用,30天,王五,13812345678,"
        "102.70,25.05\n",
        "gbk",
    )
    source, rows = read(path, frame="gcj02")
    row = rows.iloc[0]
    assert (row["point_class"], row["kind"], row["direction_deg"]) == ("class_1", "dome_ptz", 135)
    assert (row["width_px"], row["height_px"], row["height_m"]) == (1920, 1080, 6.8)
    assert (row["mount"], row["retention_days"]) == ("立杆", 30)
    assert {"联系人", "联系电话"} <= set(source.facts.unmapped)
    assert "王五" not in rows.to_csv()


def test_files_with_several_shapes_of_one_row_count(tmp_path):
    """Rows beyond one batch keep their order and their numbers."""
    count = 120_001
    frame = pd.DataFrame({"key": range(count), "lon": 102.7, "lat": 25.05})
    for name, save in (("a.csv", frame.to_csv), ("a.parquet", frame.to_parquet)):
        save(tmp_path / name, index=False)
        source = open_source(tmp_path / name, Kind.CAMERAS, Options(frame="wgs84"), WUHUA)
        sizes, last = [], 0
        for chunk in source.chunks:
            sizes.append(len(chunk.rows))
            assert chunk.rows["row"].iloc[0] == last + 1
            assert (chunk.rows["source_key"].astype(int) == chunk.rows["row"] - 1).all()
            last = int(chunk.rows["row"].iloc[-1])
        assert sum(sizes) == count
        assert max(sizes) <= 50_000


def test_the_same_file_has_the_same_digest(tmp_path):
    cameras().to_file(tmp_path / "a.shp")
    one = read(tmp_path / "a.shp")[0].facts.sha256
    assert read(tmp_path / "a.shp")[0].facts.sha256 == one
    (tmp_path / "a.dbf").write_bytes((tmp_path / "a.dbf").read_bytes().replace(b"007", b"017"))
    assert read(tmp_path / "a.shp")[0].facts.sha256 != one


def test_repeated_headers_are_told_apart(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("编号,名称,名称,经度,纬度\n1,甲,乙,102.7,25.05\n", "utf-8")
    with pytest.raises(ImportRefused) as found:
        read(path, frame="wgs84")
    assert found.value.code == "column_ambiguous"
    source, rows = read(path, frame="wgs84", mapping={"name": "名称"})
    assert source.facts.columns == ("编号", "名称", "名称#2", "经度", "纬度")
    assert rows["name"].tolist() == ["甲"]


def test_z_is_dropped_with_one_note(tmp_path):
    frame = cameras()
    frame["geometry"] = shapely.force_3d(frame.geometry, 1890)
    frame.to_file(tmp_path / "a.gpkg")
    source = open_source(tmp_path / "a.gpkg", Kind.CAMERAS, Options(), WUHUA)
    (chunk,) = source.chunks
    (note,) = chunk.notes
    assert (note.code, note.severity, note.row) == ("z_dropped", Severity.NOTE, 1)
    assert "3" in note.reason_zh
    check(chunk.rows)


def test_an_openstreetmap_file_without_any_further_tag(tmp_path):
    nodes = '<node id="7" lat="25.05" lon="102.70"><tag k="man_made" v="surveillance"/></node>'
    path = tmp_path / "a.osm"
    path.write_text(f'<?xml version="1.0"?><osm version="0.6">{nodes}</osm>', encoding="utf-8")
    _, rows = read(path)
    assert rows["source_key"].tolist() == ["node/7"]


@pytest.mark.parametrize(
    ("kind", "key", "name"),
    [(Kind.CAMERAS, "node/7", "翠湖北门"), (Kind.BUILDINGS, "way/1", "图书馆")],
)
def test_an_openstreetmap_extract_in_binary(kind, key, name):
    _, rows = read(SAMPLES / "corner.osm.pbf", kind)
    assert rows[["source_key", "name"]].to_numpy().tolist() == [[key, name]]
    assert rows["geom"][0].distance(shapely.Point(102.70, 25.05)) < 1e-7


def test_an_openstreetmap_building_without_a_name_goes_by_its_address(tmp_path):
    """Street and number together; a name goes before them, and one alone is no address."""
    tags = (
        ("addr:street", "一二一大街", "addr:housenumber", "5号"),
        ("name", "图书馆", "addr:street", "一二一大街", "addr:housenumber", "7号"),
        ("addr:housenumber", "9号"),
    )
    corners = ((0, 0), (1, 0), (1, 1), (0, 1))
    body = "".join(
        f'<node id="{1 + at}" lat="{25.05 + y / 1e4}" lon="{102.7 + x / 1e4}"/>'
        for at, (x, y) in enumerate(corners)
    )
    for number, pairs in enumerate(tags, start=1):
        said = zip(pairs[::2], pairs[1::2], strict=True)
        body += f'<way id="{number}">' + "".join(f'<nd ref="{at}"/>' for at in (1, 2, 3, 4, 1))
        body += '<tag k="building" v="yes"/>'
        body += "".join(f'<tag k="{k}" v="{v}"/>' for k, v in said) + "</way>"
    path = tmp_path / "a.osm"
    path.write_text(f'<?xml version="1.0"?><osm version="0.6">{body}</osm>', encoding="utf-8")
    (chunk,) = open_source(path, Kind.BUILDINGS, Options(), WUHUA).chunks
    names = chunk.rows.set_index("source_key")["name"]
    assert names["way/1"] == "一二一大街 5号"
    assert names["way/2"] == "图书馆"
    assert names.isna()["way/3"]
