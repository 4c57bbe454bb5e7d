"""Files made to crash, stall or mislead a reader, and personal numbers in disguise."""

import json
import os
import re
import struct
import threading
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from zoneinfo import ZoneInfo

import geopandas as gpd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely
import xlsxwriter

from data.ingest.fields import fold
from data.ingest.formats import digest, drawing, sheets, vector
from data.ingest.nesting import MOST, too_deep
from data.ingest.read import open_source
from data.ingest.report import ImportReport, Notes
from data.ingest.types import Kind, Options, Severity
from data.ingest.values import moments
from gis import district
from gis.errors import BadInput, ImportRefused
from gis.privacy import hidden

WUHUA = district.load(Path(__file__).resolve().parents[2] / "data" / "reference" / "wuhua.toml")
HEAD = "编号,发生时间,类别,经度,纬度,来源\n"
ROW = "{},2026-08-18 10:00,盗窃,102.70,25.05,{}\n"
GROUND = "POLYGON((102.7 25.05,102.71 25.05,102.71 25.06,102.7 25.05))"


def read(path, kind=Kind.INCIDENTS):
    source = open_source(path, kind, Options(frame="wgs84"), WUHUA)
    return source, list(source.chunks)


def refused(path, kind=Kind.INCIDENTS) -> ImportRefused:
    with pytest.raises(ImportRefused) as found:
        read(path, kind)
    return found.value


def notes(chunks):
    return {(n.row, n.code) for chunk in chunks for n in chunk.notes}


def _nested(levels: int, kind: int = 7, order: str = "<") -> bytes:
    mark = 1 if order == "<" else 0
    return struct.pack(f"{order}BII", mark, kind, 1) * levels + shapely.Point(102.7, 25.05).wkb


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("kind", [4, 6, 7, 1006, 0x80000007])
def test_depth_is_counted_without_recursion(kind, order):
    assert not too_deep(_nested(MOST - 1, kind, order))
    assert too_deep(_nested(300_000, kind, order))


def test_depth_of_real_geometries():
    plain = shapely.from_wkt(
        "GEOMETRYCOLLECTION(MULTIPOLYGON(((0 0,9 0,9 9,0 0),(3 1,4 1,4 2,3 1))),"
        "LINESTRING(0 0,1 1),"
        "GEOMETRYCOLLECTION(POINT Z(1 2 3),MULTIPOINT(1 1,2 2)))"
    )
    for flavor in ("iso", "extended"):
        assert not too_deep(shapely.to_wkb(plain, flavor=flavor))
    assert not too_deep(shapely.to_wkb(shapely.set_srid(plain, 4326), include_srid=True)[:-3])


def test_a_geometry_nested_deep_is_a_bad_row_not_a_crash(tmp_path):
    good = shapely.from_wkt(GROUND).wkb
    table = {"key": ["a", "b"], "geometry": pa.array([_nested(300_000), good], pa.binary())}
    pq.write_table(pa.table(table), tmp_path / "a.parquet")
    _, chunks = read(tmp_path / "a.parquet", Kind.BUILDINGS)
    assert notes(chunks) == {(1, "geometry_unreadable")}
    assert chunks[0].rows["source_key"].tolist() == ["b"]
    deep = "GEOMETRYCOLLECTION(" * 100_000 + "POINT(1 1)" + ")" * 100_000
    (tmp_path / "a.csv").write_text(f'key,geometry\na,"{deep}"\nb,"{GROUND}"\n')
    _, chunks = read(tmp_path / "a.csv", Kind.BUILDINGS)
    assert (1, "geometry_unreadable") in notes(chunks)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("102.7 25.05;102.71，25.06", "MULTIPOINT ((102.7 25.05), (102.71 25.06))"),
        ("POINT Z(102.7 25.05 3)", "MULTIPOINT ((102.7 25.05))"),
        ("102.7 25.05 102.71 25.06", "entrance_unreadable"),
        ("nan nan", "entrance_unreadable"),
        ("MULTIPOINT EMPTY", "entrance_unreadable"),
        ("POLYGON((0 0,1 0,1 1,0 0))", "entrance_unreadable"),
        ("25.05 102.7", "entrance_far"),
        ("1e308 1e308", "entrance_far"),
    ],
)
def test_entrances_are_near_or_left_out(tmp_path, text, found):
    rows = f'code,name,kind,geometry,entrances\nC1,x,old,"{GROUND}","{text}"\n'
    (tmp_path / "a.csv").write_text(rows, "utf-8")
    _, chunks = read(tmp_path / "a.csv", Kind.COMPOUNDS)
    entrance = chunks[0].rows["entrances"].iloc[0]
    assert (found == entrance.wkt) if entrance is not None else ((1, found) in notes(chunks))


