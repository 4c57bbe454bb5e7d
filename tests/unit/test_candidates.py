"""Poles and counts for a plan are read as an import reads a register, and refused as it refuses."""

import json
from importlib.resources import files

import numpy as np
import pytest

from data.ingest.candidates import candidates, footfall
from gis import crs, district
from gis.errors import BadInput

WUHUA = district.load(files("data.reference") / "wuhua.toml")
HERE = (102.70, 25.05)
CGCS2000 = "urn:ogc:def:crs:EPSG::4490"


def points(path, *places, frame=None, **properties):
    """A GeoJSON of places (None: without geometry), each with the same properties."""
    features = [
        {"type": "Feature", "properties": properties,
         "geometry": at and {"type": "Point", "coordinates": list(at)}}
        for at in places
    ]  # fmt: skip
    stated = {"crs": {"type": "name", "properties": {"name": frame}}} if frame else {}
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features} | stated))
    return path


@pytest.fixture
def file(tmp_path):
    return tmp_path / "points.geojson"


def test_the_frame_that_a_file_states_counts(file):
    lon, lat = crs.wgs84_to_gcj02(np.array([HERE[0]]), np.array([HERE[1]]))
    shifted = (float(lon[0]), float(lat[0]))
    for path, frame in (
        (points(file, shifted, frame="GCJ-02", name="灯杆", direction_deg=450 % 360), None),
        (points(file.with_name("b.geojson"), shifted, name="灯杆", direction_deg=90), "gcj02"),
        (points(file.with_name("c.geojson"), HERE, frame=CGCS2000, name="灯杆",
                direction_deg=90), None),
    ):  # fmt: skip
        (pole,) = candidates(path, WUHUA, frame=frame)
        assert (pole.lon, pole.lat) == pytest.approx(HERE, abs=1e-7)
        assert (pole.name, pole.direction_deg) == ("灯杆", 90.0)
        (count,) = footfall(_with_count(path), WUHUA, frame=frame)
        assert (count.lon, count.lat, count.per_day) == (pole.lon, pole.lat, 1200.0)


def _with_count(path):
    said = json.loads(path.read_text())
    for one in said["features"]:
        one["properties"]["per_day"] = 1200
    path.write_text(json.dumps(said))
    return path


@pytest.mark.parametrize("read", [candidates, footfall])
@pytest.mark.parametrize(
    ("places", "frame", "said"),
    [
        ((HERE,), None, "没有声明坐标系"),  # a label of 4326 may hide GCJ-02
        (((116.4, 39.9),), CGCS2000, "公里以外"),  # Beijing
        ((HERE, HERE, (116.4, 39.9)), CGCS2000, "第 3 行"),
        ((HERE, None), CGCS2000, "第 2 行"),
    ],
)
def test_what_an_import_refuses_is_refused(file, read, places, frame, said):
    with pytest.raises(BadInput, match=said):
        read(points(file, *places, frame=frame, per_day=5), WUHUA)


def test_every_count_needs_its_number(file):
    with pytest.raises(BadInput, match="per_day"):
        footfall(points(file, HERE, frame=CGCS2000), WUHUA)
    file.write_text(f"日均人流,经度,纬度\n800,{HERE[0]},{HERE[1]}\n,{HERE[0]},{HERE[1]}\n", "utf-8")
    with pytest.raises(BadInput, match="per_day"):
        footfall(file.rename(file.with_suffix(".csv")), WUHUA, frame="wgs84")


def test_a_file_that_is_not_there_is_said(tmp_path):
    for read in (candidates, footfall):
        with pytest.raises(BadInput, match="文件不存在"):
            read(tmp_path / "none.geojson", WUHUA)
