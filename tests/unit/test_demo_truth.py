"""What the demo says it planted is in its files, found here by means of this test's own."""

import json
from datetime import date

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from data.demo import district, kinds
from data.demo.build import generate
from data.demo.incidents import TELECOM

EVERY_KIND = {
    "gap", "overlap", "sliver", "outside_community", "no_worker", "households_low",
    "households_high", "households_unknown", "bad_id", "duplicate_id", "down",
    "compound_without_camera", "missing_direction_deg", "missing_point_class", "missing_height_m",
    "missing_installed_on", "missing_retention_days", "missing_gb28181_id", "hot_compound",
    "small_compound", "stale_households", "mainly_rental", "suspected_group", "facility_estimated",
    "facility_no_area", "facility_shared", "facility_not_open", "facility_not_listed",
    "repair_overdue", "sign_missing", "not_filed", "filed_late", "retention_short",
    "legal_basis_missing", "forbidden_place", "forbidden_view", "blind_court",
}  # fmt: skip
LISTED = {
    "service_station", "party_service", "elderly_care", "child_care", "health_station", "culture",
    "fitness", "meeting_room", "police_room", "convenience",
}  # fmt: skip


class Demo:
    """The files of one small demo, and its truth."""

    def __init__(self, folder, seed):
        files = generate(folder, size="small", seed=seed)
        self.truth = json.loads(files.truth.read_text(encoding="utf-8"))
        self.folder = folder

    def layer(self, name):
        return gpd.read_file(self.folder / f"{name}.gpkg").to_crs(4543)

    def table(self, name):
        return pd.read_csv(self.folder / name, dtype={"gb28181_id": str, "网格编码": str})

    def planted(self, kind):
        return {key for fault in self.faults(kind) for key in fault["keys"]}

    def faults(self, kind):
        return [fault for fault in self.truth["faults"] if fault["kind"] == kind]


@pytest.fixture(scope="module", params=[1, 5])
def demo(request, tmp_path_factory) -> Demo:
    return Demo(tmp_path_factory.mktemp("demo"), request.param)


def test_every_kind_of_fault_is_planted_in_the_smallest_demo(demo):
    assert demo.truth["planted"].keys() == EVERY_KIND


def test_gaps_slivers_and_overlaps_have_the_area_they_are_said_to_have(demo):
    areas, grids = demo.layer("areas"), demo.layer("grids")
    ground = areas.loc[areas["level"] == "district"].geometry.iloc[0]
    together = shapely.union_all(grids.geometry.to_numpy())
    missing = sum(f["figure"] for kind in ("gap", "sliver") for f in demo.faults(kind))
    doubled = sum(f["figure"] for f in demo.faults("overlap"))
    outside = sum(f["figure"] for f in demo.faults("outside_community"))

    assert ground.difference(together).area == pytest.approx(missing, abs=0.5)
    assert together.difference(ground).area == pytest.approx(outside, abs=0.5)
    assert grids.area.sum() - together.area == pytest.approx(doubled, abs=0.5)


def test_households_of_grids_leave_the_range_where_planted_and_nowhere_else(demo):
    grids = demo.layer("grids").set_index("code")["households"]

    assert set(grids[grids < 300].index) == demo.planted("households_low")
    assert set(grids[grids > 500].index) == demo.planted("households_high")
    assert set(grids[grids.isna()].index) == demo.planted("households_unknown")


def test_the_planted_grids_have_nobody_on_duty(demo):
    posts = demo.table("网格岗位.csv")
    staffed = set(posts.loc[posts["离岗日期"].isna(), "网格编码"])

    assert set(demo.layer("grids")["code"]) - staffed == demo.planted("no_worker")


def test_floor_area_by_hand_gives_the_true_gap(demo):
    areas, register = demo.layer("areas"), demo.layer("facilities")
    communities = areas[areas["level"] == "community"].set_index("code")
    counted = dict.fromkeys(communities.index, 0.0)
    for row in register.itertuples():
        if row.status != "open" or row.function not in LISTED:
            continue
        area = row.floor_area_m2
        if pd.isna(area):
            area = row.geometry.area * row.storeys if row.geometry.area else 0.0
        inside = communities.index[communities.contains(row.geometry.representative_point())][0]
        shares = f"{inside}:1" if pd.isna(row.shared_with) else row.shared_with
        for code, share in (part.split(":") for part in shares.split(";")):
            counted[code] += area * float(share)

    for said in demo.truth["communities"]:
        due = 0.30 * communities.loc[said["code"], "households"]
        assert said["required_m2"] == pytest.approx(due, abs=0.01)
        assert said["counted_m2"] == pytest.approx(counted[said["code"]], abs=0.1)
        assert said["gap_m2"] == pytest.approx(max(due - counted[said["code"]], 0), abs=0.1)


