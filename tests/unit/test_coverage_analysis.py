"""Facility coverage on hand data: every expected figure can be checked with a pencil."""

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gis import policy
from gis.facilities import analysis, reasons
from gis.facilities.rules import CoverageRules

BUILTIN = Path(__file__).parents[2] / "data" / "reference" / "policy.toml"
RULES = CoverageRules.of(policy.load(BUILTIN))
A, B = "530102001001", "530102001002"
STREET, DISTRICT, CITY = "530102001", "530102", "530100"
ORDER = {"none": 0, "below": 1, "met": 2}


def subject(code, kind, households, *, parent=None, new=None, as_of=None):
    return {
        "subject_kind": kind, "subject_code": code, "area_code": code[:12], "parent_code": parent,
        "name": code, "newly_built": new, "households": households, "households_as_of": as_of,
        "households_source": None,
    }  # fmt: skip


def facility(key, area, m2=np.nan, **other):
    return {
        "facility": key, "name": key, "area_code": area, "grid_code": None,
        "function": "service_station", "provision": None, "ownership": None, "status": "open",
        "floor_area_m2": m2, "storeys": np.nan, "is_open": True, "footprint_m2": np.nan, **other,
    }  # fmt: skip


def shares(*rows):
    return pd.DataFrame(rows, columns=["facility", "area_code", "share"])


def run(subjects, facilities, given=(), rules=RULES):
    rows = analysis.coverage(
        pd.DataFrame(subjects), pd.DataFrame(facilities, columns=list(facility("", ""))),
        shares(*given), rules,
    )  # fmt: skip
    return reasons.with_reasons(rows, rules).set_index("subject_code")


def test_thirty_square_metres_per_hundred_households_exactly_are_enough():
    found = run(
        [subject(A, "community", 1000.0), subject(B, "community", 1000.0)],
        [facility("a", A, 300.0), facility("b", B, 299.0)],
    )
    assert found["verdict"].to_dict() == {A: "met", B: "below"}
    assert found["gap_m2"].to_dict() == {A: 0.0, B: 1.0}
    assert found.loc[B, "m2_per_100_households"] == pytest.approx(29.9)
    assert found["required_m2"].tolist() == [300.0, 300.0]


@pytest.mark.parametrize("households", [0.0, np.nan])
def test_no_or_unknown_households_are_never_divided_by(households):
    with np.errstate(all="raise"):
        found = run([subject(A, "community", households)], [facility("a", A, 100.0)]).loc[A]
    assert found["verdict"] == "unknown"
    assert np.isnan(found[["m2_per_100_households", "required_m2", "gap_m2"]].astype(float)).all()
    assert found["floor_area_m2"] == 100.0


def test_no_facility_is_another_answer_than_too_little():
    found = run([subject(A, "community", 200.0)], [])
    assert found.loc[A, "verdict"] == "none"
    assert found.loc[A, "gap_m2"] == 60.0


def test_only_open_facilities_on_the_list_count():
    found = run(
        [subject(A, "community", 100.0)],
        [
            facility("shelter", A, 1000.0, function="shelter"),
            facility("kindergarten", A, 1000.0, function="kindergarten"),
            facility("fire", A, 1000.0, function="fire_station"),
            facility("closed", A, 1000.0, is_open=False),
            facility("culture", A, 20.0, function="culture"),
        ],
    ).loc[A]
    assert (found["facilities"], found["floor_area_m2"], found["gap_m2"]) == (1, 20.0, 10.0)


def test_missing_floor_area_is_footprint_times_storeys_and_marked():
    found = run(
        [subject(A, "community", 1000.0)],
        [
            facility("two storeys", A, footprint_m2=50.0, storeys=2.0),
            facility("no storeys", A, footprint_m2=40.0),
            facility("stated", A, 10.0, storeys=9.0),
            facility("point", A),
        ],
    ).loc[A]
    assert found["floor_area_m2"] == 150.0
    assert found["estimated_m2"] == 140.0
    assert (found["facilities"], found["unmeasured"]) == (4, 1)
    assert "计入设施 4 处、150 m²" in found["reason_zh"]  # the point is one of the four
    assert "140 m² 按占地面积×层数估算，1 处在内而面积不详，只计处数" in found["reason_zh"]
    assert "4 facilities with 150 m²" in found["reason_en"]
    assert "footprint × storeys, 1 facility of unknown area among them" in found["reason_en"]


