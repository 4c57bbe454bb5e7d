"""Rental density on rows one can see, figures worked out by hand or by a second library."""

from datetime import date
from importlib.resources import files
from pathlib import Path

import geopandas as gpd
import h3
import pandas as pd
import pytest
import shapely
from pandas.testing import assert_frame_equal
from sqlalchemy import text

from gis import district as districts
from gis import policy as policies
from gis.areas.model import Area, HouseholdCount
from gis.compounds.model import Building, Compound
from gis.grids.model import Grid
from gis.rental import analysis, service
from gis.rental.model import Dwelling, RentalCell, RentalResult
from gis.runs.model import Import

DAY = date(2026, 6, 30)
COMMUNITY, OTHER = "530102001001", "530102001002"


def square(lon, lat, side=0.004):
    """A square of ``side`` degrees whose lower left corner is (lon, lat)."""
    box = shapely.box(lon, lat, lon + side, lat + side)
    return f"SRID=4326;{shapely.MultiPolygon([box]).wkt}"


class World:
    """Adds rows with defaults; each call is one row of the example."""

    def __init__(self, db):
        self.db, self.number = db, 0
        done = Import(
            area_code="530102", kind="dwellings", file_name="x", file_sha256="0", read=0,
            kept=0, repaired=0, flagged=0, refused=0, summary={},
        )  # fmt: skip
        db.add(done)
        db.flush()
        self.import_id = done.id

    def add(self, model, **values):
        self.number += 1
        row = model(source_key=f"k{self.number}", import_id=self.import_id, **values)
        self.db.add(row)

    def area(self, code, level, parent):
        self.add(
            Area, area_code=code, code=code, level=level, name=f"area {code}", parent_code=parent
        )

    def compound(self, code, lon, lat, *, area=COMMUNITY, kind="old", **values):
        self.add(
            Compound,
            area_code=area,
            code=code,
            name=code,
            kind=kind,
            geom=square(lon, lat),
            **values,
        )

    def let(self, times, *, compound, lon, lat, area=COMMUNITY, **values):
        for _ in range(times):
            self.add(
                Dwelling, area_code=area, compound_code=compound,
                geom=f"SRID=4326;POINT({lon} {lat})", **values,
            )  # fmt: skip


@pytest.fixture
def world(db):
    made = World(db)
    made.area("530102", "district", None)
    made.area("530102001", "street", "530102")
    made.area(COMMUNITY, "community", "530102001")
    made.area(OTHER, "community", "530102001")
    return made


def figures(db, policy, wuhua, as_of=DAY):
    db.flush()
    found = service.density(db, policy=policy, district=wuhua, as_of=as_of)
    return found, found.results.set_index(["subject_kind", "subject_code"])


def test_codes_that_came_after_the_day_change_nothing_on_it(db, world, policy, wuhua):
    """A community, its grid and its compound are renumbered in July: what lay in them was there."""
    world.compound("a", 102.70, 25.04, dwellings=40)
    world.add(Grid, area_code=COMMUNITY, code=f"{COMMUNITY}001", geom=square(102.70, 25.04))
    world.let(10, compound="a", lon=102.701, lat=25.041)
    db.flush()
    db.execute(text("UPDATE areas SET geom = :geom WHERE code = :code"),
               {"geom": square(102.70, 25.04), "code": COMMUNITY})  # fmt: skip
    db.execute(text("UPDATE dwellings SET grid_code = :grid"), {"grid": f"{COMMUNITY}001"})
    db.execute(text("UPDATE compounds SET grid_code = :grid"), {"grid": f"{COMMUNITY}001"})
    before = figures(db, policy, wuhua)[1]
    assert before.loc[("grid", f"{COMMUNITY}001"), "rented_dwellings"] == 10
    new = {"area": "530102001009", "grid": "530102001009001", "day": date(2026, 7, 1)}
    for change in RENUMBERED:
        db.execute(text(change), new)
    assert_frame_equal(figures(db, policy, wuhua)[1], before)
    after = figures(db, policy, wuhua, date(2026, 7, 1))[1]
    for subject in (("community", new["area"]), ("grid", new["grid"]), ("compound", "b")):
        assert after.loc[subject, "rented_dwellings"] == 10