def test_only_the_planted_lettings_are_crowded(demo):
    let = gpd.read_parquet(demo.folder / "dwellings.parquet")
    crowded = (let["usable_m2"] / let["occupants"] < 5) | (let["occupants"] > 2 * let["rooms"])
    current = let["ended_on"].isna()

    assert set(let.loc[crowded & current, "key"]) == demo.planted("suspected_group")
    assert (let["floating_occupants"] <= let["occupants"]).all()


def test_only_the_planted_old_compounds_are_mainly_rental(demo):
    compounds = demo.layer("compounds").set_index("code")
    old = compounds[compounds["kind"] == "old"]
    mainly = old.index[old["rented_dwellings"] > 0.5 * old["dwellings"]]

    assert set(mainly) == demo.planted("mainly_rental")


def test_only_the_planted_household_counts_are_older_than_a_year(demo):
    compounds = demo.layer("compounds").set_index("code")
    counted = pd.to_datetime(compounds["households_as_of"]).dt.date

    assert set(compounds.index[counted < date(2025, 9, 30)]) == demo.planted("stale_households")


@pytest.mark.parametrize("only_in_use", [False, True])
def test_only_the_planted_compounds_have_no_camera(demo, only_in_use):
    compounds, rows = demo.layer("compounds"), demo.table("cameras.csv")
    if only_in_use:
        rows = rows[rows["status"] == "in_use"]
    places = gpd.points_from_xy(rows["lon"], rows["lat"], crs=4326).to_crs(4543)
    _, hit = compounds.sindex.query(np.asarray(places), predicate="intersects")

    bare = set(compounds["code"]) - set(compounds["code"].iloc[hit])
    assert bare == demo.planted("compound_without_camera")


def test_camera_ids_are_wrong_doubled_or_missing_where_planted_only(demo):
    ids = demo.table("cameras.csv").set_index("key")["gb28181_id"]
    wrong = ids[~ids.str.fullmatch(r"530102\d{2}\d{2}13[12]\d{7}", na=True)]
    doubled = ids[ids.duplicated(keep=False) & ids.notna()]

    assert set(wrong.index) == demo.planted("bad_id")
    assert set(doubled.index) == demo.planted("duplicate_id")
    assert set(ids[ids.isna()].index) == demo.planted("missing_gb28181_id")


def test_the_points_down_in_the_last_round_are_the_planted_ones(demo):
    seen = demo.table("camera_status.csv").sort_values("observed_at", kind="stable")
    last = seen.groupby("camera_key")["state"].last()

    assert set(last.index[last == "down"]) == demo.planted("down")


def test_no_column_speaks_of_a_person(demo):
    forbidden = ("person", "tenant", "phone", "id_card", "姓名", "电话", "身份证", "plate", "ip")
    for path in demo.folder.glob("*.csv"):
        encoding = "gb18030" if "gcj02" in path.name else "utf-8"
        columns = path.read_text(encoding=encoding).splitlines()[0].replace('"', "").split(",")
        assert not [name for name in columns if name in forbidden]


def test_incidents_follow_the_true_rates():
    """Totals of a Poisson with the true rates: within four standard deviations, by kind."""
    world = district.draw("district", 1)
    made, homes = world.incidents, world.compounds
    rated = (made.compound >= 0) & (made.category != TELECOM)
    happened = np.bincount(made.compound[rated], minlength=len(homes))
    expected = homes.households * homes.rate * 3

    for number in range(len(kinds.KINDS)):
        of_kind = homes.kind == number
        mean = expected[of_kind].sum()
        assert happened[of_kind].sum() == pytest.approx(mean, abs=4 * np.sqrt(mean))
    per_1000 = 1000 * happened.sum() / homes.households.sum() / 3
    assert 5 < per_1000 < 8
    short = [c["verdict"] != "met" for c in _verdicts(world)]
    assert np.mean(short) == pytest.approx(1 / 3, abs=0.06)


def _verdicts(world):
    from data.demo import truth

    return truth.communities_truth(world.divisions.codes.tolist(), world.households, world.register)
