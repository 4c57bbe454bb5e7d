"""The inventory's pure parts, on rows one can see."""

import pandas as pd

from gis.areas.hierarchy import hierarchy
from gis.video import analysis

GOOD, OTHER = "53010200011327000001", "53010200011327000002"
ABROAD, NEIGHBOUR = "11010500011327000003", "53010300011327000004"


def cameras(**columns):
    size = len(next(iter(columns.values())))
    base = {
        "camera": [f"k{n}" for n in range(size)],
        "area_code": "530102001001",
        "county": "530102",
        "status": "in_use",
        "observed": "working",
        "point_class": "class_3",
        "kind": "fixed",
        "owner_unit": None,
        "has_contact": True,
        "has_installed": True,
        "has_retention": True,
    }
    return pd.DataFrame(base | columns)


def faults_of(ids, listed=("530102", "530103"), ids_expected=True, **columns):
    found = analysis.id_faults(
        cameras(gb28181_id=ids, **columns), listed=listed, outlined={"530102"},
        ids_expected=ids_expected,
    )  # fmt: skip
    return {camera: set(part["fault"]) for camera, part in found.groupby("camera")}


def test_ids_are_held_against_place_and_each_other():
    found = faults_of([GOOD, GOOD, OTHER, ABROAD, NEIGHBOUR, None])
    assert found == {
        "k0": {"id_duplicate"},
        "k1": {"id_duplicate"},
        "k3": {"id_area"},
        "k4": {"id_area"},
        "k5": {"id_missing"},
    }


def test_an_unlisted_division_is_told_and_no_bad_id():
    rows = cameras(gb28181_id=[ABROAD, "53019900011327000001"], county=None).assign(key=False)
    faults = analysis.id_faults(rows, listed={"530102"}, outlined=set(), ids_expected=True)
    assert faults["fault"].tolist() == ["id_unlisted", "id_place"]
    found = analysis.marked(rows, faults, pd.DataFrame({"camera": []}))
    assert found["bad_id"].tolist() == [0, 1]


def test_a_removed_point_may_leave_its_id_to_the_next():
    assert faults_of([GOOD, GOOD], status=["removed", "in_use"]) == {}


def test_a_district_without_such_codes_expects_no_ids():
    assert faults_of([None, ABROAD], ids_expected=False) == {}


def test_class_one_needs_more_fields_than_the_others():
    found = analysis.missing_fields(
        cameras(
            point_class=["class_1", "class_2", None, "class_1", "class_1"],
            has_contact=[False, False, True, True, False],
            has_retention=[False, False, True, True, False],
            status=["in_use", "in_use", "unknown", "in_use", "planned"],
        )
    )
    assert found.to_dict("list") == {
        "camera": ["k0", "k2"],
        "fields": ["contact_unit, retention_days", "point_class"],
    }


def test_working_rate_counts_points_in_use_whose_state_is_known():
    rows = cameras(
        observed=["working", "working", "down", "unknown", "down", "working"],
        status=["in_use", "in_use", "in_use", "in_use", "repair", "planned"],
    ).assign(community="c", key=False)
    none = pd.DataFrame({"camera": [], "fault": []})
    sums = analysis.sums_by(analysis.marked(rows, none, none), "community")
    found = analysis.judged(sums, working_share=0.98, working_share_industries=0.95).loc["c"]
    assert (found["cameras"], found["in_use"], found["known"], found["working"]) == (5, 4, 3, 2)
    assert found["working_share"] == 2 / 3
    assert found["met"] is False


def test_the_threshold_itself_is_met_and_nothing_known_is_no_verdict():
    rows = pd.DataFrame(
        {"working": [98, 0], "known": [100, 0], "key_working": [0, 0], "key_known": [0, 0]}
    )
    found = analysis.judged(rows, working_share=0.98, working_share_industries=0.95)
    assert found["met"].tolist() == [True, None]


def test_key_industries_are_held_against_their_own_threshold():
    rows = pd.DataFrame(
        {"working": [193, 193, 192], "known": [200, 200, 200],
         "key_working": [95, 94, 95], "key_known": [100, 100, 100]}
    )  # fmt: skip
    found = analysis.judged(rows, working_share=0.98, working_share_industries=0.95)
    assert found["met"].tolist() == [True, False, False]  # 98+95, 99+94, 97+95 of 100 each


def test_a_key_industry_is_told_by_the_id_and_without_one_by_the_place():
    rows = pd.DataFrame(
        {
            "gb28181_id": [
                "53010200011327000001",
                "53010200111327000002",
                None,
                "5301020011",
                None,
            ],
            "place_kind": ["车站码头", "居民小区", "车站码头", "车站码头", "交通干线"],
        }
    )
    found = analysis.key_industry(
        rows, public_industries={"00", "01"}, key_place_kinds={"车站码头"}
    )
    assert found.tolist() == [False, True, True, True, False]


def test_counts_name_what_was_not_stated():
    found = analysis.counts(cameras(point_class=["class_1", None, "class_1"], gb28181_id=None))
    by_class = found[found["dimension"] == "point_class"]
    assert by_class["cameras"].tolist() == [2, 1]
    assert by_class["value"].iloc[0] == "class_1"
    assert pd.isna(by_class["value"].iloc[1])


def test_every_division_knows_what_holds_it():
    rows = [
        ("city", "530100", None),
        ("district", "530102", "530100"),
        ("street", "530102001", "530102"),
        ("community", "530102001001", "530102001"),
        ("community", "530102999001", "530102999"),  # a street nobody imported
        ("grid", "530102001001001", "530102001001"),
    ]
    subjects = pd.DataFrame(rows, columns=["subject_kind", "subject_code", "parent_code"])
    found = hierarchy(subjects, district="530102")
    assert found.loc["530102001001"].tolist() == ["530100", "530102", "530102001", "530102001001"]
    assert found.loc["530102999001"].tolist() == ["530100", "530102", None, "530102999001"]
    assert found.loc["530102"].tolist() == ["530100", "530102", None, None]
    assert "530102001001001" not in found.index


def test_a_division_whose_parent_is_not_on_the_register_lies_where_its_code_says():
    subjects = pd.DataFrame(
        [
            ("city", "530100", None),
            ("district", "530102", "530100"),
            ("district", "530103", None),  # the city's code is no prefix, yet it is the city
            ("community", "530102001001", "530102001"),  # its street is missing
        ],
        columns=["subject_kind", "subject_code", "parent_code"],
    )
    found = hierarchy(subjects, district="530100")
    assert found.loc["530103"].tolist() == ["530100", "530103", None, None]
    assert found.loc["530102001001"].tolist() == ["530100", "530102", None, "530102001001"]