COPIED = (
    "INSERT INTO {0} ({1}, code, source_key, area_code, valid_from) SELECT {1}, :{2},"
    " source_key || 'n', :area, :day FROM {0} WHERE code = '{3}'"
)
RENUMBERED = (
    COPIED.format("areas", "import_id, level, name, parent_code, geom", "area", COMMUNITY),
    COPIED.format("grids", "import_id, network, geom", "grid", f"{COMMUNITY}001"),
    COPIED.format("compounds", "import_id, name, kind, dwellings, geom", "area", "a"),
    "UPDATE compounds SET code = 'b', grid_code = :grid WHERE code = :area",
    f"UPDATE areas SET valid_to = :day WHERE code = '{COMMUNITY}'",
    f"UPDATE grids SET valid_to = :day WHERE code = '{COMMUNITY}001'",
    "UPDATE compounds SET valid_to = :day, area_code = :area, grid_code = :grid WHERE code = 'a'",
    "UPDATE dwellings SET area_code = :area, grid_code = :grid, compound_code = 'b'",
)


def test_density_of_one_compound_by_hand(db, world, policy, wuhua):
    world.compound("a", 102.70, 25.04, dwellings=40)
    world.let(
        10, compound="a", lon=102.701, lat=25.041, occupants=3, floating_occupants=2, rooms=2,
        usable_m2=50.0, registered_on=date(2025, 1, 1),
    )  # fmt: skip
    _, rows = figures(db, policy, wuhua)
    compound = rows.loc[("compound", "a")]
    ground_km2 = (
        gpd.GeoSeries([shapely.box(102.70, 25.04, 102.704, 25.044)], crs=4326)
        .to_crs(4543).area.iloc[0] / 1e6
    )  # fmt: skip
    assert compound["rented_dwellings"] == 10
    assert compound["rented_per_100"] == pytest.approx(25.0)
    assert compound["rented_per_km2"] == pytest.approx(10 / ground_km2, rel=1e-6)
    assert compound["occupants"] == 30
    assert compound["occupants_per_dwelling"] == pytest.approx(3.0)
    assert compound["floating_share"] == pytest.approx(2 / 3)
    assert compound["suspected_group"] == 0
    assert not compound["mainly_rental"]
    for kind, code in (("community", COMMUNITY), ("street", "530102001"), ("district", "530102")):
        assert rows.loc[(kind, code), "rented_dwellings"] == 10
        assert rows.loc[(kind, code), "rented_per_100"] == pytest.approx(25.0)
    assert rows.loc[("community", OTHER), "rented_dwellings"] == 0


@pytest.mark.parametrize(
    ("registered", "ended", "counts"),
    [
        (None, None, True),
        (DAY, None, True),
        (date(2026, 7, 1), None, False),
        (date(2025, 1, 1), DAY, False),
        (date(2025, 1, 1), date(2026, 7, 1), True),
    ],
)
def test_a_dwelling_is_let_from_its_first_day_to_the_day_before_its_end(
    db, world, policy, wuhua, registered, ended, counts
):
    world.compound("a", 102.70, 25.04, dwellings=40)
    world.let(6, compound="a", lon=102.701, lat=25.041, registered_on=registered, ended_on=ended)
    _, rows = figures(db, policy, wuhua)
    assert rows.loc[("compound", "a"), "rented_dwellings"] == (6 if counts else 0)


