"""One new incident against a full rating: placed, written, counted, and its compound's colour."""

from typing import Any

from city import City, Undone, undone
from measure import Meter
from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from gis.assignment import service as assignment
from gis.compounds.model import Compound
from gis.runs.model import Analysis, Import
from gis.runs.store import latest_run
from gis.safety import service as safety
from gis.safety.model import Incident, Rating
from gis.timeline import service as timeline

REPEATS = 50
LIMIT = 1 / 100


def measure(city: City) -> dict[str, Any]:
    """The mean of new incidents in several compounds against one full rating run, stored."""
    meter = Meter(city.postmaster)
    house = city.house
    with undone(city) as session:
        latest = timeline.default_period(session, house.district)
        settings = {"policy": house.policy, "district": house.district}
        safety.rate(session, **settings, period=latest, as_of=latest.last_day)  # warm
        with meter.measure() as cost:
            found = safety.rate(session, **settings, period=latest, as_of=latest.last_day)
            safety.save(session, found)
        raise Undone
    full = cost[0]
    with undone(city) as session:
        first, *others = _compounds(session)
        known = _known(session)
        _preview(session, city, first, known)  # warm
        with meter.measure() as cost:
            for compound in others:
                _preview(session, city, compound, known)
        raise Undone
    each = len(others)
    return {
        "ratio": round(cost[0].wall_s / each / full.wall_s, 5),
        "cpu_ratio": round(cost[0].cpu_s / each / full.cpu_s, 5),
        "limit": LIMIT,
        "one_incident_s": round(cost[0].wall_s / each, 4),
        "one_incident_cpu_s": round(cost[0].cpu_s / each, 4),
        "full_rating": full.as_json(),
    }


def _known(session: Session) -> dict[str, Any]:
    """What comes with an incident: its import and when it happened."""
    asked = select(func.max(Import.id), select(func.max(Incident.occurred_at)).scalar_subquery())
    import_id, occurred_at = session.execute(asked).one()
    return {"import_id": import_id, "occurred_at": occurred_at}


def _preview(session: Session, city: City, compound: Any, known: dict[str, Any]) -> None:
    _write(session, compound, known)
    house = city.house
    found = safety.preview_one(
        session, policy=house.policy, district=house.district, code=compound.code
    )
    assert compound.code in set(found["compound_code"])


def _compounds(session: Session) -> list[Any]:
    """Some rated compounds that are rated alone, and the point to write at."""
    run = latest_run(session, Analysis.RATING)
    assert run is not None, "nothing was rated yet"
    spot = func.ST_PointOnSurface(Compound.geom)
    asked = (
        select(Compound.code, func.ST_X(spot).label("lon"), func.ST_Y(spot).label("lat"))
        .join(Rating, Rating.compound_code == Compound.code)
        .where(Rating.run_id == run.id, Rating.rated_with.is_(None), Compound.valid_to.is_(None))
        .order_by(func.md5(Compound.code))
        .limit(REPEATS)
    )
    return list(session.execute(asked).all())


def _write(session: Session, compound: Any, known: dict[str, Any]) -> None:
    """One incident by itself, placed by its point, at the time of the newest one."""
    place = assignment.locate(session, lon=compound.lon, lat=compound.lat)
    assert place.compound == compound.code
    row = {
        "source_key": f"bench {compound.code}",
        "area_code": place.community,
        "grid_code": place.grid,
        "compound_code": place.compound,
        "category": "burglary",
        "geom": f"SRID=4326;POINT({compound.lon} {compound.lat})",
        **known,
    }
    session.execute(insert(Incident).values(row))
