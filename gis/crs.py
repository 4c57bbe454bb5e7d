"""Coordinate frames: GCJ-02 and BD-09 to WGS84 and back, and any CRS to EPSG:4326 lon/lat.

GCJ-02 follows the public approximation of the encoder (Krasovsky ellipsoid, sine series). How far
it lies from the official encoder is not known; between sources that use the formula it is exact.
CGCS2000 and WGS84 differ by centimetres and are taken as the same frame, as PROJ does.
"""

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

import numpy as np
import shapely
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError

from gis.arrays import Flags, Floats, Shapes
from gis.errors import BadInput

Pair = tuple[Floats, Floats]
Box = tuple[float, float, float, float]
"""West, south, east, north in degrees (EPSG:4326)."""

_A_M = 6_378_245.0  # Krasovsky 1940 semi-major axis
_EE = 0.00669342162296594323  # its first eccentricity squared
_CHINA = (72.004, 0.8293, 137.8347, 55.8271)  # the encoder shifts inside this box only
_BD_PI = np.pi * 3000.0 / 180.0
_BD_LON, _BD_LAT = 0.0065, 0.006
_ROUNDS = 4  # a round leaves a 150th: 1.3e-6 m after four, 9e-6 m on the formula's kink at 105 E


class Datum(StrEnum):
    """Frames that are named by a word; any other is an EPSG code."""

    WGS84 = "wgs84"
    CGCS2000 = "cgcs2000"
    GCJ02 = "gcj02"
    BD09 = "bd09"


@dataclass(frozen=True)
class Frame:
    """What a file's coordinates are: a datum, and a CRS where they are not plain lon/lat.

    ``word`` is what the record keeps: ``wgs84``, ``cgcs2000``, ``gcj02``, ``bd09``, ``EPSG:n``, or
    ``custom:NAME`` for a CRS that the EPSG registry does not have.
    """

    word: str
    datum: Datum = Datum.WGS84
    crs: CRS | None = None


def parse_frame(word: str) -> Frame:
    """The frame that ``word`` names: a datum or ``EPSG:n``; raises BadInput for anything else."""
    folded = word.strip().lower()
    if folded in set(Datum):
        return Frame(folded, Datum(folded))
    try:
        if not folded.startswith("epsg:"):
            raise ValueError(word)
        crs = CRS.from_epsg(int(folded[5:]))
    except (ValueError, CRSError) as exc:
        words = ", ".join(Datum)
        raise BadInput(
            f"坐标系 {word!r} 不可用；可选 {words} 或 EPSG:n / "
            f"frame {word!r} is unknown: one of {words}, or EPSG:n"
        ) from exc
    return Frame(f"EPSG:{int(folded[5:])}", crs=crs)


def wgs84_to_gcj02(lon: Floats, lat: Floats) -> Pair:
    """Shift WGS84 degrees to GCJ-02 degrees; outside China nothing moves."""
    x, y = np.asarray(lon, float) - 105.0, np.asarray(lat, float) - 35.0
    root = np.sqrt(np.abs(x))
    wave = 20.0 * np.sin(6.0 * np.pi * x) + 20.0 * np.sin(2.0 * np.pi * x)
    d_lat = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root
    d_lat += 2.0 / 3.0 * (wave + 20.0 * np.sin(np.pi * y) + 40.0 * np.sin(np.pi / 3.0 * y))
    d_lat += 2.0 / 3.0 * (160.0 * np.sin(np.pi / 12.0 * y) + 320.0 * np.sin(np.pi / 30.0 * y))
    d_lon = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root
    d_lon += 2.0 / 3.0 * (wave + 20.0 * np.sin(np.pi * x) + 40.0 * np.sin(np.pi / 3.0 * x))
    d_lon += 2.0 / 3.0 * (150.0 * np.sin(np.pi / 12.0 * x) + 300.0 * np.sin(np.pi / 30.0 * x))
    radians = np.radians(y + 35.0)
    bend = 1.0 - _EE * np.sin(radians) ** 2
    d_lat = np.degrees(d_lat / (_A_M * (1.0 - _EE) / (bend * np.sqrt(bend))))
    d_lon = np.degrees(d_lon / (_A_M / np.sqrt(bend) * np.cos(radians)))
    inside = _in_china(x + 105.0, y + 35.0)
    return (
        np.where(inside, lon + d_lon, lon),
        np.where(inside, lat + d_lat, lat),
    )


def gcj02_to_wgs84(lon: Floats, lat: Floats) -> Pair:
    """Undo the GCJ-02 shift by fixed-point iteration; the error is below 0.01 mm."""
    back_lon, back_lat = np.array(lon, float), np.array(lat, float)
    for _ in range(_ROUNDS):
        there_lon, there_lat = wgs84_to_gcj02(back_lon, back_lat)
        back_lon += lon - there_lon
        back_lat += lat - there_lat
    return back_lon, back_lat


def gcj02_to_bd09(lon: Floats, lat: Floats) -> Pair:
    """Shift GCJ-02 degrees to BD-09 degrees (Baidu)."""
    radius = np.hypot(lon, lat) + 0.00002 * np.sin(np.asarray(lat) * _BD_PI)
    angle = np.arctan2(lat, lon) + 0.000003 * np.cos(np.asarray(lon) * _BD_PI)
    return radius * np.cos(angle) + _BD_LON, radius * np.sin(angle) + _BD_LAT


def bd09_to_gcj02(lon: Floats, lat: Floats) -> Pair:
    """Undo the BD-09 shift by iteration: the usual closed inverse errs by up to 0.22 m."""
    back_lon, back_lat = np.asarray(lon) - _BD_LON, np.asarray(lat) - _BD_LAT
    for _ in range(_ROUNDS):
        there_lon, there_lat = gcj02_to_bd09(back_lon, back_lat)
        back_lon = back_lon + lon - there_lon
        back_lat = back_lat + lat - there_lat
    return back_lon, back_lat


def to_wgs84(lon: Floats, lat: Floats, frame: Frame | Datum | str) -> Pair:
    """Coordinates of ``frame`` (easting, northing where it is projected) as WGS84 lon, lat."""
    known = frame if isinstance(frame, Frame) else parse_frame(frame)
    if known.crs is not None:
        lon, lat = _transformer(known.crs).transform(lon, lat)
    if known.datum is Datum.BD09:
        lon, lat = bd09_to_gcj02(lon, lat)
    if known.datum in (Datum.BD09, Datum.GCJ02):
        lon, lat = gcj02_to_wgs84(lon, lat)
    return np.asarray(lon, float), np.asarray(lat, float)


def geometry_to_wgs84(geom: Shapes, frame: Frame) -> Shapes:
    """Geometries of ``frame`` in EPSG:4326, x before y; the input is not changed."""
    if frame.crs is None and frame.datum in (Datum.WGS84, Datum.CGCS2000):
        return geom

    def move(xy: Floats) -> Floats:
        return np.column_stack(to_wgs84(xy[:, 0], xy[:, 1], frame))

    moved: Shapes = shapely.transform(geom, move)
    return moved


def ewkt(box: Box | None) -> str | None:
    """A box as queries take it; None asks for everywhere."""
    return None if box is None else f"SRID=4326;{shapely.box(*box).wkt}"


def _in_china(lon: Floats, lat: Floats) -> Flags:
    west, south, east, north = _CHINA
    return (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)


@lru_cache(maxsize=64)
def _transformer(crs: CRS) -> Transformer:
    return Transformer.from_crs(crs, 4326, always_xy=True)