@pytest.mark.parametrize(
    ("occupants", "usable_m2", "rooms", "suspected"),
    [
        (4, 20.0, 2, 0),  # 5 m² each and 2 per room are both allowed
        (4, 19.9, 2, 7),  # below 5 m²
        (5, 60.0, 2, 7),  # 2.5 per room
        (4, 19.9, None, 7),  # one measure is enough
        (None, 3.0, 1, 0),  # nobody said how many people: no suspicion
        (0, 3.0, 1, 0),
    ],
)  # fmt: skip
def test_group_rental_by_area_or_by_rooms(
    db, world, policy, wuhua, occupants, usable_m2, rooms, suspected
):
    world.compound("a", 102.70, 25.04, dwellings=40)
    world.let(
        7,
        compound="a",
        lon=102.701,
        lat=25.041,
        occupants=occupants,
        usable_m2=usable_m2,
        rooms=rooms,
    )
    _, rows = figures(db, policy, wuhua)
    assert rows.loc[("compound", "a"), "suspected_group"] == suspected


def test_half_let_is_mainly_rental_and_only_old_compounds_need_more_service(
    db, world, policy, wuhua
):
    made = (("o", 102.70, "old", 20), ("n", 102.71, "commodity", 20), ("l", 102.72, "old", 19))
    for code, lon, kind, let in made:
        world.compound(code, lon, 25.04, kind=kind, dwellings=40)
        world.let(let, compound=code, lon=lon + 0.001, lat=25.041)
    found, rows = figures(db, policy, wuhua)
    assert [rows.loc[("compound", c), "mainly_rental"] for c in "onl"] == [True, True, False]
    assert (found.totals["mainly_rental"], found.totals["mainly_rental_old"]) == (2, 1)
    assert "应加强服务" in rows.loc[("compound", "o"), "reason_zh"]
    assert "只针对老旧小区" in rows.loc[("compound", "n"), "reason_zh"]
    assert rows.loc[("compound", "l"), "rule"] == "REN-2"
    assert rows.loc[("compound", "l"), "threshold"] == 0.5


def test_a_share_equal_to_the_line_is_mainly_rental_whatever_the_line(db, world, wuhua, tmp_path):
    own = tmp_path / "own.toml"
    own.write_text("[rules.REN-2]\nmainly_rental_share = 0.55\n")  # 100 * 0.55 > 55 in binary
    world.compound("a", 102.70, 25.04, dwellings=100, rented_dwellings=55)
    strict = policies.load(files("data.reference") / "policy.toml", own)
    _, rows = figures(db, strict, wuhua)
    assert rows.loc[("compound", "a"), "mainly_rental"] is True


def test_stated_totals_count_where_no_dwelling_is_listed(db, world, policy, wuhua):
    world.compound("a", 102.70, 25.04, households=29313, rented_dwellings=18410)
    world.compound("b", 102.71, 25.04, area=OTHER, households=100, rented_dwellings=0)
    found, rows = figures(db, policy, wuhua)
    assert rows.loc[("compound", "a"), "rented_per_100"] == pytest.approx(100 * 18410 / 29313)
    assert rows.loc[("compound", "b"), "rented_dwellings"] == 0
    assert rows.loc[("district", "530102"), "rented_dwellings"] == 18410
    assert "户" in rows.loc[("compound", "a"), "reason_zh"]
    assert found.cells.empty


def test_without_register_and_total_the_answer_is_unknown_not_zero(db, world, policy, wuhua):
    world.compound("a", 102.70, 25.04, dwellings=40)
    _, rows = figures(db, policy, wuhua)
    compound = rows.loc[("compound", "a")]
    assert pd.isna(compound["rented_dwellings"])
    assert not compound["suppressed"]
    assert "不详" in compound["reason_zh"]


