"""Which frame a file's coordinates are in, and whether that can be true for this district."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from pyproj import CRS, Geod, Proj, Transformer
from pyproj.aoi import AreaOfInterest
from pyproj.database import query_crs_info
from pyproj.enums import PJType
from pyproj.exceptions import CRSError, ProjError

from data.ingest.refusal import refuse
from gis.arrays import Flags, Floats
from gis.crs import Datum, Frame, parse_frame, to_wgs84
from gis.district import District
from gis.errors import BadInput

FAR_KM = 50.0  # beyond this distance from the district a position is not believed
WIDE_KM = 500.0  # an outline that reaches further is torn (antimeridian, a stray vertex)
_SAMPLE = 2_000
_KM_PER_DEGREE = Geod(ellps="WGS84").line_length([0, 0], [0, 1]) / 1000
_NAMED = ", ".join((*Datum, "EPSG:n"))
Candidate = tuple[str, tuple[float, float, float, float]]  # a frame and bounds in its numbers
Box = tuple[Floats, Floats, Floats, Floats]  # west, south, east, north of each row


@dataclass(frozen=True)
class Reach:
    """Bounds in degrees that positions are tested against."""

    west: float
    south: float
    east: float
    north: float

    def holds(self, lon: Floats, lat: Floats) -> Flags:
        """Which positions lie inside; NaN does not."""
        inside: Flags = (
            (lon >= self.west) & (lon <= self.east) & (lat >= self.south) & (lat <= self.north)
        )
        return inside


def reach(district: District, km: float = FAR_KM) -> Reach:
    """The district's bounds grown by ``km`` on every side."""
    west, south, east, north = district.bounds
    d_lat = km / _KM_PER_DEGREE
    widest = min(89.0, max(abs(south), abs(north)) + d_lat)
    d_lon = d_lat / np.cos(np.radians(widest))
    return Reach(west - d_lon, south - d_lat, east + d_lon, north + d_lat)


def decide(
    path: Path, declared: str | None, own: CRS | None, stated: str | None, district: District
) -> Frame | None:
    """The frame of a file: declared, stated by the file, or its own CRS; None if undeclared.

    A projected CRS, or a geographic one that is not WGS84 (4490), counts by itself. Bare WGS84 or
    none counts where the district has no Chinese frames; there a label may hide GCJ-02.
    """
    if declared is not None:
        try:
            frame = parse_frame(declared)
        except BadInput as exc:
            raise refuse(
                "frame_unknown",
                path,
                f"不认识的坐标系 {declared}；可用 {_NAMED}",
                f"frame {declared} is unknown; use {_NAMED}",
            ) from exc
        if frame.crs is None and own is not None and own.is_projected:
            return Frame(frame.word, frame.datum, own)
        return frame
    if stated is not None:
        return parse_frame(stated)
    if own is not None and not _bare(own):
        return Frame(_word(own), crs=None if _is_cgcs2000(own) else own)
    if district.chinese_frames:
        return None
    return Frame("wgs84")


def missing(path: Path, x: Floats, y: Floats, own: CRS | None, district: District) -> Exception:
    """The refusal of a file whose frame nobody declared, with what it looks like."""
    degrees = bool(np.nanmax(np.abs(x), initial=0) <= 180 and np.nanmax(np.abs(y), initial=0) <= 90)
    likely = [] if degrees else likely_frames(x, y, district)
    if own is not None and not degrees:
        return implausible(path, x, y, Frame("wgs84"), district)
    hint_zh = f"；看起来像 {likely[0]}" if likely else ""
    hint_en = f"; it looks like {likely[0]}" if likely else ""
    return refuse(
        "frame_missing",
        path,
        f"没有声明坐标系（标为 4326 的国内数据可能是 GCJ-02 或 BD-09）；请用 --frame 指明，"
        f"可用 {_NAMED}{hint_zh}",
        f"has no declared frame (Chinese sources label GCJ-02 as 4326); declare --frame,"
        f" one of {_NAMED}{hint_en}",
    )


def implausible(path: Path, x: Floats, y: Floats, frame: Frame, district: District) -> Exception:
    """The refusal of a frame that puts most rows far from the district, with the likely one."""
    likely = likely_frames(x, y, district)
    guess_zh = f"更可能是 {'、'.join(likely)}" if likely else "试过的坐标系都不符合"
    guess_en = f"more likely {', '.join(likely)}" if likely else "no known frame fits either"
    middle = f"{np.nanmedian(x):.6g}, {np.nanmedian(y):.6g}"
    return refuse(
        "frame_implausible",
        path,
        f"按 {frame.word} 读取，多数坐标在{district.name_zh} {FAR_KM:.0f} 公里以外；{guess_zh}；"
        "请核对文件或 --frame",
        f"read as {frame.word} most coordinates lie over {FAR_KM:.0f} km from {district.name_en};"
        f" {guess_en}; check the file or --frame",
        value=middle,
    )


