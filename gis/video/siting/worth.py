"""How much each piece of open ground counts: more near incidents, entrances and passers-by."""

from datetime import date, timedelta

import geopandas as gpd
import numpy as np
import shapely
from sqlalchemy.orm import Session

from gis.arrays import Shapes
from gis.district import District
from gis.period import add_months
from gis.video.ground import store as ground_store
from gis.video.rules import PlanRules
from gis.video.siting import sites
from gis.video.siting.around import Around
from gis.video.siting.ask import Ask, Grain
from gis.video.siting.sites import Samples


def samples(
    session: Session,
    here: Around,
    public: Shapes,
    seen: Shapes,
    rules: PlanRules,
    ask: Ask,
    grain: Grain,
    *,
    district: District,
    as_of: date,
) -> tuple[Samples, dict[str, int]]:
    """Samples of the public ground with their weights, none where it is seen; and of how many
    incidents, entrances and daily passers-by the weights are made.
    """
    month_end = add_months(as_of.replace(day=1), 1)
    spots = ground_store.incidents(
        session, district=district, box=here.box, apart=rules.incidents_apart,
        since=add_months(month_end, -rules.incident_months), until=as_of + timedelta(days=1),
    )  # fmt: skip
    points = np.asarray(shapely.points(spots["x_m"], spots["y_m"]), dtype=object).reshape(-1)
    near = shapely.STRtree(here.scene.outlines).query(
        points, predicate="dwithin", distance=rules.incident_radius_m
    )[0]
    spots = spots.iloc[np.unique(near)]
    passing = gpd.GeoSeries.from_xy(
        [one.lon for one in ask.footfall], [one.lat for one in ask.footfall], crs=4326
    ).to_crs(district.srid)
    per_day = np.array([one.per_day for one in ask.footfall], dtype=float)
    door = shapely.get_coordinates(gates(here))
    ground = sites.samples(public, spacing_m=grain.spacing_m)
    ground = sites.weighted(
        ground, spots["x_m"].to_numpy(dtype=float), spots["y_m"].to_numpy(dtype=float),
        radius_m=rules.incident_radius_m, factor=rules.incident_factor, most=rules.most,
        count=spots["incidents"].to_numpy(dtype=float),
    )  # fmt: skip
    ground = sites.weighted(
        ground, door[:, 0], door[:, 1], radius_m=rules.entrance_radius_m,
        factor=rules.entrance_factor, most=rules.most,
    )  # fmt: skip
    ground = sites.weighted(
        ground, passing.x.to_numpy(), passing.y.to_numpy(), radius_m=rules.footfall_radius_m,
        factor=rules.footfall_factor, count=per_day / 1_000, most=rules.most,
    )  # fmt: skip
    weighed = {
        "incidents": int(spots["incidents"].sum()), "entrances": len(door),
        "passers_by": int(per_day.sum()),
    }  # fmt: skip
    return sites.uncovered(ground, seen), weighed


def gates(here: Around) -> Shapes:
    """The entrances of the compounds, one point each."""
    known = [gate for gate in here.homes["entrances"] if gate is not None]
    return np.asarray(shapely.get_parts(np.array(known, dtype=object)), dtype=object)
