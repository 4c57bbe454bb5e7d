"""One compound, or all of an area, with what stands near it: the scene a question is asked of."""

from dataclasses import dataclass, replace
from datetime import date

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from sqlalchemy.orm import Session

from gis.arrays import Ints
from gis.crs import Box
from gis.district import District
from gis.errors import BadInput, NotFound
from gis.policy import Policy
from gis.video.ground import scenes
from gis.video.ground import store as ground_store
from gis.video.ground.survey import Scene
from gis.video.view_rules import ViewRules

NEAR_M = 600.0  # a point farther away than this from a compound is left out of its question


@dataclass(frozen=True)
class Around:
    """``homes`` (compound, name, area_code, geom, entrances) and, near them, ``cameras`` and
    ``private`` places, all in metres; ``box`` is west, south, east, north in degrees.
    """

    scene: Scene
    cameras: pd.DataFrame
    homes: pd.DataFrame
    private: pd.DataFrame
    rules: ViewRules
    box: Box


def around(
    session: Session,
    *,
    policy: Policy,
    district: District,
    as_of: date,
    compound: str | None = None,
    area_prefix: str = "",
    planned: bool = False,
) -> Around:
    """Read a compound, or the compounds of an area, and what stands within `NEAR_M` of them.

    With ``planned`` the planned points stand there too, and every point works, as it will when it
    is repaired or built. Raises NotFound where there is no compound on the day.
    """
    homes = ground_store.compounds(
        session, district=district, as_of=as_of, compound=compound, area_prefix=area_prefix
    )
    if homes.empty:
        raise NotFound("compound", compound or area_prefix)
    west, south, east, north = shapely.total_bounds(homes["geom"].to_numpy(dtype=object))
    x_m, y_m = [west - NEAR_M, east + NEAR_M], [south - NEAR_M, north + NEAR_M]
    corners = gpd.GeoSeries.from_xy(np.repeat(x_m, 2), np.tile(y_m, 2), crs=district.srid)
    west, south, east, north = (float(one) for one in corners.to_crs(4326).total_bounds)
    box = (west, south, east, north)
    rules = ViewRules.of(policy)
    cameras = scenes.outdoors(
        ground_store.cameras(session, district=district, as_of=as_of, box=box), planned=planned
    )
    houses = ground_store.buildings(session, district=district, box=box)
    private = ground_store.private_places(session, district=district, box=box)
    of = scenes.scene(cameras, homes, private, houses, rules)
    if planned:
        of = replace(of, working=np.ones(len(cameras), dtype=np.bool_))
    return Around(of, cameras, homes, private, rules, box)


def built_compounds(here: Around) -> Ints:
    """Compounds that have a building, by number; raises BadInput where none has: what hides their
    ground is then unknown, and a run answers no_buildings.
    """
    of = here.scene
    built = np.unique(of.obstacles.tree.query(of.outlines, predicate="intersects")[0])
    if not len(built):
        where = ", ".join(here.homes["compound"].head(3))
        raise BadInput(
            f"{where}：缺少建筑物数据，无法判断看得到哪些地面"
            f" / {where}: buildings are missing, so what can be seen cannot be told"
        )
    return built


def count(session: Session, *, district: District, as_of: date, area_prefix: str) -> int:
    """How many compounds an area has on the day."""
    return len(
        ground_store.compounds(session, district=district, as_of=as_of, area_prefix=area_prefix)
    )