def test_dated_counts_replace_the_registers_figure_until_their_day(db, world, policy, wuhua):
    world.compound("a", 102.70, 25.04, dwellings=40, residents=100, floating_residents=50)
    world.let(10, compound="a", lon=102.701, lat=25.041)
    world.add(
        HouseholdCount, area_code=COMMUNITY, subject_kind="compound", subject_code="a",
        as_of=date(2026, 3, 1), dwellings=50, residents=200, floating_residents=80,
    )  # fmt: skip
    world.add(
        HouseholdCount, area_code=COMMUNITY, subject_kind="compound", subject_code="a",
        as_of=date(2026, 12, 1), dwellings=10,
    )  # fmt: skip
    _, rows = figures(db, policy, wuhua)
    assert rows.loc[("compound", "a"), "rented_per_100"] == pytest.approx(20.0)
    assert rows.loc[("compound", "a"), "floating_share"] == pytest.approx(0.4)
    _, before = figures(db, policy, wuhua, as_of=date(2026, 2, 28))
    assert before.loc[("compound", "a"), "rented_per_100"] == pytest.approx(25.0)
    assert before.loc[("compound", "a"), "floating_share"] == pytest.approx(0.5)


def test_each_figure_has_a_day_of_its_own(db, world, policy, wuhua):
    """What the register does not know, or of a later day only, is the newest dated count's."""

    def counted(code, day, **figures):
        world.add(HouseholdCount, area_code=COMMUNITY, subject_kind="compound",
                  subject_code=code, as_of=day, **figures)  # fmt: skip

    newer, older = date(2026, 6, 30), date(2026, 5, 31)
    world.compound("a", 102.70, 25.04, dwellings=400, households=380, households_as_of=newer)
    counted("a", older, dwellings=300, households=290, rented_dwellings=100)
    _, rows = figures(db, policy, wuhua)
    assert rows.loc[("compound", "a"), ["rented_dwellings", "dwellings"]].tolist() == [100, 400]
    _, before = figures(db, policy, wuhua, as_of=older)
    assert before.loc[("compound", "a"), ["rented_dwellings", "dwellings"]].tolist() == [100, 300]


def test_few_floating_residents_stay_hidden_though_lettings_know_more(db, world, policy, wuhua):
    world.compound("a", 102.70, 25.04, dwellings=40, residents=100, floating_residents=3)
    world.let(
        10, compound="a", lon=102.701, lat=25.041, occupants=3, floating_occupants=2
    )  # 20 of 30: another basis than 3 of 100
    _, rows = figures(db, policy, wuhua)
    for kind, code in (("compound", "a"), ("community", COMMUNITY), ("district", "530102")):
        assert rows.loc[(kind, code), "rented_dwellings"] == 10
        assert pd.isna(rows.loc[(kind, code), "floating_share"])


def test_lettings_outside_all_compounds_make_the_rate_too_high_and_it_is_said(
    db, world, policy, wuhua
):
    world.compound("a", 102.70, 25.04, dwellings=40)
    world.let(10, compound="a", lon=102.701, lat=25.041)
    world.let(10, compound=None, lon=102.801, lat=25.041)
    _, rows = figures(db, policy, wuhua)
    assert rows.loc[("community", COMMUNITY), "rented_per_100"] == pytest.approx(50.0)
    assert "不在任何小区内，比率偏高" in rows.loc[("community", COMMUNITY), "reason_zh"]
    assert "the rate is too high" in rows.loc[("street", "530102001"), "reason_en"]
    assert "偏高" not in rows.loc[("compound", "a"), "reason_zh"]


def test_a_small_compound_is_hidden_with_its_neighbour_and_all_its_rates(db, world, policy, wuhua):
    for code, lon, let in (("a", 102.70, 3), ("b", 102.71, 20)):
        world.compound(code, lon, 25.04, dwellings=40)
        world.let(
            let, compound=code, lon=lon + 0.001, lat=25.041, occupants=4, floating_occupants=4
        )
    world.add(
        Building, area_code=COMMUNITY, dwellings=40, geom=square(102.70098, 25.04098, 0.00004)
    )
    found, rows = figures(db, policy, wuhua)
    counts = [
        "rented_dwellings", "rented_per_100", "rented_per_km2", "occupants",
        "occupants_per_dwelling", "floating_share", "suspected_group", "mainly_rental",
    ]  # fmt: skip
    for code in "ab":
        assert rows.loc[("compound", code), "suppressed"]
        assert rows.loc[("compound", code), counts].isna().all()
        assert rows.loc[("compound", code), "dwellings"] == 40
    assert rows.loc[("community", COMMUNITY), "rented_dwellings"] == 23
    tiny = found.cells[found.cells["h3"] == h3.latlng_to_cell(25.041, 102.701, 10)].iloc[0]
    assert tiny["suppressed"]
    assert tiny[["rented_dwellings", "rented_per_100", "mainly_rental"]].isna().all()
    assert tiny["dwellings"] == 40


