"""Text in GB18030 arrives as it was written, whatever the file calls itself."""

from datetime import time
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest
import shapely

from data.ingest import encodings
from data.ingest.formats import mapinfo as reader
from data.ingest.read import open_source
from data.ingest.types import Kind, Options
from gis import district
from gis.errors import ImportRefused

WUHUA = district.load(Path(__file__).resolve().parents[2] / "data" / "reference" / "wuhua.toml")
NAMES = ["翠湖北门", "人民中路口"]


def points(names=NAMES) -> gpd.GeoDataFrame:
    places = [shapely.Point(102.70 + at / 100, 25.05) for at in range(len(names))]
    return gpd.GeoDataFrame(
        {"key": [*"78"][: len(names)], "name": names}, geometry=places, crs=4326
    )


def names_of(path, **options):
    source = open_source(path, Kind.CAMERAS, Options(**{"frame": "wgs84"} | options), WUHUA)
    rows = pd.concat([chunk.rows for chunk in source.chunks])
    return rows.sort_values("source_key")["name"].tolist(), source.facts.encoding


@pytest.mark.parametrize("stated", ["GBK", "gb2312", ""])
def test_gml_in_gbk(tmp_path, stated):
    path = tmp_path / "a.gml"
    points().to_file(path, driver="GML")
    text = path.read_text("utf-8").replace('encoding="utf-8"', stated and f'encoding="{stated}"')
    path.write_bytes(text.encode("gbk"))
    assert names_of(path) == (NAMES, "gb18030")


@pytest.mark.parametrize("options", [{}, {"encoding": "gbk"}])
def test_geojson_in_gbk(tmp_path, options):
    path = tmp_path / "a.geojson"
    points().to_file(path, driver="GeoJSON")
    path.write_bytes(path.read_text("utf-8").encode("gbk"))
    assert names_of(path, **options) == (NAMES, "gb18030")


@pytest.mark.parametrize("label", [b"WindowsLatin1", b"Neutral"])
@pytest.mark.parametrize("name", ["点位.mif", "点位.tab"])
def test_mapinfo_in_gbk_that_calls_itself_something_else(tmp_path, name, label):
    path = tmp_path / name
    form = {"FORMAT": "MIF"} if path.suffix == ".mif" else {}
    points().to_file(path, driver="MapInfo File", ENCODING="CP936", **form)
    path.write_bytes(path.read_bytes().replace(b"WindowsSimpChinese", label))
    assert names_of(path) == (NAMES, "gb18030")


# 𠮷 and 㐱 have four bytes in GB18030 and none in CP936, where MapInfo's charsets end.
RARE = ["𠮷祥巷北门", "㐱家巷路口"]


def mapinfo(folder, name, columns, label, texts=RARE) -> Path:
    """A MapInfo file of which bytes are replaced by text of their length that GDAL cannot write."""
    path = folder / name
    form = {"FORMAT": "MIF"} if path.suffix == ".mif" else {}
    frame = points(["".join("Q" * len(c.encode("gb18030")) for c in text) for text in texts])
    frame.rename(columns=dict(zip(["key", "name"], columns, strict=True))).to_file(
        path, driver="MapInfo File", ENCODING="CP936", **form
    )
    for part in folder.glob(f"{path.stem}.*"):
        whole = part.read_bytes().replace(b"WindowsSimpChinese", label)
        for text in texts:
            raw = text.encode("gb18030")
            whole = whole.replace(b"Q" * len(raw), raw, 1)
        part.write_bytes(whole)
    return path


@pytest.mark.parametrize("label", [b"WindowsSimpChinese", b"WindowsLatin1", b"Neutral"])
@pytest.mark.parametrize("options", [{}, {"encoding": "gb18030"}, {"encoding": "gbk"}])
@pytest.mark.parametrize("name", ["点位.mif", "点位.tab"])
@pytest.mark.parametrize("columns", [("key", "name"), ("设备编号", "点位名称")])
def test_mapinfo_with_characters_of_four_bytes(tmp_path, name, options, label, columns):
    path = mapinfo(tmp_path, name, columns, label)
    assert names_of(path, **options) == (RARE, "gb18030")