def test_a_lone_cell_far_out_is_refused_before_the_sheet_is_held(tmp_path):
    for name, row, column in (("far.xlsx", 1_048_575, 16_383), ("near.xlsx", 900, 400)):
        with xlsxwriter.Workbook(tmp_path / name) as book:
            sheet = book.add_worksheet()
            sheet.write_row(0, 0, ["编号", "发生时间", "类别", "经度", "纬度"])
            sheet.write_row(1, 0, ["1", "2026-08-18", "盗窃", 102.7, 25.05])
            sheet.write(row, column, "x")
    assert refused(tmp_path / "far.xlsx").code == "sheet_too_large"
    assert read(tmp_path / "near.xlsx")[1][0].read == 2


@pytest.mark.parametrize("tag", [b"<c ", b"<row ", b"<f ", b"<workbookPr "])
def test_tags_that_never_end_take_no_longer_than_their_length(tmp_path, tag):
    with zipfile.ZipFile(tmp_path / "a.xlsx", "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("xl/workbook.xml", tag * (5 * 2**20 // len(tag)))
    began = time.process_time()
    with pytest.raises(ImportRefused):
        read(tmp_path / "a.xlsx")
    assert time.process_time() - began < 20  # a quadratic search takes an hour
    sheets._remarks(tmp_path / "a.xlsx")
    sheets._since_1904(tmp_path / "a.xlsx")
    assert time.process_time() - began < 40


@pytest.mark.parametrize(
    ("start", "code"),
    [
        (b"BM<", None),
        (b"\x01\x00\x00\x00<EMF", None),
        (b"<c ", "file_broken"),
        (b"<x:row ", "file_broken"),
        (b"<" + b"x" * 2**20, "file_broken"),
    ],
)
def test_a_picture_in_a_workbook_is_no_sheet(tmp_path, start, code):
    with xlsxwriter.Workbook(tmp_path / "a.xlsx") as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["编号", "发生时间", "类别", "经度", "纬度"])
        sheet.write_row(1, 0, ["1", "2026-08-18", "盗窃", 102.7, 25.05])
    with zipfile.ZipFile(tmp_path / "a.xlsx", "a") as book:
        book.writestr("xl/media/image1.bmp", start + b"\xff" * 3 * 2**20)
    if code is None:
        assert read(tmp_path / "a.xlsx")[1][0].read == 1
    else:
        assert refused(tmp_path / "a.xlsx").code == code


def test_a_row_far_down_is_found_behind_a_tag_within_its_own(tmp_path):
    sheet = b'<row r="1"><c r="AG1"/><c r="AN1">x</c></row><row a="<" r="999999"><c>x</c></row>'
    assert sheets._extent(iter([sheet])) >= 40 * 999_999


@pytest.mark.parametrize("make", [os.mkfifo, lambda path: path.symlink_to("/dev/zero")])
def test_what_lies_beside_a_file_is_guarded_too(tmp_path, make):
    points = gpd.GeoDataFrame({"key": ["1"]}, geometry=[shapely.Point(102.7, 25.05)], crs=4490)
    points.to_file(tmp_path / "a.shp")
    (tmp_path / "a.cpg").unlink()
    assert read(tmp_path / "a.shp", Kind.CAMERAS)
    make(tmp_path / "a.cpg")
    assert refused(tmp_path / "a.shp", Kind.CAMERAS).code == "not_a_file"
    (tmp_path / "b.gdb").mkdir()
    make(tmp_path / "b.gdb" / "a00000001.gdbtable")
    assert refused(tmp_path / "b.gdb", Kind.CAMERAS).code == "not_a_file"


