"""Video inventory and surroundings on rows one can see; geodesic distances by another library."""

from datetime import UTC, date, datetime

import h3
import numpy as np
import pytest
import shapely
from pyproj import Geod

from gis.areas.model import Area
from gis.compounds.model import Building, Compound
from gis.db import sql
from gis.rental.model import RentalCell, RentalResult
from gis.runs.model import Analysis, Import
from gis.runs.store import new_run
from gis.safety.model import Incident, Rating
from gis.video import service, status, store
from gis.video.model import (
    Camera,
    CameraObservation,
    PrivatePlace,
    VideoFinding,
    VideoResult,
)

DAY = date(2026, 6, 30)
COMMUNITY = "530102001001"
LON, LAT = 102.70, 25.04


class World:
    """Adds rows with defaults; each call is one row of the example."""

    def __init__(self, db):
        self.db, self.number = db, 0
        done = Import(
            area_code="530102", kind="cameras", file_name="x", file_sha256="0", read=0,
            kept=0, repaired=0, flagged=0, refused=0, summary={},
        )  # fmt: skip
        db.add(done)
        db.flush()
        self.import_id = done.id

    def add(self, model, **values):
        self.number += 1
        key = values.pop("key", f"k{self.number}")
        known = {"source_key": key, "import_id": self.import_id, "area_code": COMMUNITY}
        self.db.add(model(**(known | values)))

    def area(self, code, level, parent):
        self.add(Area, area_code=code, code=code, level=level, name=code, parent_code=parent)

    def camera(self, key, *, lon=LON, lat=LAT, **values):
        usual = {"status": "in_use", "point_class": "class_3", "compound_code": "a",
                 "legal_basis": "art9"}  # fmt: skip
        number = int(key.strip("c"))
        usual["gb28181_id"] = f"5301020001132700{number:04d}"
        self.add(Camera, key=key, geom=f"SRID=4326;POINT({lon} {lat})", **(usual | values))

    def seen(self, key, state, *when):
        self.add(
            CameraObservation, camera_key=key, state=state, observed_at=datetime(*when, tzinfo=UTC)
        )

    def incident(self, lon, lat, *when):
        self.add(
            Incident, category="theft", occurred_at=datetime(*when, tzinfo=UTC),
            geom=f"SRID=4326;POINT({lon} {lat})",
        )  # fmt: skip


@pytest.fixture
def world(db):
    made = World(db)
    made.area("530102", "district", None)
    made.area("530102001", "street", "530102")
    made.area(COMMUNITY, "community", "530102001")
    square = shapely.MultiPolygon([shapely.box(LON - 0.01, LAT - 0.01, LON + 0.01, LAT + 0.01)])
    for code in "ab":
        made.add(
            Compound, code=code, name=f"compound {code}", kind="old", geom=f"SRID=4326;{square}"
        )
    return made


def inventory(db, policy, wuhua, as_of=DAY):
    db.flush()
    found = service.inventory(db, policy=policy, district=wuhua, as_of=as_of)
    return found, found.results.set_index(["subject_kind", "subject_code"])


def test_the_working_rate_takes_the_newest_state_of_the_day(db, world, policy, wuhua):
    for number in range(1, 6):
        world.camera(f"c{number}")
    world.seen("c1", "working", 2026, 6, 1)
    world.seen("c2", "working", 2026, 6, 1)
    world.seen("c2", "down", 2026, 6, 2)
    world.seen("c3", "down", 2026, 6, 1)
    world.seen("c3", "working", 2026, 6, 30, 15, 59)  # 23:59 in Kunming: still the day
    world.seen("c4", "down", 2026, 6, 1)
    world.seen("c4", "working", 2026, 6, 30, 16, 0)  # 00:00 of the day after
    found, rows = inventory(db, policy, wuhua)
    district = rows.loc[("district", "530102")]
    assert (district["cameras"], district["in_use"], district["working"]) == (5, 5, 2)
    assert district["working_share"] == pytest.approx(2 / 4)  # c5 was never observed
    assert district["met"] is False
    assert (district["rule"], district["threshold"]) == ("VID-2", 0.98)
    assert "50.0 %" in district["reason_zh"]
    assert "50.0 %" in district["reason_en"]
    down = found.findings[found.findings["kind"] == "camera_down"]
    assert set(down["camera_key"]) == {"c2", "c4"}


def test_a_repair_lasts_from_the_first_failure_also_before_the_window(db, world, policy, wuhua):
    world.camera("c1")
    for day, state in ((1, "down"), (5, "down"), (9, "unknown"), (11, "working")):
        world.seen("c1", state, 2026, 6, day)
    db.flush()
    days = {"since": date(2026, 6, 10), "until": date(2026, 6, 20)}
    found = status.repairs(status.watch(db, policy=policy, district=wuhua, **days), by="all")
    assert found[["failures", "mended", "mean_hours"]].values.tolist() == [[1, 1, 240.0]]  # 10 days