@pytest.mark.parametrize("name", ["a.mif", "a.tab"])
def test_mapinfo_without_a_label(tmp_path, name):
    path = mapinfo(tmp_path, name, ("key", "name"), b"Neutral")
    kept = [line for line in path.read_bytes().splitlines() if b"charset" not in line[:9].lower()]
    path.write_bytes(b"\n".join(kept).replace(b'Charset "Neutral"', b"") + b"\n")
    assert b"Neutral" not in path.read_bytes()
    assert names_of(path) == (RARE, "gb18030")


@pytest.mark.parametrize("name", ["a.mif", "a.tab"])
def test_mapinfo_in_utf8_that_calls_itself_chinese(tmp_path, name):
    path = tmp_path / name
    form = {"FORMAT": "MIF"} if path.suffix == ".mif" else {}
    points(RARE).to_file(path, driver="MapInfo File", ENCODING="UTF-8", **form)
    path.write_bytes(path.read_bytes().replace(b"UTF-8", b"WindowsSimpChinese"))
    assert names_of(path)[0] == RARE


@pytest.mark.parametrize("name", ["a.mif", "a.tab"])
def test_mapinfo_that_is_not_what_it_is_said_to_be(tmp_path, name):
    path = mapinfo(tmp_path, name, ("key", "name"), b"WindowsSimpChinese")
    attributes = path.with_suffix(".mid" if name.endswith("mif") else ".dat")
    spoilt = attributes.read_bytes().replace("㐱".encode("gb18030"), b"\x80\xff\xff\x80")
    attributes.write_bytes(spoilt)
    with pytest.raises(ImportRefused) as refused:
        names_of(path, encoding="gbk")
    assert refused.value.code == "encoding_wrong"
    assert "第 2 行" in str(refused.value)
    assert "UTF-8" in str(refused.value)


def test_mapinfo_text_cut_by_its_column_loses_half_a_character(tmp_path):
    """As a Shapefile's: the column is five bytes wide, and the third character has but one."""
    path = mapinfo(tmp_path, "a.mif", ("key", "name"), b"WindowsSimpChinese")
    mid = path.with_suffix(".mid")
    mid.write_bytes(
        mid.read_bytes().replace(RARE[0].encode("gb18030"), "𠮷祥".encode("gb18030")[:5])
    )
    assert names_of(path)[0] == ["𠮷", RARE[1]]


def test_numbers_and_days_beside_rare_characters(tmp_path):
    path = tmp_path / "a.tab"
    frame = points(["QQQQ门", "人民路"]).assign(
        架设高度=[3.5, 6.0], 录像保存天数=[30, 90], 安装时间=pd.to_datetime(["2024-05-01"] * 2)
    )
    frame.to_file(path, driver="MapInfo File", ENCODING="CP936")
    dat = path.with_suffix(".dat")
    dat.write_bytes(dat.read_bytes().replace(b"QQQQ", "𠮷".encode("gb18030")))
    source = open_source(path, Kind.CAMERAS, Options(frame="wgs84"), WUHUA)
    rows = next(source.chunks).rows
    assert rows["name"].tolist() == ["𠮷门", "人民路"]
    assert rows["height_m"].tolist() == [3.5, 6.0]
    assert rows["retention_days"].tolist() == [30, 90]
    assert rows["installed_on"].astype(str).tolist() == ["2024-05-01"] * 2
    assert [shape.x for shape in rows["geom"]] == pytest.approx([102.70, 102.71], abs=1e-5)


@pytest.mark.parametrize(
    ("written", "label"),
    [
        ("CP936", b"WindowsSimpChinese"),
        ("CP936", b"WindowsLatin1"),
        ("CP936", b"Neutral"),
        ("UTF-8", b"WindowsSimpChinese"),
        ("UTF-8", b"WindowsLatin1"),
    ],
)
@pytest.mark.parametrize("name", ["a.mif", "a.tab"])
def test_mapinfo_with_chinese_headers_over_plain_values(tmp_path, name, written, label):
    """GDAL writes the headers in a .dat in UTF-8, and in the .tab as its label says."""
    form = {"FORMAT": "MIF"} if name == "a.mif" else {}
    frame = points(["A", "B"]).assign(安装高度=[3.5, 4.0]).rename(columns={"key": "设备编号"})
    path = tmp_path / name
    frame.to_file(path, driver="MapInfo File", ENCODING=written, **form)
    stated = b"UTF-8" if written == "UTF-8" else b"WindowsSimpChinese"
    path.write_bytes(path.read_bytes().replace(stated, label))
    source = open_source(path, Kind.CAMERAS, Options(frame="wgs84"), WUHUA)
    rows = next(source.chunks).rows
    assert rows["source_key"].tolist() == ["7", "8"]
    assert rows["name"].tolist() == ["A", "B"]
    assert rows["height_m"].tolist() == [3.5, 4.0]