def plausible(box: Box, frame: Frame, district: District) -> bool:
    """Whether at least half of the bounds (in the file's numbers) touch the district's reach."""
    there = np.isfinite(box[0])
    if not there.any():
        return True
    step = max(1, int(there.sum()) // _SAMPLE)
    x0, y0, x1, y1 = (side[there][::step] for side in box)
    try:
        with np.errstate(all="ignore"):
            (lon0, lat0), (lon1, lat1) = to_wgs84(x0, y0, frame), to_wgs84(x1, y1, frame)
    except (ProjError, CRSError):
        return False
    return float(near((lon0, lat0, lon1, lat1), district).mean()) >= 0.5


def near(box: Box, district: District) -> Flags:
    """Which bounds (degrees, WGS84) come within ``FAR_KM`` of the district."""
    lon0, lat0, lon1, lat1 = box
    limit = reach(district)
    close: Flags = (
        (lon1 >= limit.west) & (lon0 <= limit.east) & (lat1 >= limit.south) & (lat0 <= limit.north)
    )
    return close


def beyond(box: Box, district: District) -> Flags:
    """Which bounds (degrees, WGS84) reach more than ``WIDE_KM`` out of the district."""
    limit = reach(district, WIDE_KM)
    inside = limit.holds(box[0], box[1]) & limit.holds(box[2], box[3])
    out: Flags = ~inside
    return out


def likely_frames(x: Floats, y: Floats, district: District) -> list[str]:
    """Frames, best first, that bring most positions near the district; at most three.

    The district's bounds are put into every projected CRS made for the place and the numbers are
    compared there, as they stand, with axes exchanged, and as kilometres.
    """
    there = np.isfinite(x) & np.isfinite(y)
    x, y = x[there], y[there]
    if not len(x):
        return []
    found: list[tuple[float, int, str]] = []
    edge = reach(district)
    bounds = (edge.west, edge.south, edge.east, edge.north)
    boxes = _boxes(bounds, district.srid, district.chinese_frames)
    for rank, (word, box) in enumerate(boxes):
        for way, (a, b, remark) in enumerate(_ways(x, y)):
            share = _inside(a, b, box)
            if share >= 0.5:
                found.append((-round(share, 2), 1000 * way + rank, word + remark))
    return [word for _, _, word in sorted(found)[:3]]


def _ways(x: Floats, y: Floats) -> list[tuple[Floats, Floats, str]]:
    """The numbers as they stand, with axes exchanged, and both as kilometres."""
    km = 1000.0
    return [
        (x, y, ""),
        (y, x, " (坐标轴颠倒 / axes exchanged)"),
        (x * km, y * km, " (单位公里 / in kilometres)"),
        (y * km, x * km, " (单位公里、坐标轴颠倒 / in kilometres, axes exchanged)"),
    ]


def _inside(x: Floats, y: Floats, box: tuple[float, float, float, float]) -> float:
    return float(((x >= box[0]) & (x <= box[2]) & (y >= box[1]) & (y <= box[3])).mean())


@lru_cache(maxsize=8)
def _boxes(bounds: tuple[float, float, float, float], srid: int, china: bool) -> list[Candidate]:
    """``bounds`` (degrees) in degrees and in the numbers of every CRS made for the place.

    Datum shifts are left out: hundreds of metres against tens of kilometres.
    """
    west, south, east, north = bounds
    lon, lat = np.meshgrid(np.linspace(west, east, 5), np.linspace(south, north, 5))
    found: list[Candidate] = [("wgs84", bounds)]
    for code in [srid, *_projected(bounds, srid, china)]:
        try:
            x, y = Proj(code)(lon, lat)
        except (ProjError, CRSError):
            continue
        if np.isfinite(x).all() and np.isfinite(y).all():
            found.append((f"EPSG:{code}", (x.min(), y.min(), x.max(), y.max())))
    return found


def _projected(bounds: tuple[float, ...], srid: int, china: bool) -> list[int]:
    """EPSG codes of projected systems made for this place; CGCS2000 first in China."""
    middle = (bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2
    infos = query_crs_info(
        "EPSG", PJType.PROJECTED_CRS, AreaOfInterest(*middle, *middle), contains=True
    )
    preferred = "CGCS2000" if china else "WGS 84"
    ranked = sorted(infos, key=lambda info: (preferred not in info.name, int(info.code)))
    return [int(info.code) for info in ranked if int(info.code) != srid]


def _bare(crs: CRS) -> bool:
    """A geographic CRS on WGS84, or of unknown datum: the label that says nothing in China."""
    if not crs.is_geographic:
        return False
    name = (crs.datum.name if crs.datum else "").lower()
    return "wgs" in name or "world geodetic" in name or "unknown" in name


def _is_cgcs2000(crs: CRS) -> bool:
    name = (crs.datum.name if crs.datum else "").lower()
    return bool(crs.is_geographic and ("china 2000" in name or "china_2000" in name))


def _word(crs: CRS) -> str:
    code = crs.to_epsg()
    return f"EPSG:{code}" if code else f"custom:{crs.name}"


def accuracy_note(frame: Frame) -> str | None:
    """A remark where PROJ knows no way to WGS84 better than 5 m (Beijing 54, Xian 80)."""
    if frame.crs is None:
        return None
    found = Transformer.from_crs(frame.crs, 4326, always_xy=True).accuracy
    if found is None or found <= 5:
        return None
    return (
        f"坐标系 {frame.word} 转换到 WGS84 的精度约 {found:.0f} 米 · {frame.word} is known to about"
        f" {found:.0f} m relative to WGS84"
    )