def test_a_shared_facility_counts_by_share_and_the_host_keeps_the_rest():
    found = run(
        [
            subject(A, "community", 1000.0, parent=STREET),
            subject(B, "community", 1000.0, parent=STREET),
            subject(STREET, "street", np.nan),
        ],
        [facility("a", A, 400.0)],
        [("a", B, 0.25)],
    )
    assert found["floor_area_m2"].to_dict() == {A: 300.0, B: 100.0, STREET: 400.0}
    assert found.loc[STREET, "facilities"] == 1  # one facility, though two communities share it
    assert found["verdict"].to_dict() == {A: "met", B: "below", STREET: "below"}


def test_shares_above_one_are_scaled_so_that_nothing_counts_twice():
    found = run(
        [subject(A, "community", 1000.0), subject(B, "community", 1000.0)],
        [facility("a", A, 300.0)],
        [("a", A, 0.5), ("a", B, 1.0)],
    )
    assert found["floor_area_m2"].tolist() == pytest.approx([100.0, 200.0])


def test_wider_divisions_sum_their_communities_or_say_whose_figure_they_use():
    communities = [
        subject(A, "community", 1000.0, parent=STREET, as_of=date(2026, 6, 30)),
        subject(B, "community", np.nan, parent=STREET),
        subject("530102002001", "community", 400.0, parent="530102002", as_of=date(2026, 3, 31)),
        subject("530102002002", "community", 600.0, parent="530102002", as_of=date(2026, 6, 30)),
    ]
    found = run(
        [
            *communities,
            subject(STREET, "street", 2500.0, parent=DISTRICT),
            subject("530102002", "street", 99.0, parent=DISTRICT),
            subject(DISTRICT, "district", np.nan),
            subject(CITY, "city", np.nan),
        ],
        [facility("street's own", STREET, 30.0)],
    )
    assert found.loc[STREET, ["households", "basis", "lacking"]].tolist() == [2500.0, "own", 1]
    assert found.loc["530102002", ["households", "basis"]].tolist() == [1000.0, "communities"]
    assert found.loc["530102002", "households_as_of"] == date(2026, 3, 31)
    assert found.loc[[DISTRICT, CITY], "verdict"].tolist() == ["unknown", "unknown"]
    assert "1 个社区不详" in found.loc[DISTRICT, "reason_zh"]
    assert found.loc[[STREET, DISTRICT, CITY], "floor_area_m2"].tolist() == [30.0, 30.0, 30.0]


def test_a_grid_counts_what_its_community_keeps_of_what_stands_in_it():
    grid = A + "001"
    found = run(
        [subject(A, "community", 1000.0), subject(grid, "grid", 400.0, parent=A)],
        [facility("a", A, 200.0, grid_code=grid), facility("b", A, 100.0)],
        [("a", B, 0.5)],
    )
    assert found.loc[grid, "floor_area_m2"] == 100.0, "B has the other half of it"
    assert found.loc[grid, "gap_m2"] == 20.0
    assert "for information only" in found.loc[grid, "reason_en"]
    assert found.loc[grid, "floor_rule"] is None


@pytest.mark.parametrize(
    ("households", "new", "ways", "rule", "binding"),
    [
        (1666.0, True, ["new_build"], "FAC-2", "FAC-2"),
        (1667.0, True, ["new_build"], "FAC-2", "FAC-1"),
        (999.0, False, ["rented"], "FAC-3", "FAC-3"),
        (1000.0, False, ["rented"], "FAC-3", "FAC-1"),
        (500.0, True, ["rented"], "FAC-2", "FAC-2"),
        (500.0, None, ["rented", None], "FAC-3", "FAC-3"),
        (500.0, None, ["rented", "new_build"], None, "FAC-1"),
        (500.0, None, [None], None, "FAC-1"),
        (np.nan, True, ["rented"], "FAC-2", "FAC-2"),
        (np.nan, False, ["new_build"], None, None),
    ],
)
def test_the_floor_stands_beside_and_the_larger_need_is_named(households, new, ways, rule, binding):
    found = run(
        [subject(A, "community", households, new=new)],
        [facility(f"f{i}", A, 400.0 / len(ways), provision=way) for i, way in enumerate(ways)],
    ).loc[A]
    assert found["floor_rule"] == rule
    assert found["binding_rule"] == binding
    met = {"FAC-2": False, "FAC-3": True, None: None}[rule]
    assert found["floor_met"] is met or bool(found["floor_met"]) is met
    assert found["verdict"] == ("unknown" if np.isnan(households) else
                                "met" if households <= 1333 else "below")  # fmt: skip


