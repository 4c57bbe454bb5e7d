"""What one planned video point adds to a compound: asked of twenty compounds, warm."""

from typing import Any

import numpy as np
from city import City, undone
from measure import Meter
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from gis.compounds.model import Compound
from gis.timeline import service as timeline
from gis.video.siting.what_if import what_if

COMPOUNDS, ROUNDS = 20, 3
LIMIT_S = 0.2


def measure(city: City) -> dict[str, Any]:
    """The 95th percentile of the warm rounds, as a share of what a what-if may take."""
    meter = Meter(city.postmaster)
    costs = []
    with undone(city) as session:
        spots = _spots(session)
        day = timeline.day_of(session, city.house.district)
        for number in range(ROUNDS + 1):
            for spot in spots:
                with meter.measure() as cost:
                    _ask(session, city, spot, day)
                if number:  # the first round is cold
                    costs.append(cost[0])
    wall_s, cpu_s = ([getattr(one, name) for one in costs] for name in ("wall_s", "cpu_s"))
    return {
        "ratio": round(float(np.percentile(wall_s, 95)) / LIMIT_S, 3),
        "cpu_ratio": round(float(np.percentile(cpu_s, 95)) / LIMIT_S, 3), "limit": 1.0,
        "median_s": round(float(np.median(wall_s)), 4),
        "p95_s": round(float(np.percentile(wall_s, 95)), 4),
        "median_cpu_s": round(float(np.median(cpu_s)), 4),
        "p95_cpu_s": round(float(np.percentile(cpu_s, 95)), 4),
    }  # fmt: skip


def _spots(session: Session) -> list[Any]:
    """Compounds anywhere in the city with a point inside each."""
    spot = func.ST_PointOnSurface(Compound.geom)
    asked = (
        select(Compound.code, func.ST_X(spot).label("lon"), func.ST_Y(spot).label("lat"))
        .where(Compound.valid_to.is_(None)).order_by(func.md5(Compound.code)).limit(COMPOUNDS)
    )  # fmt: skip
    return list(session.execute(asked).all())


def _ask(session: Session, city: City, spot: Any, day: Any) -> None:
    planned = {"lon": spot.lon, "lat": spot.lat, "direction_deg": 90.0, "kind": "fixed"}
    what_if(
        session, policy=city.house.policy, district=city.house.district, as_of=day,
        compound=spot.code, planned=planned,
    )  # fmt: skip
