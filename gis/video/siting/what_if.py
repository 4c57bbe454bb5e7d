"""What one more point would add to a compound."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from sqlalchemy.orm import Session

from gis.arrays import Floats
from gis.district import District
from gis.policy import Policy
from gis.video import optics
from gis.video.ground import scenes, survey
from gis.video.ground.survey import Scene
from gis.video.siting.around import Around, around, built_compounds
from gis.video.view import drawn


@dataclass(frozen=True)
class Added:
    """Square metres of public ground per quality, before and after, and whether a part of the new
    field is assumed.
    """

    compound: str
    quality: tuple[str, ...]
    public_m2: float
    before_m2: Floats
    after_m2: Floats
    assumed: bool


def what_if(
    session: Session, *, policy: Policy, district: District, as_of: date, compound: str,
    planned: dict[str, Any],
) -> Added:  # fmt: skip
    """What a planned point (``lon``, ``lat`` and catalogue fields) adds to a compound.

    The compound is surveyed once; of the planned point only its own field is drawn, and what it
    shows of the ground that nobody shows yet is added. Raises NotFound for a compound that is not
    there on the day, BadInput for one without buildings.
    """
    here = around(session, policy=policy, district=district, as_of=as_of, compound=compound)
    built_compounds(here)
    public, seen = survey.seen_ground(here.scene, here.rules)
    alone = _alone(here, planned, district)
    field = drawn(survey.home_views(alone, np.array([0])), alone.obstacles, here.rules)[0]
    before_m2 = shapely.area(seen[0])
    new = shapely.intersection(field, shapely.difference(public[0], seen[0]))
    return Added(
        compound, here.rules.quality_names, float(shapely.area(public[0])), before_m2,
        before_m2 + shapely.area(new), bool(alone.optics.assumed.any()),
    )  # fmt: skip


def _alone(here: Around, planned: dict[str, Any], district: District) -> Scene:
    """The same scene with the planned point as its only camera."""
    point = gpd.GeoSeries.from_xy([planned["lon"]], [planned["lat"]], crs=4326).to_crs(
        district.srid
    )
    names = [name for name in here.cameras.columns if name not in ("x_m", "y_m")]
    row = pd.DataFrame([{name: planned.get(name) for name in names}])
    return replace(
        here.scene, x_m=point.x.to_numpy(), y_m=point.y.to_numpy(), working=np.array([True]),
        optics=optics.complete(scenes.recorded(row), here.rules),
    )  # fmt: skip