def test_grids_count_by_place_and_codes_of_another_day_count_nowhere(db, world, policy, wuhua):
    for number, until in (("001", None), ("002", date(2026, 1, 1))):
        world.add(
            Grid, area_code=COMMUNITY, code=COMMUNITY + number, name=None, valid_to=until,
            geom=square(102.70, 25.04),
        )  # fmt: skip
    world.compound("a", 102.70, 25.04, dwellings=40, grid_code=f"{COMMUNITY}001")
    world.let(8, compound="a", lon=102.701, lat=25.041, grid_code=f"{COMMUNITY}001")
    world.let(9, compound=None, lon=102.701, lat=25.041, grid_code=f"{COMMUNITY}002")
    _, rows = figures(db, policy, wuhua)
    assert rows.loc[("grid", f"{COMMUNITY}001"), "rented_dwellings"] == 8
    assert ("grid", f"{COMMUNITY}002") not in rows.index
    assert rows.loc[("community", COMMUNITY), "rented_dwellings"] == 17


def test_cells_agree_with_the_h3_library(db, world, policy, wuhua):
    world.compound("a", 102.70, 25.04, dwellings=400)
    spots = [(102.7001 + 0.0009 * step, 25.0401 + 0.0008 * step) for step in range(5)]
    for lon, lat in spots:
        world.let(7, compound="a", lon=lon, lat=lat)
    found, _ = figures(db, policy, wuhua)
    for resolution, cells in found.cells.groupby("resolution"):
        expected = pd.Series([h3.latlng_to_cell(lat, lon, resolution) for lon, lat in spots])
        counted = cells.set_index("h3")["rented_dwellings"]
        assert counted.to_dict() == (7 * expected.value_counts()).to_dict()
        for _, cell in cells.iterrows():
            # the library measures on a sphere, this in the metric CRS: they differ by 0.5 %
            area_km2 = h3.cell_area(cell["h3"], unit="km^2")
            assert cell["rented_per_km2"] == pytest.approx(
                cell["rented_dwellings"] / area_km2, rel=0.01
            )
    assert set(found.cells["area_code"]) == {COMMUNITY}


def test_a_cell_has_the_dwellings_of_its_buildings_and_every_level_is_judged(
    db, world, policy, wuhua
):
    """Of 40 dwellings in three houses 20 are let: half; the shop without a number is none."""
    world.add(Grid, area_code=COMMUNITY, code=f"{COMMUNITY}001", geom=square(102.70, 25.04))
    world.compound("a", 102.70, 25.04, dwellings=40, grid_code=f"{COMMUNITY}001")
    world.let(20, compound="a", lon=102.701, lat=25.041, grid_code=f"{COMMUNITY}001")
    for dwellings, use in ((25, "residential"), (12, None), (3, "mixed"), (None, "commercial")):
        world.add(Building, area_code=COMMUNITY, dwellings=dwellings, use=use,
                  geom=square(102.70098, 25.04098, 0.00004))  # fmt: skip
    found, rows = figures(db, policy, wuhua)
    asked = ["dwellings", "rented_per_100", "mainly_rental"]
    assert found.cells[asked].values.tolist() == 3 * [[40, 50, True]]
    for subject in (("community", COMMUNITY), ("grid", f"{COMMUNITY}001"), ("compound", "a")):
        assert rows.loc[subject, asked].tolist() == [40, 50, True]
    assert "该条只针对老旧小区" in found.cells["reason_zh"].iloc[0]


