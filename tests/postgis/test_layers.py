"""The layers' own statements on a day worked by hand: what stands, whose figures, which run."""

from datetime import date

import pytest
import shapely

from gis.areas.model import HouseholdCount
from gis.compounds.model import Compound
from gis.facilities.model import Facility
from gis.facilities.store import facilities_on
from gis.grids.model import Grid
from gis.layers import service, tiles
from gis.layers.model import layer
from gis.layers.service import Scope
from gis.rental.model import RentalResult
from gis.runs import store as runs
from gis.runs.model import Analysis
from gis.safety.model import Incident, Rating
from gis.video.model import Camera
from gis.video.store import cameras_on

COMMUNITY = "530102001001"
DAY = date(2026, 6, 30)
BOX = shapely.MultiPolygon([shapely.box(102.70, 25.04, 102.701, 25.041)])
POINT = "SRID=4326;POINT(102.7005 25.0405)"
WORLD_TILE = {"z": 0, "x": 0, "y": 0}


@pytest.fixture
def shown(db, policy, wuhua):
    def read(name, *, as_of=DAY, **scope):
        asked = Scope(as_of=as_of, internal=True, **scope)
        found = service.read(db, layer(name), district=wuhua, policy=policy, scope=asked)
        return found.features.set_index(layer(name).key)

    return read


def run(db, policy, analysis, *, period=None, as_of=DAY):
    return runs.new_run(
        db, analysis=analysis, period=period, as_of=as_of, policy=policy, input_digest="x",
        parameters={}, totals={}, area_code="530102",
    )  # fmt: skip


# -- which records stand on the day ----------------------------------

LIVES = {  # status, opened_on, closed_on: does it work on 2026-06-30?
    "always": ("open", None, None, True),
    "opens that day": ("open", DAY, None, True),
    "opens the day after": ("open", date(2026, 7, 1), None, False),
    "closes that day": ("open", None, DAY, False),
    "closed the day after": ("closed", None, date(2026, 7, 1), True),
    "closed that day": ("closed", None, DAY, False),
    "closed, nobody says when": ("closed", None, None, False),
    "opened and closed later": ("closed", date(2026, 7, 1), date(2026, 8, 1), False),
    "suspended": ("suspended", None, None, False),
}


def test_the_map_calls_open_what_the_coverage_counts(db, wuhua, add, shown):
    for key, (status, opened, closed, _) in LIVES.items():
        add(
            Facility, source_key=key, name=key, function="culture", status=status, geom=POINT,
            opened_on=opened, closed_on=closed,
        )  # fmt: skip
    works = {key: works for key, (*_, works) in LIVES.items()}
    assert (shown("facilities")["status"] == "open").to_dict() == works
    counted = facilities_on(db, as_of=DAY, srid=wuhua.srid).set_index("facility")
    assert counted["is_open"].to_dict() == works
    assert shown("facilities").loc["opened and closed later", "status"] == "planned"


def test_a_tile_shows_the_points_that_stand_that_day(db, wuhua, add, shown):
    later = date(2026, 7, 1)
    add(Camera, source_key="stands", status="in_use", geom=POINT)
    add(Camera, source_key="gone", status="removed", geom=POINT)
    add(Camera, source_key="gone that day", status="in_use", removed_on=DAY, geom=POINT)
    add(Camera, source_key="gone later", status="removed", removed_on=later, geom=POINT)
    add(Camera, source_key="comes later", status="in_use", installed_on=later, geom=POINT)
    add(Camera, source_key="comes that day", status="in_use", installed_on=DAY, geom=POINT)
    standing = {"stands", "gone later", "comes later", "comes that day"}
    assert set(shown("cameras").index) == standing
    seen = cameras_on(db, district=wuhua, as_of=DAY).set_index("camera")["status"]
    assert set(seen.index[seen != "removed"]) == standing
    assert seen[["comes that day", "comes later"]].tolist() == ["in_use", "planned"]
    assert shown("cameras").loc["comes that day", "state"] == "unknown"  # nobody has seen it yet
    scope = Scope(as_of=DAY, internal=True)
    tile = tiles.mvt(db, layer("cameras"), **WORLD_TILE, district=wuhua, scope=scope)
    assert {key for key in seen.index if chr(len(key)).encode() + key.encode() in tile} == standing


# -- whose households ------------------------------------------------