def test_a_file_that_grows_while_it_is_read(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(HEAD + ROW.format(1, "x"), "utf-8")
    source = open_source(path, Kind.INCIDENTS, Options(frame="wgs84"), WUHUA)
    with path.open("a", encoding="utf-8") as file:
        file.write(ROW.format(2, "x"))
    with pytest.raises(ImportRefused) as found:
        list(source.chunks)
    assert found.value.code == "file_changed"


def test_bytes_that_a_geopackage_calls_text(tmp_path):
    points = [shapely.Point(102.7, 25.05), shapely.Point(102.7, 25.05)]
    names = pa.array([b"\xe6\xa5\xbc", b"\xe6\xa5\xbc\xff"], pa.binary()).view(pa.string())
    table = {"key": ["1", "2"], "name": names, "geometry": pa.array(shapely.to_wkb(points))}
    pq.write_table(pa.table(table), tmp_path / "a.parquet")
    found = refused(tmp_path / "a.parquet", Kind.CAMERAS)
    assert found.code == "encoding_wrong"
    assert "row 2, column name" in str(found)


def test_an_outline_across_the_globe_is_not_near(tmp_path):
    rows = [f'A,"{GROUND}"', 'B,"POLYGON((179.9 25,-179.9 25,-179.9 26,179.9 26,179.9 25))"']
    (tmp_path / "a.csv").write_text("key,geometry\n" + "\n".join(rows) + "\n", "utf-8")
    _, chunks = read(tmp_path / "a.csv", Kind.BUILDINGS)
    assert (2, "outside_district") in notes(chunks)
    assert chunks[0].rows["source_key"].tolist() == ["A"]


def test_long_cells_take_no_longer_than_their_length(tmp_path):
    began = time.process_time()
    assert fold("(" * 1_000_000)
    hidden("a" * 1_000_000 + "1234")
    hidden("1-" * 300_000)
    assert time.process_time() - began < 3  # a quadratic search takes minutes


@pytest.mark.parametrize(
    ("encoding", "words"),
    [
        ("big5", "群眾報警，發現竊賊後離開現場，臺北市中正區公寓大廈"),
        ("shift_jis", "窃盗の通報、東京都 住宅街のカメラ"),
    ],
)
def test_other_encodings_of_the_east_are_not_taken_for_chinese(tmp_path, encoding, words):
    head = "key,occurred_at,category,lon,lat,source\n"
    (tmp_path / "a.csv").write_text(head + ROW.format(1, words).replace("盗窃", "theft"), encoding)
    assert refused(tmp_path / "a.csv").code == "encoding_unknown"
    options = Options(frame="wgs84", encoding=encoding)
    source = open_source(tmp_path / "a.csv", Kind.INCIDENTS, options, WUHUA)
    assert next(source.chunks).rows["source"].tolist() == [words]


def test_utf32_is_known_by_its_mark(tmp_path):
    (tmp_path / "a.csv").write_text(HEAD + ROW.format(1, "群众"), "utf-32")
    assert read(tmp_path / "a.csv")[1][0].rows["source"].tolist() == ["群众"]


@pytest.mark.parametrize(
    "text",
    ["１３８１２３４５６７８", "138-1234-5678", "138.1234.5678", "008613812345678",
     "(0871)63312345", "530102 19900101 1234", "530102１９９００１０１１２３４", "云a12345",
     "云 A12345", "云Ａ１２３４５", "云AD12345", "li.si@example.com"],
)  # fmt: skip
def test_personal_numbers_in_disguise(tmp_path, text):
    assert hidden(f"甲{text}，乙") in ("甲***，乙", "甲***,乙")
    (tmp_path / "a.csv").write_text(HEAD + ROW.format(1, text), "utf-8")
    _, chunks = read(tmp_path / "a.csv")
    assert chunks[0].rows["source"].tolist() == ["***"]


@pytest.mark.parametrize(
    "text", ["53010200011322000001", "面积 138.12345678", "2026-08-18 10:00:00"]
)
def test_codes_areas_and_times_are_not_personal(text):
    assert hidden(text) == text


def test_a_key_here_and_there_that_is_a_phone_is_not_kept(tmp_path):
    rows = "".join(ROW.format(key, "x") for key in ("A1", "A2", "A3", "13812345678"))
    (tmp_path / "a.csv").write_text(HEAD + rows, "utf-8")
    _, chunks = read(tmp_path / "a.csv")
    assert chunks[0].rows["source_key"].isna().tolist() == [False, False, False, True]
    assert [(n.code, n.severity, n.value) for n in chunks[0].notes] == [
        ("key_personal", Severity.FLAGGED, "***")
    ]


def test_a_phone_in_a_file_name_is_not_repeated(tmp_path):
    path = tmp_path / "13812345678.csv"
    path.write_text(HEAD + ROW.format(1, "x"), "utf-8")
    source, _ = read(path)
    report = ImportReport(Kind.INCIDENTS, source.facts, Notes())
    assert report.as_json()["file"] == "***.csv"
    assert "13812345" not in report.write_xlsx(tmp_path / "reports").name
    path.write_text("a,b\n1,2\n", "utf-8")
    assert "13812345678" not in str(refused(path))


def test_a_report_that_cannot_be_written_says_what_the_import_did(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(HEAD + ROW.format(1, "x"), "utf-8")
    report = ImportReport(Kind.INCIDENTS, read(path)[0].facts, Notes(), inserted=1)
    (tmp_path / "reports").write_text("a file where the folder should be")
    with pytest.raises(BadInput, match="1 rows are in the store"):
        report.write_xlsx(tmp_path / "reports")


def test_two_data_sets_of_one_stem_are_two_files(tmp_path):
    for name, options in (("a.tab", {}), ("a.mif", {"FORMAT": "MIF"})):
        frame = gpd.GeoDataFrame({"name": [name]}, geometry=[shapely.Point(102.7, 25.05)], crs=4490)
        frame.to_file(tmp_path / name, driver="MapInfo File", **options)
    assert digest(tmp_path / "a.tab") != digest(tmp_path / "a.mif")


@pytest.mark.parametrize(
    ("zone", "text", "found"),
    [
        ("Asia/Shanghai", "03/04/2026 02:00:00 PM", "date_ambiguous"),
        ("Asia/Shanghai", "3/4/2026 2:00 PM", "date_ambiguous"),
        ("Asia/Shanghai", "2026.1", "date_ambiguous"),  # January, or 2026.10 kept as a number
        ("Asia/Shanghai", "20268", "date_ambiguous"),  # August, or a day of 1955
        ("America/Sao_Paulo", "03/04/2026", "date_ambiguous"),
        ("America/Chicago", "03/04/2026 02:00:00 PM", "2026-03-04T14:00:00"),
        ("Asia/Shanghai", "03/14/2026 02:00:00 PM", "2026-03-14T14:00:00"),
        ("Asia/Shanghai", "2026.10", "2026-10-01T00:00:00"),
    ],
)
def test_dates_with_two_readings(zone, text, found):
    calendar = moments.Calendar(ZoneInfo(zone))
    read_, precision = moments.moments(pa.array([text]), calendar)
    if found == "date_ambiguous":
        assert read_.flaws[found].tolist() == [True]
    else:
        local = read_.values[0].as_py().astimezone(calendar.zone).replace(tzinfo=None)
        assert local.isoformat() == found
        assert precision[0].as_py() == ("month" if text == "2026.10" else "minute")


def test_serial_dates_of_a_workbook_that_counts_from_1904(tmp_path):
    with xlsxwriter.Workbook(tmp_path / "a.xlsx", {"date_1904": True}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["编号", "发生时间", "类别", "经度", "纬度"])
        days = (date(2026, 3, 4) - date(1904, 1, 1)).days
        sheet.write_row(1, 0, ["1", days, "盗窃", 102.7, 25.05])
    _, chunks = read(tmp_path / "a.xlsx")
    assert chunks[0].rows["occurred_at"].astype(str).tolist() == ["2026-03-03 16:00:00+00:00"]


def test_a_header_further_down_is_said_in_both_tongues(tmp_path):
    (tmp_path / "a.csv").write_text("五华区案件台账\n" + HEAD + ROW.format(1, "x"), "utf-8")
    assert read(tmp_path / "a.csv")[0].facts.notes == (
        "表头在第 2 行，其上各行不读 · the header is on line 2; what stands above it is not read",
    )


@pytest.fixture
def elsewhere(tmp_path):
    """A data set that nobody sent, and every way to point to it or to an address."""
    secret = tmp_path / "server" / "secret.gpkg"
    secret.parent.mkdir()
    frame = gpd.GeoDataFrame({"key": ["s"]}, geometry=[shapely.Point(102.7, 25.05)], crs=4490)
    frame.to_file(secret)
    source = f"<SrcDataSource>{secret}</SrcDataSource>"
    vrt = f'<OGRVRTDataSource><OGRVRTLayer name="secret">{source}</OGRVRTLayer></OGRVRTDataSource>'
    gml = "http://www.opengis.net/gml"
    command = json.dumps(f"gdal vector pipeline ! read {secret} ! filter")
    alg = f'"type":"gdal_streamed_alg","command_line":{command}'
    return {
        "a.gml": vrt.replace(">", f' xmlns:gml="{gml}"><!-- FeatureCollection -->', 1),
        "b.gml": f"<!-- {gml} <gml:FeatureCollection> -->{vrt}",
        "c.gml": f'<gml:FeatureCollection xmlns:gml="{gml}"/>{vrt}',
        "d.osm": f"<!-- <osm> -->{vrt}",
        "e.pbf": vrt.replace(">", "><!--OSMHeader-->", 1),
        "f.kml": f"<kml/>{vrt}",
        "g.gml": f"<OGRWFSDataSource><!-- {gml} FeatureCollection -->"
                 "<URL>http://192.0.2.1/</URL></OGRWFSDataSource>",
        "h.geojson": f'{{"type":"FeatureCollection","features":[],{alg}}}',
        "i.geojson": f'{{"type":"FeatureCollection",{alg},"features":[]}}',
        "j.tab": "!table\n!version 300\nOpen Table \"../server/secret\" Hide\nCreate View v As",
    }  # fmt: skip


@pytest.mark.parametrize("name", ["a.gml", "b.gml", "c.gml", "d.osm", "e.pbf", "f.kml", "g.gml",
                                  "h.geojson", "i.geojson", "j.tab"])  # fmt: skip
def test_a_file_that_points_to_others_opens_none_of_them(tmp_path, elsewhere, name):
    path = tmp_path / name
    path.write_text(elsewhere[name], "utf-8")
    found = refused(path, Kind.CAMERAS)
    assert found.code in {"refers_elsewhere", "format_unknown"}
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.write(path, name)
    assert refused(tmp_path / "a.zip", Kind.CAMERAS).code == "format_unknown"


@pytest.mark.parametrize("encoding", ["utf-7", "unicode_escape", "rot13", "base64", "a\0b"])
def test_no_encoding_spells_what_the_bytes_do_not_say(tmp_path, elsewhere, encoding):
    path = tmp_path / "a.geojson"
    path.write_text(elsewhere["h.geojson"].replace("_streamed_", "+AF8-streamed+AF8-"), "utf-8")
    with pytest.raises(ImportRefused) as found:
        open_source(path, Kind.CAMERAS, Options(frame="wgs84", encoding=encoding), WUHUA)
    assert found.value.code == "encoding_unknown"


def test_what_gdal_takes_for_another_format_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "a.geojson"
    point = {"type": "Point", "coordinates": [102.7, 25.05]}
    path.write_text(json.dumps({"type": "Feature", "properties": {"key": "1"}, "geometry": point}))
    assert read(path, Kind.CAMERAS)
    monkeypatch.setitem(vector._DRIVERS, vector.Format.GEOJSON, {"GML"})
    assert refused(path, Kind.CAMERAS).code == "file_broken"


@contextmanager
def listening() -> Iterator[tuple[str, list[str]]]:
    """An address and what was asked of it."""
    asked: list[str] = []

    class Ear(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(404)
            self.end_headers()

        do_HEAD = do_GET  # noqa: N815 - the server's name for it

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Ear) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()


_WFS = (
    '<wfs:FeatureCollection xmlns:wfs="http://www.opengis.net/wfs" xmlns:ns="http://n.example"'
    ' xmlns:gml="http://www.opengis.net/gml" xmlns:xlink="http://www.w3.org/1999/xlink"'
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="http://n.example'
    ' {0}/wfs?SERVICE=WFS&amp;VERSION=1.1.0&amp;REQUEST=DescribeFeatureType&amp;TYPENAME=ns:a">'
    '<gml:featureMember><ns:a><ns:key>1</ns:key><ns:see xlink:href="{0}/x#y"/><ns:geom>'
    '<gml:Point srsName="{0}/crs"><gml:pos>102.7 25.05</gml:pos></gml:Point></ns:geom></ns:a>'
    "</gml:featureMember></wfs:FeatureCollection>"
)
_NAMED = (
    '{{"type":"FeatureCollection","crs":{{"type":"name","properties":{{"name":"{0}/crs"}}}},'
    '"features":[{{"type":"Feature","properties":{{"key":"1"}},"geometry":{{"type":"Point",'
    '"coordinates":[102.7,25.05]}}}}]}}'
)
_KML = (
    '<kml xmlns="http://www.opengis.net/kml/2.2"><Document><NetworkLink><Link><href>{0}/a.kml'
    "</href></Link></NetworkLink><Placemark><name>1</name><Point><coordinates>102.7,25.05"
    "</coordinates></Point></Placemark></Document></kml>"
)


@pytest.mark.parametrize(
    ("name", "text"), [("a.gml", _WFS), ("a.geojson", _NAMED), ("a.kml", _KML)]
)
def test_no_address_that_a_file_names_is_asked(tmp_path, name, text):
    with listening() as (address, asked):
        (tmp_path / name).write_text(text.format(address), "utf-8")
        _, chunks = read(tmp_path / name, Kind.CAMERAS)
    assert [len(chunk.rows) for chunk in chunks] == [1]
    assert asked == []


@pytest.mark.parametrize(
    "named", ["{0}/v.xsd", "/vsicurl/{0}/v.xsd", "/vsicurl_streaming/{0}/v.xsd", "/etc/v.xsd"]
)
def test_no_address_that_a_gml_names_as_its_schema_is_asked(tmp_path, named):
    path = tmp_path / "a.gml"
    with listening() as (address, asked):
        at = named.format(address)
        path.write_text(re.sub(r"(http://n.example) [^\"]*", rf"\1 {at}", _WFS).format(address))
        assert read(path, Kind.CAMERAS)[1][0].read == 1
    assert asked == []


@pytest.mark.parametrize("named", ["{0}/x.xsd", "/vsicurl/{0}/x.xsd"])
@pytest.mark.parametrize(
    ("tag", "taken"),
    [
        ("<xs:include", False),
        ("< \n\nINCLUDE", False),
        ("<xs:redefine", True),
        ('<xs:import namespace="http://n.example"', True),
        ('<xs:import namespace="http://www.opengis.net/gml"', True),
    ],
)
def test_no_address_in_the_schema_of_a_gml_is_asked(tmp_path, named, tag, taken):
    path = tmp_path / "a.gml"
    frame = gpd.GeoDataFrame({"key": ["1"]}, geometry=[shapely.Point(102.7, 25.05)], crs=4490)
    frame.to_file(path, driver="GML")
    schema = path.with_suffix(".xsd")
    with listening() as (address, asked):
        more = f'{tag} schemaLocation="{named.format(address)}"/>'
        schema.write_text(re.sub(r"<xs:import [^>]*>", more, schema.read_text()))
        assert more in schema.read_text()
        if taken:
            assert read(path, Kind.CAMERAS)[1][0].read == 1
        else:
            assert refused(path, Kind.CAMERAS).code == "refers_elsewhere"
    assert asked == []


def _drawing(blocks: int, times: int, more: str = "") -> str:
    insert = "0\nINSERT\n8\n0\n2\nB{0}\n{1}10\n0\n20\n0\n"
    point = "0\nPOINT\n8\n0\n10\n102.7\n20\n25.05\n"
    body = "".join(
        f"0\nBLOCK\n2\nB{at}\n10\n0\n20\n0\n"
        f"{insert.format(at + 1, more) * times if at < blocks else point}0\nENDBLK\n"
        for at in range(blocks + 1)
    )
    head = "0\nSECTION\n2\nHEADER\n0\nENDSEC\n0\nSECTION\n2\nBLOCKS\n"
    entities = f"0\nENDSEC\n0\nSECTION\n2\nENTITIES\n{insert.format(0, '')}"
    return f"{head}{body}{entities}0\nENDSEC\n0\nEOF\n"


@pytest.mark.parametrize(
    ("blocks", "times", "more"),
    [(7, 10, ""), (1, 1, "70\n32767\n71\n32767\n"), (80, 1, ""), (200, 2, "")],
)
def test_a_drawing_that_unfolds_without_end_is_refused_unopened(tmp_path, blocks, times, more):
    path = tmp_path / "a.dxf"
    path.write_text(_drawing(blocks, times, more))
    began = time.monotonic()
    assert refused(path, Kind.CAMERAS).code == "drawing_too_large"
    assert time.monotonic() - began < 5
    path.write_text(_drawing(2, 3))
    assert read(path, Kind.CAMERAS)[1][0].read == 1


@pytest.mark.parametrize(
    ("own", "other"),
    [("0", "00"), ("0", "+0"), ("2", "02"), ("70", "070"), ("0", "4294967296"), ("BLOCK", "block")],
)
def test_a_drawing_that_unfolds_is_known_however_its_codes_are_written(tmp_path, own, other):
    path = tmp_path / "a.dxf"
    text = _drawing(1, 1, "70\n32767\n71\n32767\n")
    head, rest = text[:10], text[10:].split("\n")  # it is known as a drawing by its head
    path.write_text(head + "\n".join(other if line == own else line for line in rest))
    assert refused(path, Kind.CAMERAS).code == "drawing_too_large"


@pytest.mark.parametrize("ring", [1, 2])
def test_a_block_that_inserts_itself_is_refused(tmp_path, ring):
    path = tmp_path / "a.dxf"
    insert = "0\nINSERT\n8\n0\n2\nB{}\n10\n0\n20\n0\n"
    text = _drawing(ring, 1).replace("0\nPOINT\n", f"{insert.format(0)}0\nPOINT\n")
    path.write_text(text)
    assert refused(path, Kind.CAMERAS).code == "drawing_too_large"


def test_a_large_drawing_that_inserts_nothing_is_no_bomb(tmp_path, monkeypatch):
    monkeypatch.setattr(drawing, "MOST", 20)
    path = tmp_path / "a.dxf"
    vertex = "0\nVERTEX\n8\n0\n10\n102.7\n20\n25.05\n"
    lines = f"0\nPOLYLINE\n8\n0\n66\n1\n{vertex * 9}0\nSEQEND\n8\n0\n" * 9
    points = "0\nPOINT\n8\n0\n2\nB0\n10\n102.7\n20\n25.05\n" * 30
    objects = "0\nENDSEC\n0\nSECTION\n2\nOBJECTS\n" + "0\nDICTIONARY\n2\nB0\n" * 30
    text = _drawing(1, 10)
    path.write_text(text.replace("0\nENDSEC\n0\nEOF", f"{lines}{points}{objects}0\nENDSEC\n0\nEOF"))
    assert read(path, Kind.CAMERAS)
    path.write_text(_drawing(1, 21))
    assert refused(path, Kind.CAMERAS).code == "drawing_too_large"