@pytest.mark.parametrize(
    ("stated", "judged", "why"),
    [((None,), [None, None], "住宅数不详"), ((30, None), [66, None], "1 栋楼缺住宅数，比率偏高"),
     ((99, None), [20, False], "未达以出租为主"), ((10,), [200, None], "比率偏高")],
)  # fmt: skip
def test_a_cell_whose_houses_do_not_all_state_their_dwellings_says_so(
    db, world, policy, wuhua, stated, judged, why
):
    world.let(20, compound=None, lon=102.701, lat=25.041)
    for dwellings in stated:
        world.add(Building, area_code=COMMUNITY, dwellings=dwellings, use="residential",
                  geom=square(102.70098, 25.04098, 0.00004))  # fmt: skip
    cell = figures(db, policy, wuhua)[0].cells.iloc[0]
    per_100 = None if pd.isna(cell["rented_per_100"]) else int(cell["rented_per_100"])
    assert [per_100, cell["mainly_rental"]] == judged
    assert why in cell["reason_zh"]


@pytest.mark.parametrize(
    ("total", "lon", "judged", "says"),
    [
        (29, 102.7012, False, True),  # 20 and 29 of 100 stay below half
        (30, 102.7012, None, True),  # 50 of 100
        (30, 102.7312, False, False),  # three kilometres away
        (0, 102.7012, False, False),
    ],
)
def test_a_cell_that_stated_totals_could_turn_is_not_called_not_mainly_rental(
    db, world, policy, wuhua, total, lon, judged, says
):
    world.let(20, compound=None, lon=102.701, lat=25.041)
    world.add(Building, area_code=COMMUNITY, dwellings=100, use="residential",
              geom=square(102.70098, 25.04098, 0.00004))  # fmt: skip
    world.compound("a", lon, 25.041, rented_dwellings=total, dwellings=200)
    found, _ = figures(db, policy, wuhua)
    cells = found.cells
    assert cells["rented_per_100"].tolist() == [20, 20, 20]
    assert cells["mainly_rental"].tolist() == 3 * [judged]
    for zh, en in zip(cells["reason_zh"], cells["reason_en"], strict=True):
        assert ("1 个小区只报在租总数" in zh) == says
        assert ("1 compound states only a total" in en) == says
        assert ("无法判定" in zh, "cannot be judged" in en) == 2 * (judged is None,)


def test_a_hidden_total_may_add_any_number(db, world, policy, wuhua):
    """Where the line runs must not tell it: 3 more of 100 would not turn the cell."""
    world.let(20, compound=None, lon=102.701, lat=25.041)
    world.add(Building, area_code=COMMUNITY, dwellings=100, use="residential",
              geom=square(102.70098, 25.04098, 0.00004))  # fmt: skip
    world.compound("a", 102.7012, 25.041, rented_dwellings=3)
    world.compound("b", 102.7412, 25.041, rented_dwellings=3)
    found, rows = figures(db, policy, wuhua)
    assert rows.loc[("compound", "a"), "suppressed"]
    assert found.cells["rented_dwellings"].tolist() == [20, 20, 20]
    assert found.cells["mainly_rental"].tolist() == [None, None, None]


def test_single_lettings_of_a_compound_leave_nothing_of_its_total_to_place(
    db, world, policy, wuhua
):
    world.compound("a", 102.70, 25.04, rented_dwellings=90, dwellings=200)
    world.let(20, compound="a", lon=102.701, lat=25.041)
    world.add(Building, area_code=COMMUNITY, dwellings=100, use="residential",
              geom=square(102.70098, 25.04098, 0.00004))  # fmt: skip
    assert figures(db, policy, wuhua)[0].cells["mainly_rental"].tolist() == [False] * 3


