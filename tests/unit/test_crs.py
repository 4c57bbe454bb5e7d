"""Frames: published vectors of GCJ-02, exact inverses, one place in the frames of the registry."""

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod

from gis import crs
from gis.errors import BadInput

METRE = Geod(ellps="WGS84")
lons, lats = st.floats(74.0, 134.0), st.floats(4.0, 53.0)


def _metres(lon0, lat0, lon1, lat1) -> float:
    return float(np.max(np.abs(METRE.inv(lon0, lat0, lon1, lat1)[2])))


@pytest.mark.parametrize(
    ("lon", "lat", "shifted_lon", "shifted_lat"),
    [  # test vectors of the eviltransform project, where the formula was published
        (121.5272106, 31.1774276, 121.531541859215, 31.17530398364597),
        (113.912316, 22.543847, 113.9171764808363, 22.540796131694766),
        (116.377817, 39.911954, 116.38404722455657, 39.91334545536069),
    ],
)
def test_published_vectors(lon, lat, shifted_lon, shifted_lat):
    found = crs.wgs84_to_gcj02(np.array([lon]), np.array([lat]))
    assert _metres(found[0], found[1], [shifted_lon], [shifted_lat]) < 0.01


def test_wuhua_moves_as_far_as_measured():
    """Between 359 and 367 m to the south-south-east (bearing 156 to 160 degrees)."""
    lon, lat = np.array([102.56, 102.70, 102.74]), np.array([25.40, 25.05, 25.03])
    bearing, _, metres = METRE.inv(lon, lat, *crs.wgs84_to_gcj02(lon, lat))
    assert metres.min() > 358
    assert metres.max() < 368
    assert ((bearing > 155) & (bearing < 161)).all()


@given(lon=lons, lat=lats)
def test_gcj02_inverse_is_exact_to_a_hundredth_of_a_millimetre(lon, lat):
    there = crs.wgs84_to_gcj02(np.array([lon]), np.array([lat]))
    assert _metres([lon], [lat], *crs.gcj02_to_wgs84(*there)) < 1e-5


@given(lon=lons, lat=lats)
def test_bd09_inverse_is_exact_to_a_hundredth_of_a_millimetre(lon, lat):
    there = crs.gcj02_to_bd09(*crs.wgs84_to_gcj02(np.array([lon]), np.array([lat])))
    assert _metres([lon], [lat], *crs.to_wgs84(*there, "bd09")) < 1e-5


@pytest.fixture(scope="module")
def all_over_china():
    rng = np.random.default_rng(0)
    return rng.uniform(73.5, 135.0, 100_000), rng.uniform(18.0, 53.5, 100_000)


@pytest.mark.parametrize(
    ("rounds", "left_m"), [(1, 4.8), (2, 3.1e-2), (3, 2.0e-4), (4, 1.3e-6)]
)  # fmt: skip
def test_what_each_round_of_the_gcj02_inverse_leaves(monkeypatch, all_over_china, rounds, left_m):
    """The largest error anywhere in China, as it was found in a trial of its own."""
    monkeypatch.setattr(crs, "_ROUNDS", rounds)
    back = crs.gcj02_to_wgs84(*crs.wgs84_to_gcj02(*all_over_china))
    assert _metres(*all_over_china, *back) == pytest.approx(left_m, rel=0.05)


def test_the_inverse_holds_where_the_formula_has_a_kink():
    """The root of the distance from 105 degrees east rises without end there."""
    lat = np.arange(4.0, 53.0, 0.01)
    lon = np.full_like(lat, 105.0)
    assert _metres(lon, lat, *crs.gcj02_to_wgs84(*crs.wgs84_to_gcj02(lon, lat))) < 1e-5


def test_the_closed_inverse_of_bd09_errs_by_a_fifth_of_a_metre_and_ours_does_not(all_over_china):
    lon, lat = crs.gcj02_to_bd09(*all_over_china)
    x, y, turn = lon - 0.0065, lat - 0.006, np.pi * 3000 / 180  # as it is found on the web
    radius = np.hypot(x, y) - 0.00002 * np.sin(y * turn)
    angle = np.arctan2(y, x) - 0.000003 * np.cos(x * turn)
    closed = radius * np.cos(angle), radius * np.sin(angle)
    assert _metres(*all_over_china, *closed) == pytest.approx(0.22, abs=0.01)
    assert _metres(*all_over_china, *crs.bd09_to_gcj02(lon, lat)) < 1e-6


def test_nothing_moves_outside_china():
    lon, lat = np.array([-1.5, -87.7, 140.0]), np.array([53.4, 41.9, 36.0])
    assert np.array_equal(crs.wgs84_to_gcj02(lon, lat), (lon, lat))


def test_input_is_not_changed():
    lon, lat = np.array([102.7]), np.array([25.05])
    crs.gcj02_to_wgs84(lon, lat)
    assert (lon[0], lat[0]) == (102.7, 25.05)


@pytest.mark.parametrize(
    ("frame", "x", "y"),
    [  # 102.70 E 25.05 N in the two forms of zone 34
        ("EPSG:4543", 570637.6, 2771775.5),
        ("EPSG:4522", 34570637.6, 2771775.5),
        ("epsg:4490", 102.70, 25.05),
        ("wgs84", 102.70, 25.05),
        ("CGCS2000", 102.70, 25.05),
    ],
)
def test_one_place_in_many_frames(frame, x, y):
    lon, lat = crs.to_wgs84(np.array([x]), np.array([y]), crs.parse_frame(frame))
    assert _metres([102.70], [25.05], lon, lat) < 0.2


def test_geometries_move_whole():
    ring = shapely.box(102.70, 25.05, 102.71, 25.06)
    lon, lat = crs.wgs84_to_gcj02(*shapely.get_coordinates(ring).T)
    shifted = shapely.polygons(np.column_stack([lon, lat]))
    moved = crs.geometry_to_wgs84(np.array([shifted, None], dtype=object), crs.parse_frame("gcj02"))
    assert shapely.equals_exact(moved[0], ring, 1e-10)
    assert moved[1] is None


@pytest.mark.parametrize("word", ["", "gcj", "EPSG:", "EPSG:99999999", "EPSG:x", "wgs84; drop"])
def test_unknown_frames_are_refused(word):
    with pytest.raises(BadInput):
        crs.parse_frame(word)