def test_a_failure_began_on_a_day_of_the_district(db, world, policy, wuhua):
    world.camera("c1")
    world.seen("c1", "down", 2026, 6, 28, 17, 0)  # 01:00 of the 29th in Kunming
    found, rows = inventory(db, policy, wuhua)
    down = found.findings[found.findings["kind"] == "camera_down"]
    assert down["since"].tolist() == [date(2026, 6, 29)]
    assert rows.loc[("district", "530102"), "reason_en"].startswith(
        "VID-2: of 1 point in use on 2026-06-30, 1 has a known state and 0 work; 0.0 % misses"
    )


def test_dates_decide_what_stands_on_the_day(db, world, policy, wuhua):
    world.camera("c1", installed_on=date(2026, 7, 1))
    world.camera("c2", status="removed", removed_on=DAY)
    world.camera("c3", status="removed", removed_on=date(2026, 7, 1))
    world.camera("c4", status="planned")
    world.camera("c5", status="repair")
    _, rows = inventory(db, policy, wuhua)
    assert rows.loc[("district", "530102"), "cameras"] == 2  # c3 and c5
    assert rows.loc[("district", "530102"), "in_use"] == 1


def test_compounds_without_a_camera_are_listed(db, world, policy, wuhua):
    world.camera("c1")
    world.camera("c2", compound_code="b", status="planned")
    found, rows = inventory(db, policy, wuhua)
    assert rows.loc[("community", COMMUNITY), ["compounds", "compounds_without"]].tolist() == [2, 1]
    bare = found.findings[found.findings["kind"] == "compound_without_camera"]
    assert bare[["compound_code", "rule", "area_code"]].to_numpy().tolist() == [
        ["b", "VID-2", COMMUNITY]
    ]


def test_bad_records_are_counted_once_per_point_and_listed_by_fault(db, world, policy, wuhua):
    world.camera("c1", gb28181_id="99010500461187000001")  # place, industry and type
    world.camera("c2", gb28181_id=None)
    world.camera("c3", point_class="class_1", contact_unit="unit", retention_days=30)
    world.camera("c4")
    found, rows = inventory(db, policy, wuhua)
    compound = rows.loc[("compound", "a")]
    assert (compound["bad_ids"], compound["missing_fields"]) == (2, 1)
    records = found.findings[found.findings["kind"] != "view_field_missing"]
    listed = records.groupby("camera_key")["kind"].apply(set).to_dict()
    assert listed == {
        "c1": {"id_place", "id_industry", "id_type"},
        "c2": {"id_missing"},
        "c3": {"field_missing"},
    }
    reason = found.findings.set_index("kind").loc["field_missing", "reason_zh"]
    assert "安装时间" in reason


def test_an_id_is_held_against_the_ground_that_its_point_stands_on(db, world, policy, wuhua):
    """In no community, so that no code but an outline says where: ours, a neighbour's, nobody's."""
    for code, west in (("530102", LON - 0.1), ("530103", LON + 0.1)):
        outline = shapely.MultiPolygon([shapely.box(west, LAT - 0.1, west + 0.2, LAT + 0.1)])
        if code == "530102":
            db.flush()
            db.query(Area).filter_by(code=code).update({"geom": f"SRID=4326;{outline}"})
        else:
            world.add(Area, area_code=code, code=code, level="district", name=code,
                      geom=f"SRID=4326;{outline}")  # fmt: skip
    own, next_door = "53010200011327000{:03d}", "53010300011327000{:03d}"
    for number, (text, lon) in enumerate(
        [(own, LON), (own, LON + 0.2), (next_door, LON + 0.2), (own, LON + 2), (next_door, LON)], 1
    ):
        world.camera(f"c{number}", lon=lon, area_code="530102", gb28181_id=text.format(number))
    found, _ = inventory(db, policy, wuhua)
    kinds = found.findings[found.findings["kind"].str.startswith("id_")]
    assert kinds[["camera_key", "kind"]].to_numpy().tolist() == [
        ["c2", "id_area"], ["c4", "id_area"], ["c5", "id_area"],
    ]  # fmt: skip