@pytest.mark.parametrize(
    ("written", "label"), [("UTF-8", b"WindowsSimpChinese"), ("CP936", b"WindowsLatin1")]
)
@pytest.mark.parametrize("heights", [[6.7, 3.3], [1 / 3, 5.99], [255, -2]])
def test_numbers_in_mapinfo_are_not_taken_for_text(tmp_path, written, label, heights):
    """They stand in the .dat as bytes, of which 6.7 and -2 have such as no UTF-8 text has."""
    path = tmp_path / "a.tab"
    points().assign(安装高度=heights).to_file(path, driver="MapInfo File", ENCODING=written)
    stated = b"UTF-8" if written == "UTF-8" else b"WindowsSimpChinese"
    path.write_bytes(path.read_bytes().replace(stated, label))
    assert names_of(path)[0] == NAMES


def test_mapinfo_whose_headers_are_not_in_the_encoding_declared(tmp_path):
    path = tmp_path / "a.tab"
    points(["A", "B"]).rename(columns={"key": "设备编号"}).to_file(
        path, driver="MapInfo File", ENCODING="CP936"
    )
    with pytest.raises(ImportRefused) as refused:
        names_of(path, encoding="utf-8")
    assert refused.value.code == "encoding_wrong"
    assert "--encoding" in str(refused.value)


def test_mapinfo_table_without_geometry(tmp_path, monkeypatch):
    monkeypatch.setattr(reader, "BATCH_ROWS", 1)
    path = tmp_path / "a.tab"
    frame = pd.DataFrame(points()[["key", "name"]]).assign(lon=[102.7, 102.71], lat=[25.05, 25.06])
    pyogrio.write_dataframe(frame, path, driver="MapInfo File", ENCODING="CP936")
    path.with_suffix(".map").unlink(missing_ok=True)
    path.with_suffix(".id").unlink(missing_ok=True)
    assert names_of(path) == (NAMES, "gb18030")


MIF = """Version 900
Charset "WindowsSimpChinese"
Delimiter ","
CoordSys Earth Projection 1, 104
Columns 3
  key Char(8)
  name Char(40)
  巡检时刻 Time
Data

Point 102.70 25.05
Point 102.71 25.06
"""


def test_time_of_day_in_mapinfo(tmp_path):
    path = tmp_path / "a.mif"
    path.write_text(MIF, "gbk")
    path.with_suffix(".mid").write_text('"7","翠湖北门",083000000\n"8","人民中路口",\n', "gbk")
    assert names_of(path) == (NAMES, "gb18030")
    path.write_text(MIF.replace("WindowsSimpChinese", "Neutral"), "gbk")  # as its copy has it
    layer = reader.open_mapinfo(path, "a")
    found = [t for batch in layer.batches(layer.columns) for t in batch.table["巡检时刻"]]
    assert [value.as_py() for value in found] == [time(8, 30), None]


# The second byte of 誠 and 乗 is that of the backslash, which MapInfo writes a line break with.
@pytest.mark.parametrize("quote", ['"', ""])
@pytest.mark.parametrize("name", ["a.mif", "a.tab"])
def test_hanzi_that_end_in_a_backslash(tmp_path, name, quote):
    texts = ["誠n路乗", "誠乗nn"]
    assert [text.encode("gbk").count(b"\\") for text in texts] == [2, 2]
    path = tmp_path / name
    form = {"FORMAT": "MIF"} if name == "a.mif" else {}
    points(["诚n路怅", "诚怅nn"]).to_file(path, driver="MapInfo File", ENCODING="CP936", **form)
    part = path.with_suffix(".mid" if form else ".dat")
    raw = part.read_bytes().replace("诚".encode("gbk"), "誠".encode("gbk"))
    part.write_bytes(raw.replace("怅".encode("gbk"), "乗".encode("gbk")))
    if form:
        part.write_bytes(part.read_bytes().replace(b'"', quote.encode()))
    assert names_of(path) == (texts, "gb18030")


BARS = [bytes([first, 0x7C]) for first in range(0x81, 0xFF)]  # their second byte is a |


