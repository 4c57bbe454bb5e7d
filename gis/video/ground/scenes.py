"""From frames of the store to the scene of a coverage run, and digests of what each part needs."""

import hashlib
from dataclasses import fields

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from shapely import STRtree

from gis.arrays import Flags, Floats, Shapes
from gis.district import District
from gis.video import optics
from gis.video.ground.survey import Scene
from gis.video.kernels.obstacles import Obstacles
from gis.video.view_rules import ViewRules

Digests = NDArray[np.uint64]

_FIELDS = {
    "direction_deg": "direction_deg", "hfov_deg": "horizontal_fov_deg",
    "vfov_deg": "vertical_fov_deg", "tilt_deg": "tilt_deg", "height_m": "height_m",
    "max_distance_m": "max_distance_m", "focal_mm": "focal_mm",
    "focal_min_mm": "focal_min_mm", "focal_max_mm": "focal_max_mm",
    "sensor_width_mm": "sensor_width_mm", "width_px": "width_px", "height_px": "height_px",
}  # fmt: skip
DRAWN_M = 0.03  # how true the kept outlines are
_AT_ONCE = 2_000  # shapes: their coordinates stand several times while they change the frame


def outdoors(cameras: pd.DataFrame, *, planned: bool = False) -> pd.DataFrame:
    """Points that show public ground: standing (or ``planned`` too) and not indoors."""
    stands = ~cameras["status"].isin(["removed"] if planned else ["planned", "removed"])
    return cameras[stands & (cameras["indoor"] != True)].reset_index(drop=True)  # noqa: E712


def working(cameras: pd.DataFrame) -> "Flags":
    """Points that count as working: in use (or of unknown status) and not seen down."""
    used = cameras["status"].isin(["in_use", "unknown"])
    return np.asarray(used & (cameras["observed"] != "down"), dtype=np.bool_)


def scene(
    cameras: pd.DataFrame,
    compounds: pd.DataFrame,
    private: pd.DataFrame,
    buildings: pd.DataFrame,
    rules: ViewRules,
) -> Scene:
    """A scene in metres; ``cameras`` as `outdoors` gives them, the others as the store does."""
    gardens = private[private["kind"] == "garden"]
    height_m = buildings["height_m"].to_numpy(dtype=float)
    return Scene(
        outlines=compounds["geom"].to_numpy(dtype=object),
        gardens=gardens["geom"].to_numpy(dtype=object),
        obstacles=Obstacles.of(buildings["geom"].to_numpy(dtype=object), height_m),
        x_m=cameras["x_m"].to_numpy(dtype=float),
        y_m=cameras["y_m"].to_numpy(dtype=float),
        optics=optics.complete(recorded(cameras), rules),
        working=working(cameras),
    )


def recorded(cameras: pd.DataFrame) -> optics.CameraFields:
    """Catalogue fields; an omnidirectional point looks round the whole circle."""
    values = {name: cameras[column].to_numpy(dtype=float) for name, column in _FIELDS.items()}
    around = (cameras["omnidirectional"] == True).to_numpy()  # noqa: E712 - unknown is not all round
    values["hfov_deg"] = np.where(around, 360.0, values["hfov_deg"])
    kind = cameras["kind"].fillna("other").to_numpy(dtype=str)
    return optics.CameraFields(kind=kind, **values)


def of_shapes(shapes: Shapes, *more: Floats) -> Digests:
    """A digest of each geometry with the numbers beside it."""
    beside = [np.ascontiguousarray(values).astype("<f8") for values in more]
    wkb = shapely.to_wkb(shapes, byte_order=1)
    return np.array(
        [_hash(text + b"".join(v[i].tobytes() for v in beside)) for i, text in enumerate(wkb)],
        dtype=np.uint64,
    )


