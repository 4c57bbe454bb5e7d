"""Versions and figures on the day on which one ends and the next begins."""

from datetime import date, timedelta

import pytest
import shapely

from gis.areas import store as areas
from gis.areas.levels import SubjectKind
from gis.areas.model import Area, HouseholdCount
from gis.compounds.model import Compound
from gis.grids import store as grids
from gis.grids.model import Grid
from gis.layers import service as layers
from gis.layers.model import layer
from gis.layers.service import Scope
from gis.rental import store as rental
from gis.rental.rules import RentalRules
from gis.safety import store as safety
from gis.video import store as video

COMMUNITY, GRID, COMPOUND = "530102001001", "530102001001001", "C"
DAY = date(2026, 7, 1)
EVE = DAY - timedelta(days=1)
OUTLINE = shapely.MultiPolygon([shapely.box(102.70, 25.04, 102.71, 25.05)]).wkt


@pytest.fixture
def renamed(add):
    """A community, a grid and a compound, each called old until the eve and new from the day on."""
    spans = {"old": {"valid_to": DAY}, "new": {"valid_from": DAY}}
    for name, span in spans.items():
        plain = {"name": name, "geom": f"SRID=4326;{OUTLINE}", **span}
        add(Area, code=COMMUNITY, level="community", **plain)
        add(Grid, code=GRID, **plain)
        add(Compound, code=COMPOUND, kind="old", **plain)


def readers(db, policy, wuhua, day):
    """Every way in which a version of the day is read: its names."""
    rules = RentalRules.of(policy)
    scope = Scope(as_of=day)
    yield from areas.subjects_on(db, as_of=day).groupby("subject_kind")["name"].apply(list)
    yield areas.areas_on(db, as_of=day)["name"].tolist()
    yield grids.grids_on(db, as_of=day)["name"].tolist()
    yield safety.compounds_on(db, as_of=day)["name"].tolist()
    yield video.compounds_on(db, as_of=day)["name"].tolist()
    read = rental.inputs(db, rules=rules, district=wuhua, as_of=day)
    yield read.compounds["name"].tolist()
    for name in ("grids", "compounds", "incidents"):
        shown = layers.read(db, layer(name), district=wuhua, policy=policy, scope=scope)
        yield shown.features["name"].tolist()


@pytest.mark.parametrize(("day", "name"), [(EVE, "old"), (DAY, "new")])
def test_exactly_one_version_holds_on_every_day(db, policy, wuhua, renamed, day, name):
    found = list(readers(db, policy, wuhua, day))
    assert len(found) == 11
    assert found == [[name]] * 11


@pytest.mark.parametrize(
    ("day", "households", "source"),
    [
        (EVE - timedelta(days=1), None, None),  # both figures are from later
        (EVE, 100, "count"),
        (DAY, 200, "count"),  # a count of the register's own day is the better one
        (DAY + timedelta(days=2), 200, "count"),
    ],
)
def test_the_newest_count_not_after_the_day(db, add, day, households, source):
    add(
        Compound, code=COMPOUND, name="小区", kind="old", households=300, households_as_of=DAY,
        geom=f"SRID=4326;{OUTLINE}",
    )  # fmt: skip
    for counted, number in ((EVE, 100), (DAY, 200)):
        add(
            HouseholdCount, subject_kind="compound", subject_code=COMPOUND, as_of=counted,
            households=number,
        )  # fmt: skip
    found = areas.subjects_on(db, as_of=day, kinds=[SubjectKind.COMPOUND]).iloc[0]
    assert found["households_source"] == source
    assert found["households"] == households if households else found.isna()["households"]


def test_only_unified_grids_are_subjects(db, add):
    add(Grid, code=GRID, geom=f"SRID=4326;{OUTLINE}")
    add(Grid, code=f"{COMMUNITY}002", network="social_service", geom=f"SRID=4326;{OUTLINE}")
    assert areas.subjects_on(db, as_of=DAY)["subject_code"].tolist() == [GRID]