@pytest.mark.parametrize(
    ("as_of", "households", "size"),
    [
        (date(2025, 12, 31), 250, "low"),  # nothing counted yet: the grid's own figure
        (date(2026, 1, 1), 400, "within"),
        (date(2026, 6, 30), 501, "high"),
    ],
)
def test_a_grid_shows_the_households_counted_by_that_day(add, shown, as_of, households, size):
    add(Grid, code=f"{COMMUNITY}001", households=250, geom=f"SRID=4326;{BOX.wkt}")
    for day, number in ((date(2026, 1, 1), 400), (DAY, 501), (date(2026, 7, 1), 10)):
        add(
            HouseholdCount, subject_kind="grid", subject_code=f"{COMMUNITY}001", as_of=day,
            households=number,
        )  # fmt: skip
    found = shown("grids", as_of=as_of).loc[f"{COMMUNITY}001"]
    assert (found["households"], found["size_class"]) == (households, size)


@pytest.mark.parametrize(
    ("as_of", "households"),
    [
        (date(2025, 12, 31), None),  # the register's figure is from later: nobody knew it
        (date(2026, 1, 1), 100),
        (date(2026, 3, 31), 200),  # the register is newer than the count
        (date(2026, 6, 30), 400),
    ],
)
def test_a_compound_shows_the_newest_figure_of_that_day(add, shown, as_of, households):
    add(
        Compound, code="C", name="小区", kind="old", households=200,
        households_as_of=date(2026, 3, 31), geom=f"SRID=4326;{BOX.wkt}",
    )  # fmt: skip
    for day, number in ((date(2026, 1, 1), 100), (DAY, 400)):
        add(HouseholdCount, subject_kind="compound", subject_code="C", as_of=day, households=number)
    add(
        Incident, compound_code="C", category="theft", geom=POINT,
        occurred_at="2025-12-01T00:00+08:00",
    )  # fmt: skip
    plain, counted = shown("compounds", as_of=as_of), shown("incidents", as_of=as_of)
    known = plain.loc["C", "households"]
    assert known == households if households else known != known  # noqa: PLR0124 - NaN
    per_100 = counted.loc["C", "per_100_households"]
    assert per_100 == 100 / households if households else per_100 != per_100  # noqa: PLR0124


@pytest.mark.parametrize("as_of", [date(2026, 6, 30), date(2026, 7, 1), date(2026, 7, 30)])
def test_incidents_of_24_whole_months_in_local_time(add, shown, as_of):
    add(Compound, code="C", name="小区", kind="old", geom=f"SRID=4326;{BOX.wkt}")
    times = {
        "2024-06-30T23:59:59+08:00": False,  # 24 months end with June 2026
        "2024-07-01T00:00:00+08:00": True,
        "2026-06-30T23:59:59+08:00": True,
        "2026-07-01T00:00:00+08:00": False,  # days are not told apart
    }
    for at in times:
        add(Incident, compound_code="C", category="theft", geom=POINT, occurred_at=at)
    assert shown("incidents", as_of=as_of).loc["C", "incidents"] == sum(times.values())


# -- which run -------------------------------------------------------


def coloured(db, run_id, colour):
    db.add(
        Rating(
            run_id=run_id, area_code=COMMUNITY, compound_code="C", compound_name="小区",
            peer_group="old", colour=colour, observed=1, counts={}, quality="A", rule="SAF-1",
            reason_zh="", reason_en="",
        )
    )  # fmt: skip
    db.flush()


@pytest.fixture
def rated(db, policy, add):
    """Q2 in yellow, Q1 rated again in autumn in green, July as a preview in red."""
    add(Compound, code="C", name="小区", kind="old", geom=f"SRID=4326;{BOX.wkt}")
    for colour, period, as_of in (
        ("yellow", "2026Q2", DAY),
        ("green", "2026Q1", date(2026, 9, 1)),
        ("red", "2026-07", date(2026, 7, 31)),
    ):
        coloured(db, run(db, policy, Analysis.RATING, period=period, as_of=as_of), colour)


@pytest.mark.parametrize("name", ["rating", "risk"])
def test_the_plaque_is_that_of_the_newest_quarter(rated, shown, name):
    assert shown(name, as_of=None).loc["C", "colour"] == "yellow"
    assert shown(name, as_of=None, period="2026Q1").loc["C", "colour"] == "green"
    assert shown(name, as_of=None, period="2026-07").loc["C", "colour"] == "red"


def test_a_risk_layer_takes_the_rents_of_its_own_day(db, policy, rated, shown):
    told = {"rule": "REN-2", "threshold": 0.5, "reason_zh": "", "reason_en": ""}
    for as_of, rented in ((DAY, 10), (date(2026, 9, 30), 90)):
        db.add(
            RentalResult(
                run_id=run(db, policy, Analysis.RENTAL, as_of=as_of), area_code=COMMUNITY,
                subject_kind="compound", subject_code="C", name="小区", rented_dwellings=rented,
                **told,
            )
        )  # fmt: skip
    db.flush()
    assert shown("risk").loc["C", "rented_dwellings"] == 10
    assert shown("risk", as_of=None, period="2026Q1").loc["C", "rented_dwellings"] == 90  # newest