def of_cameras(of: Scene, keys: "pd.Series[str]", buildings: Digests, rules: ViewRules) -> Digests:
    """A digest of all that a camera's fields depend on: itself and the buildings within reach.

    Its key is a part of it, for rows that name it are kept with the digest.

    Sums of digests do not depend on an order; two scenes with equal sums are taken as equal.
    """
    numbers = [np.asarray(getattr(of.optics, f.name), dtype=float) for f in fields(of.optics)]
    table = np.column_stack([of.x_m, of.y_m, of.working, *numbers])
    rows = table.astype("<f8")
    own = np.array(
        [_hash(key.encode() + row.tobytes()) for key, row in zip(keys, rows, strict=True)],
        dtype=np.uint64,
    )
    terms = [getattr(rules, one.name) for one in fields(rules) if one.name != "defaults"]
    own += _hash(repr((terms, sorted(rules.defaults.items()))).encode())
    reach_m = of.most_m + rules.moved_m
    around = shapely.box(of.x_m - reach_m, of.y_m - reach_m, of.x_m + reach_m, of.y_m + reach_m)
    camera, building = of.obstacles.in_boxes(np.atleast_1d(np.asarray(around, dtype=object)))
    np.add.at(own, camera, buildings[building])
    return own


def of_compounds(
    of: Scene, cameras: Digests, buildings: Digests, gardens: Digests, rules: ViewRules
) -> Digests:
    """A digest of all that a compound's coverage depends on."""
    total = of_shapes(of.outlines)
    for shapes, digests in ((of.obstacles.polygons, buildings), (of.gardens, gardens)):
        compound, one = STRtree(shapes).query(of.outlines, predicate="intersects")
        np.add.at(total, compound, digests[one])
    return of_reached(of, total, of.outlines, cameras, rules)


def of_reached(
    of: Scene, own: Digests, shapes: Shapes, cameras: Digests, rules: ViewRules
) -> Digests:
    """Digests of shapes, and of all cameras whose field may reach them."""
    total = own.copy()
    shape, camera = of.reached(shapes, margin_m=rules.moved_m)
    np.add.at(total, shape, cameras[camera])
    return total


def answerable(of: Scene, *, margin_m: float) -> "Flags":
    """Which compounds lie where buildings are known: with one of their own, and inside the ground
    that all buildings span, ``margin_m`` more on every side.
    """
    own = np.zeros(len(of.outlines), dtype=np.bool_)
    own[of.obstacles.tree.query(of.outlines, predicate="intersects")[0]] = True
    return own & within_known(of, of.outlines, margin_m=margin_m)


def within_known(of: Scene, shapes: Shapes, *, margin_m: float) -> "Flags":
    """Which shapes lie inside the ground that all buildings span, and ``margin_m`` round it."""
    if not len(of.obstacles.polygons):
        return np.zeros(len(shapes), dtype=np.bool_)
    west, south, east, north = shapely.total_bounds(of.obstacles.polygons)
    known = shapely.box(west - margin_m, south - margin_m, east + margin_m, north + margin_m)
    return np.asarray(shapely.covers(known, shapes), dtype=np.bool_)


def degrees(rows: pd.DataFrame, shapes: Shapes, district: District) -> gpd.GeoDataFrame:
    """Rows with their shapes (metres of the district) in EPSG:4326; areas as MultiPolygons.

    They are kept as drawings, true to `DRAWN_M`: fields and blind areas are round, and all their
    vertices would fill the memory of whoever reads a city. Figures are taken before.
    """
    parts = [
        _drawn(shapes[begin : begin + _AT_ONCE], district)
        for begin in range(0, max(len(shapes), 1), _AT_ONCE)
    ]
    placed = gpd.GeoSeries(np.concatenate(parts), crs=4326, name="geom")
    return gpd.GeoDataFrame(rows.reset_index(drop=True), geometry=placed).rename_geometry("geom")


def _drawn(shapes: Shapes, district: District) -> Shapes:
    whole = np.asarray(shapely.simplify(np.asarray(shapes, dtype=object), DRAWN_M))
    single = shapely.get_type_id(whole) == shapely.GeometryType.POLYGON
    whole[single] = shapely.multipolygons(whole[single][:, None])
    return np.asarray(gpd.GeoSeries(whole, crs=district.srid).to_crs(4326), dtype=object)


def _hash(data: bytes) -> np.uint64:
    return np.uint64(int.from_bytes(hashlib.blake2b(data, digest_size=8).digest(), "little"))
