"""Text in GB18030 arrives as it was written, whatever the file calls itself."""

from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from data.ingest import encodings
from data.ingest.read import open_source
from data.ingest.types import Kind, Options
from gis import district

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