def test_a_cell_above_the_line_stays_so_beside_a_stated_total(db, world, policy, wuhua):
    world.compound("a", 102.7012, 25.041, rented_dwellings=90, dwellings=200)
    world.let(60, compound=None, lon=102.701, lat=25.041)
    world.add(Building, area_code=COMMUNITY, dwellings=100, use="residential",
              geom=square(102.70098, 25.04098, 0.00004))  # fmt: skip
    found, _ = figures(db, policy, wuhua)
    assert found.cells["mainly_rental"].tolist() == [True] * 3


def test_redrawing_a_compound_that_states_a_total_makes_a_new_run(db, world, policy, wuhua):
    """What a run hangs on is in its digest: the ground of such compounds too."""
    world.let(20, compound=None, lon=102.701, lat=25.041)
    world.compound("a", 102.7012, 25.041, rented_dwellings=30)
    first, _ = figures(db, policy, wuhua)
    db.execute(text("UPDATE wangge.compounds SET geom = ST_Translate(geom, 0.03, 0)"))
    assert figures(db, policy, wuhua)[0].input_digest != first.input_digest


def test_a_run_is_kept_and_an_equal_one_found_again(db, world, policy, wuhua):
    world.compound("a", 102.70, 25.04, dwellings=40)
    world.let(10, compound="a", lon=102.701, lat=25.041)
    found, _ = figures(db, policy, wuhua)
    first = service.save(db, found)
    again = service.save(db, service.density(db, policy=policy, district=wuhua, as_of=DAY))
    assert (first.stored, again.stored) == (True, False)
    assert db.query(RentalResult).filter_by(run_id=first.run_id).count() == len(found.results)
    assert db.query(RentalCell).filter_by(run_id=first.run_id).count() == 3
    valid = db.execute(text("SELECT bool_and(ST_IsValid(geom)) FROM wangge.rental_cells")).scalar()
    assert valid


def test_a_way_of_hiding_that_hides_more_makes_a_new_run(db, world, policy, wuhua, monkeypatch):
    """Or figures that a later version withholds would stay in the newest run."""
    world.compound("a", 102.70, 25.04, dwellings=40)
    world.let(10, compound="a", lon=102.701, lat=25.041)
    first, _ = figures(db, policy, wuhua)
    assert service.save(db, first).stored
    hidden_sums = analysis.hidden_sums

    def more(*args, **options):
        found = hidden_sums(*args, **options)
        return found | {"suspected": found["suspected"] | {"compound": pd.Index(["a"])}}

    monkeypatch.setattr(analysis, "hidden_sums", more)
    then, _ = figures(db, policy, wuhua)
    assert service.save(db, then).stored


CHICAGO = Path(__file__).parents[3] / "shared" / "realdata" / "us-chicago"


@pytest.mark.skipif(not CHICAGO.is_dir(), reason="needs ../shared/realdata/us-chicago")
def test_chicago_shares_are_rented_households_over_all_households(db, policy):
    chicago = districts.load(Path(__file__).parents[1] / "districts" / "chicago.toml")
    areas = gpd.read_file(CHICAGO / "community_areas_2020.shp").to_crs(4326)
    world = World(db)
    for row in areas.itertuples():
        parts = getattr(row.geometry, "geoms", [row.geometry])
        world.add(
            Compound, area_code="IL-CHI", code=str(row.GEOID), name=str(row.GEOG), kind="commodity",
            households=round(row.TOT_HH), rented_dwellings=round(row.RENTOCCHU),
            geom=f"SRID=4326;{shapely.MultiPolygon(parts).wkt}",
        )  # fmt: skip
    _, rows = figures(db, policy, chicago)
    shares = rows.xs("compound", level=0)["rented_per_100"] / 100
    expected = areas.set_index(areas["GEOID"].astype(str)).eval("RENTOCCHU / TOT_HH")
    assert len(shares) == 77
    assert shares.to_dict() == pytest.approx(expected.to_dict())
    assert rows.loc[("district", "IL-CHI"), "rented_dwellings"] == areas["RENTOCCHU"].round().sum()
