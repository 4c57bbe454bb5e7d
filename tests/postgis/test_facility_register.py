"""The register by hand: what is refused, what is only remarked, what history keeps, who may."""

from datetime import date
from pathlib import Path

import pytest
import shapely
from sqlalchemy import select, text
from sqlalchemy.exc import ProgrammingError

from gis import district
from gis.access.rights import Role
from gis.areas.model import Area
from gis.audit.model import AuditEntry
from gis.db.session import User
from gis.errors import BadInput, Forbidden
from gis.facilities import register
from gis.facilities.register import Entry
from gis.runs.by_hand import by_hand

WUHUA = district.load(Path(__file__).parents[2] / "data" / "reference" / "wuhua.toml")
A, B = "530102001001", "530102001002"
HOUSE = shapely.box(102.7002, 25.0402, 102.7004, 25.0404)  # 20.2 m × 22.1 m at this latitude
PLANNER = User.of(Role.PLANNER, id="planner", area_prefixes=("530102001",))


@pytest.fixture
def town(store):
    """Two communities beside each other, 0.01° wide."""
    with store.begin() as session:
        file = by_hand(session, kind="areas", area_code="530102")
        for code, west in ((A, 102.70), (B, 102.71)):
            box = shapely.MultiPolygon([shapely.box(west, 25.04, west + 0.01, 25.05)])
            session.add(Area(code=code, area_code=code, level="community", name=code,
                             source_key=code, import_id=file.id,
                             geom=f"SRID=4326;{box.wkt}"))  # fmt: skip
    return store


def entry(**changed):
    return Entry(**{"name": "社区服务站", "function": "service_station", "geom": HOUSE} | changed)


def said(found, *, stops):
    return [one.field for one in found.findings if one.stops is stops]


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"name": "站"}, "name"),
        ({"name": "王先生的店"}, "name"),
        ({"function": "casino"}, "function"),
        ({"provision": "gift"}, "provision"),
        ({"ownership": "户主：张三"}, "ownership"),
        ({"floor_area_m2": 0.0}, "floor_area_m2"),
        ({"geom": shapely.LineString([(102.7, 25.04), (102.71, 25.05)])}, "geom"),
        ({"geom": shapely.Polygon([(102.701, 25.041), (102.702, 25.042), (102.702, 25.041),
                                   (102.701, 25.042)])}, "geom"),
        ({"geom": shapely.Point(103.5, 25.04)}, "geom"),
    ],
)  # fmt: skip
def test_what_cannot_be_kept_is_refused_with_its_entry(town, changed, field):
    with town.begin(PLANNER) as session:
        found = register.check(session, entry(**changed), district=WUHUA)
        assert said(found, stops=True) == [field]
        with pytest.raises(BadInput):
            register.save(session, entry(**changed), district=WUHUA)


def test_what_looks_odd_is_remarked_and_may_be_kept(town):
    """The house covers 20.2 × 22.1 = 446 m²: 900 m² on one floor are too many, on three not."""
    with town.begin(PLANNER) as session:
        register.save(session, entry(), district=WUHUA)
        odd = register.check(session, entry(floor_area_m2=900.0), district=WUHUA)
        assert (said(odd, stops=True), said(odd, stops=False)) == ([], ["floor_area_m2", "geom"])
        assert odd.footprint_m2 == pytest.approx(446, rel=0.01)
        free = shapely.box(102.702, 25.041, 102.7022, 25.0412)
        fits = entry(floor_area_m2=900.0, storeys=3, geom=free)
        plain = register.check(session, fits, district=WUHUA)
        assert plain.findings == ()


def test_a_save_places_the_facility_and_keeps_before_and_after(town):
    with town.begin(PLANNER) as session:
        kept = register.save(session, entry(floor_area_m2=300.0), district=WUHUA)
        assert kept.area_code == A
        key = kept.source_key
    moved = shapely.box(102.7122, 25.0402, 102.7124, 25.0404)
    with town.begin(PLANNER) as session:
        again = register.save(
            session, entry(floor_area_m2=250.0, geom=moved), district=WUHUA, facility=key
        )
        assert (again.area_code, again.source_key) == (B, key)
    with town.begin(PLANNER) as session:
        register.close(session, key, day=date(2026, 9, 1))
    with town.begin() as session:
        lines = session.scalars(select(AuditEntry).order_by(AuditEntry.number)).all()
        told = [(one.event, one.user_id) for one in lines if one.event.startswith("facility")]
        assert told == [("facility_added", "planner"), ("facility_changed", "planner"),
                        ("facility_closed", "planner")]  # fmt: skip
        change = next(one.detail for one in lines if one.event == "facility_changed")
        assert (change["before"]["floor_area_m2"], change["after"]["floor_area_m2"]) == (300, 250)
        assert (change["before"]["area_code"], change["after"]["area_code"]) == (A, B)


def test_a_closed_facility_stays_closed_and_none_is_closed_without_a_day(town):
    """Open again with a closing day in the past it would count on no day after it."""
    with town.begin(PLANNER) as session:
        assert said(
            register.check(session, entry(status="closed"), district=WUHUA), stops=True
        ) == ["status"]
        kept = register.save(session, entry(opened_on=date(2026, 1, 1)), district=WUHUA)
        kept.closed_on = date(2026, 12, 1)  # as an import states it of a facility that is open
        session.flush()
        with pytest.raises(BadInput, match="before it opened"):
            register.save(session, entry(opened_on=date(2026, 12, 2)), district=WUHUA,
                          facility=kept.source_key)  # fmt: skip
        again = register.save(session, entry(opened_on=date(2026, 12, 1)), district=WUHUA,
                              facility=kept.source_key)  # fmt: skip
        assert again.opened_on == date(2026, 12, 1)
        register.close(session, kept.source_key, day=date(2026, 12, 1))
        with pytest.raises(BadInput, match="is closed"):
            register.save(session, entry(), district=WUHUA, facility=kept.source_key)
    with town.begin(PLANNER) as session:
        assert register.find(session, kept.source_key).status == "closed"


def test_nobody_writes_outside_the_own_area_or_without_the_right(town):
    elsewhere = User.of(Role.PLANNER, id="p", area_prefixes=("530102002",))
    with town.begin(elsewhere) as session, pytest.raises((Forbidden, BadInput)):
        register.save(session, entry(), district=WUHUA)
    viewer = User.of(Role.VIEWER, id="v", area_prefixes=("530102001",))
    with town.begin(viewer) as session, pytest.raises(ProgrammingError, match="row-level security"):
        register.save(session, entry(), district=WUHUA)


def test_a_planner_writes_no_import_of_a_file(town):
    statement = text(
        "INSERT INTO imports (area_code, kind, file_name, file_sha256, read, kept, repaired,"
        " flagged, refused, summary) VALUES (:area, :kind, 'f', :sha, 0, 0, 0, 0, 0, '{}')"
    )
    for kind, sha in (("facilities", "9f"), ("cameras", "")):
        with town.begin(PLANNER) as session, pytest.raises(ProgrammingError, match="row-level"):
            session.execute(statement, {"area": A, "kind": kind, "sha": sha})