@pytest.mark.parametrize("label", ["WindowsSimpChinese", "WindowsLatin1", "Neutral"])
@pytest.mark.parametrize("quote", ['"', ""])
def test_hanzi_that_end_in_the_mark_between_cells(tmp_path, quote, label):
    hanzi = [one for raw in BARS if (one := raw.decode("gbk", "ignore")) != "|"]
    forms = ("翠湖{0}小区", "{0}祥巷𠮷家路口", "云南大学{0}")
    texts = [form.format(one) for one in hanzi for form in forms]
    assert len(texts) > 300
    head = f'Version 300\nCharset "{label}"\nDelimiter "|"\nCoordSys Earth Projection 1, 104\n'
    head += "Columns 2\n  key Char(10)\n  name Char(60)\nData\n\n"
    (tmp_path / "a.mif").write_text(head + "Point 102.7 25.05\n" * len(texts))
    lines = [f"{quote}{n:04d}{quote}|{quote}{one}{quote}\r\n" for n, one in enumerate(texts)]
    (tmp_path / "a.mid").write_bytes("".join(lines).encode("gb18030"))
    assert names_of(tmp_path / "a.mif") == (texts, "gb18030")


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_an_inch_mark_leaves_the_rows_below_it_divided(tmp_path, end):
    head = 'Version 300\nCharset "WindowsSimpChinese"\nDelimiter "|"\n'
    head += "CoordSys Earth Projection 1, 104\nColumns 2\n  key Char(10)\n  name Char(60)\n"
    names = ['5" 镀锌管', *["翠湖祥巷億"] * 9, '6" 镀锌管', '"翠|湖"']
    (tmp_path / "a.mif").write_text(f"{head}Data\n\n" + "Point 102.7 25.05\n" * len(names))
    lines = "".join(f"{at:02d}|{name}{end}" for at, name in enumerate(names))
    (tmp_path / "a.mid").write_bytes(lines.encode("gbk"))
    assert b"|" in "億".encode("gbk")
    found, _ = names_of(tmp_path / "a.mif")
    assert [name.replace('"', "") for name in found] == [name.replace('"', "") for name in names]


def test_more_rows_of_mapinfo_than_a_batch(tmp_path, monkeypatch):
    monkeypatch.setattr(reader, "BATCH_ROWS", 1)
    path = mapinfo(tmp_path, "a.tab", ("key", "name"), b"WindowsSimpChinese")
    assert names_of(path) == (RARE, "gb18030")
    source = open_source(path, Kind.CAMERAS, Options(frame="wgs84"), WUHUA)
    assert [chunk.rows["row"].tolist() for chunk in source.chunks] == [[1], [2]]


def test_rare_hanzi_do_not_hide_that_a_text_is_chinese(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(
        f"key,name,lon,lat\n7,{RARE[0]},102.70,25.05\n8,{RARE[1]},102.71,25.05\n", "gb18030"
    )
    assert names_of(path) == (RARE, "gb18030")


def test_mapinfo_in_latin_stays_latin(tmp_path):
    path = tmp_path / "a.mif"
    points(["Café du Lac", "Straße"]).to_file(
        path, driver="MapInfo File", ENCODING="CP1252", FORMAT="MIF"
    )
    assert b"WindowsLatin1" in path.read_bytes()
    assert names_of(path)[0] == ["Café du Lac", "Straße"]


# The bytes of the first three are UTF-8 as well: letters that no Chinese office writes.
@pytest.mark.parametrize("name", ["石庄", "石山庄", "专转住装"])
@pytest.mark.parametrize("form", ["csv", "shp"])
def test_chinese_names_that_are_utf8_by_chance(tmp_path, name, form):
    assert name.encode("gbk").decode("utf-8") != name
    path = tmp_path / f"a.{form}"
    if form == "csv":
        path.write_text(f"key,name,lon,lat\n7,{name},102.70,25.05\n", "gbk")
    else:
        points([name]).to_file(path, encoding="GBK")
        path.with_suffix(".cpg").unlink()
    assert names_of(path) == ([name], "gb18030")


@pytest.mark.parametrize(
    "name", ["Café Müller", "naïve 25°", "Москва", "Αθήνα", "翠湖石庄", "Łódź"]
)
def test_utf8_stays_utf8(tmp_path, name):
    path = tmp_path / "a.csv"
    path.write_text(f"key,name,lon,lat\n7,{name},102.70,25.05\n", "utf-8")
    assert encodings.of_text(path, None) == "utf-8"