def test_a_private_place_that_grows_into_view_is_another_run(db, world, policy, wuhua):
    """The field does not change with it, so nothing is measured anew; the findings are."""
    world.camera("c1", omnidirectional=True, height_m=4)
    before, _ = inventory(db, policy, wuhua)
    near = shapely.MultiPolygon([shapely.box(LON + 5e-5, LAT, LON + 1e-4, LAT + 5e-5)])
    world.add(PrivatePlace, kind="dormitory", geom=f"SRID=4326;{near}")
    after, _ = inventory(db, policy, wuhua)
    assert set(after.findings["kind"]) - set(before.findings["kind"]) == {"forbidden_view"}
    assert after.input_digest != before.input_digest


def test_a_dormitory_behind_a_wall_is_looked_into_by_who_looks_at_its_wall(
    db, world, policy, wuhua
):
    """The private place is the building's whole footprint, three metres north of the points."""
    front = LAT + 2.7e-5  # three metres
    house = shapely.MultiPolygon([shapely.box(LON - 1e-4, front, LON + 1e-4, front + 1e-4)])
    world.add(Building, geom=f"SRID=4326;{house}", height_m=12.0)
    world.add(PrivatePlace, kind="dormitory", name="宿舍", geom=f"SRID=4326;{house}")
    world.camera("c1", kind="fixed", direction_deg=0, height_m=4)
    world.camera("c2", kind="fixed", direction_deg=180, height_m=4)
    world.camera("c3", kind="ptz", direction_deg=180, height_m=4)
    world.camera("c4", kind="fixed", height_m=4)  # nobody wrote down where it looks
    found, _ = inventory(db, policy, wuhua)
    views = found.findings[found.findings["kind"].str.startswith("forbidden")]
    assert views[["camera_key", "kind", "rule"]].to_numpy().tolist() == [
        ["c1", "forbidden_view", "LAW-799-8"], ["c3", "forbidden_view_possible", "LAW-799-8"],
        ["c4", "forbidden_view_possible", "LAW-799-8"],
    ]  # fmt: skip
    assert all("宿舍" in said and "外墙按有窗计" in said for said in views["reason_zh"])


def test_a_point_whose_view_nobody_can_know_says_what_is_missing(db, world, policy, wuhua):
    world.camera("c1", direction_deg=90, height_m=4)
    world.camera("c2", omnidirectional=True, height_m=4)
    world.camera("c3", height_m=4)
    world.camera("c4", direction_deg=0)
    world.camera("c5", status="planned")
    found, _ = inventory(db, policy, wuhua)
    blind = found.findings[found.findings["kind"] == "view_field_missing"]
    assert blind.set_index("camera_key")["reason_en"].str.split(": ").str[1].str.split(" ").str[
        0
    ].to_dict() == {"c3": "direction_deg", "c4": "height_m"}
    assert set(blind["rule"]) == {"VID-2"}


def test_a_store_without_cameras_says_so(db, world, policy, wuhua):
    found, rows = inventory(db, policy, wuhua)
    assert rows.loc[("district", "530102"), "cameras"] == 0
    assert rows.loc[("district", "530102"), "met"] is None
    assert found.totals["compounds_without"] == 2


def test_a_run_is_kept_and_an_equal_one_found_again(db, world, policy, wuhua):
    world.camera("c1", gb28181_id=None)
    found, _ = inventory(db, policy, wuhua)
    first, again = (service.save(db, found) for _ in range(2))
    assert (first.stored, again.stored) == (True, False)
    assert db.query(VideoResult).filter_by(run_id=first.run_id).count() == len(found.results)
    assert db.query(VideoFinding).filter_by(run_id=first.run_id).count() == len(found.findings)


def context(db, policy, wuhua, **asked):
    db.flush()
    clause, params = store.camera_statement(db, policy=policy, district=wuhua, as_of=DAY, **asked)
    return sql.frame(db, clause, params).set_index("code")


def test_incidents_within_fifty_metres_by_geodesic_distance(db, world, policy, wuhua):
    geod = Geod(ellps="WGS84")
    world.camera("c1")
    expected = 0
    for bearing in range(0, 360, 15):
        for metres in (0.5, 49.9, 50.1, 74.0, 140.0):
            lon, lat, _ = geod.fwd(LON, LAT, bearing, metres)
            world.incident(lon, lat, 2026, 5, 1)
            expected += metres < 50
    found = context(db, policy, wuhua)
    assert found.loc["c1", "incidents_50m"] == expected


def test_incidents_count_inside_the_window_only(db, world, policy, wuhua):
    world.camera("c1")
    world.incident(LON, LAT, 2024, 6, 30, 15)  # 23:00 of 30 June 2024 in Kunming: too old
    world.incident(LON, LAT, 2024, 6, 30, 16)
    world.incident(LON, LAT, 2025, 6, 30, 16)
    world.incident(LON, LAT, 2026, 6, 30, 15)
    world.incident(LON, LAT, 2026, 6, 30, 16)  # the day after
    assert context(db, policy, wuhua).loc["c1", "incidents_50m"] == 3
    assert context(db, policy, wuhua, months=12).loc["c1", "incidents_50m"] == 2