def test_floors_can_be_switched_off(tmp_path):
    own = tmp_path / "own.toml"
    own.write_text("[rules.FAC-2]\nenabled = false\n[rules.FAC-3]\nenabled = false\n")
    rules = CoverageRules.of(policy.load(BUILTIN, own))
    place, room = [subject(A, "community", 500.0, new=True)], [facility("a", A, 9.0)]
    found = run(place, [room[0] | {"provision": "rented"}], rules=rules).loc[A]
    assert found["floor_rule"] is None
    assert found["binding_rule"] == "FAC-1"
    assert found["verdict"] == run(place, room).loc[A, "verdict"]


def test_the_reason_names_rule_threshold_figures_and_source():
    found = run(
        [subject(A, "community", 4000.0, as_of=date(2026, 6, 30))],
        [facility("a", A, 980.0, provision="rented")],
    ).loc[A]
    assert found["reason_zh"] == (
        "FAC-1：每百户 24.5 m²，低于每百户 30 m²（计入设施 1 处、980 m²，4,000 户应有 1,200 m²，"
        "缺 220 m²），户数截至 2026-06-30；另列 FAC-3 下限 300 m²（S3 二(二)），已达到；"
        "依据 S0 四(二)27; S1 四(二); S3 二(二)。"
    )
    assert found["reason_en"] == (
        "FAC-1: 24.5 m² per 100 households is below 30 m² per 100 households (1 facility with "
        "980 m²; 4,000 households need 1,200 m², 220 m² are missing), households as of 2026-06-30; "
        "beside it the FAC-3 floor of 300 m² (S3 二(二)): reached; "
        "source S0 四(二)27; S1 四(二); S3 二(二)."
    )


def test_a_ratio_just_below_the_threshold_does_not_read_like_the_threshold():
    found = run([subject(A, "community", 10_000.0)], [facility("a", A, 2999.9)]).loc[A]
    assert found["reason_en"].startswith("FAC-1: 29.99 m²")


def test_what_is_missing_never_reads_as_nothing():
    found = run([subject(A, "community", 1000.0)], [facility("a", A, 299.999)]).loc[A]
    assert "缺 0.01 m²" in found["reason_zh"]
    assert "0.01 m² are missing" in found["reason_en"]


areas_m2 = st.floats(0.01, 5_000)
parts = st.lists(st.tuples(st.sampled_from(["x", "y", "z"]), st.floats(0.01, 1.0)), max_size=3)


@given(area_m2=areas_m2, given=parts)
def test_sharing_conserves_area(area_m2, given):
    unique = dict(given)
    counted = analysis.premises(pd.DataFrame([facility("f", "x", area_m2)]), RULES)
    found = analysis.allocate(counted, shares(*(("f", c, s) for c, s in unique.items())))
    assert found["area_m2"].sum() == pytest.approx(area_m2, rel=1e-8)
    assert (found["area_m2"] >= 0).all()


@given(
    households=st.integers(1, 20_000), area_m2=st.floats(0, 10_000), more_m2=st.floats(0, 10_000)
)
def test_more_area_never_worsens_the_verdict(households, area_m2, more_m2):
    found = analysis.judge(
        np.array([households, households], float), np.array([area_m2, area_m2 + more_m2]),
        np.array([1, 1]), m2_per_100_households=30.0,
    )  # fmt: skip
    before, after = found["verdict"]
    assert ORDER[after] >= ORDER[before]
    assert found["gap_m2"][1] <= found["gap_m2"][0]