def test_many_points_agree_with_all_pairs_measured_in_memory(db, world, policy, wuhua):
    rng = np.random.default_rng(5)
    points = rng.uniform((LON, LAT), (LON + 0.004, LAT + 0.004), (40, 2))
    places = rng.uniform((LON, LAT), (LON + 0.004, LAT + 0.004), (150, 2))
    for number, (lon, lat) in enumerate(points):
        world.camera(f"c{number}", lon=lon, lat=lat)
    for lon, lat in places:
        world.incident(lon, lat, 2026, 5, 1)
    found = context(db, policy, wuhua)
    geod = Geod(ellps="WGS84")
    for number, (lon, lat) in enumerate(points):
        _, _, metres = geod.inv(np.full(150, lon), np.full(150, lat), *places.T)
        assert found.loc[f"c{number}", "incidents_50m"] == (metres <= 50).sum()
    assert found["incidents_50m"].sum() > 100
    alone = context(db, policy, wuhua, key="c7")  # one click reads the ground round one point
    assert alone["incidents_50m"].tolist() == [found.loc["c7", "incidents_50m"]]
    west = context(db, policy, wuhua, box=(LON - 1, LAT - 1, LON + 0.002, LAT + 1))
    assert 0 < len(west) < 40
    assert west["incidents_50m"].equals(found.loc[west.index, "incidents_50m"])


def test_a_point_knows_its_compound_and_its_colour(db, world, policy, wuhua):
    world.camera("c1")
    world.camera("c2", compound_code=None, status="planned")
    world.camera("c3", status="removed")
    world.seen("c1", "down", 2026, 6, 1)
    run = new_run(
        db, analysis=Analysis.RATING, period="2026Q2", as_of=DAY, policy=policy,
        input_digest="x", parameters={}, totals={}, area_code="530102",
    )  # fmt: skip
    db.add(
        Rating(
            run_id=run, area_code=COMMUNITY, compound_code="a", compound_name="a",
            peer_group="old", colour="red", observed=3, counts={}, quality="A", rule="SAF-1",
            reason_zh="", reason_en="",
        )
    )  # fmt: skip
    found = context(db, policy, wuhua)
    assert set(found.index) == {"c1", "c2"}
    shown = ["compound_name", "compound_colour", "state"]
    assert found.loc["c1", shown].tolist() == ["compound a", "red", "down"]
    assert found.loc["c2", "state"] == "planned"
    assert found.loc["c2", "compound_colour"] is None
    assert context(db, policy, wuhua, key="c2").index.tolist() == ["c2"]
    east = (LON + 1, LAT, LON + 2, LAT + 1)
    assert context(db, policy, wuhua, box=east).empty


def test_a_point_on_the_street_has_the_rental_density_of_the_cell_it_stands_in(
    db, world, policy, wuhua
):
    run = new_run(
        db, analysis=Analysis.RENTAL, period=None, as_of=DAY, policy=policy, input_digest="x",
        parameters={}, totals={}, area_code="530102",
    )  # fmt: skip
    compound = {"subject_kind": "compound", "subject_code": "a", "name": "a", "rule": "REN-2",
                "threshold": 0.5, "reason_zh": "", "reason_en": ""}  # fmt: skip
    db.add(RentalResult(run_id=run, area_code=COMMUNITY, rented_per_100=25.0, **compound))
    homes = {"shown": LON + 0.03, "hidden": LON + 0.06}
    names = {key: h3.latlng_to_cell(LAT, lon, 9) for key, lon in homes.items()}
    for key, name in names.items():
        ring = shapely.Polygon([(lon, lat) for lat, lon in h3.cell_to_boundary(name)])
        db.add(RentalCell(run_id=run, area_code=COMMUNITY, h3=name, resolution=9,
                          geom=f"SRID=4326;{ring.wkt}", suppressed=key == "hidden",
                          rented_per_100=None if key == "hidden" else 40.0))  # fmt: skip
    world.camera("c1")
    for number, lon in ((2, homes["shown"]), (3, homes["hidden"]), (4, LON + 0.2)):
        world.camera(f"c{number}", lon=lon, compound_code=None)
    found = context(db, policy, wuhua)[["rental_of", "rented_per_100", "rental_suppressed"]]
    told = found.astype(object).where(found.notna(), None).values.tolist()
    assert told == [["a", 25, False], [names["shown"], 40, False],
                    [names["hidden"], None, True], [None, None, False]]  # fmt: skip
