"""Grid audit on hand-made ground, in metres: planted faults are found, and nothing else."""

from itertools import combinations, product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import box

from gis import policy
from gis.grids import analysis, reasons
from gis.grids.pieces import is_narrow, split
from gis.grids.rules import AuditRules
from gis.grids.staffing import audit_staffing

BUILTIN = Path(__file__).parents[2] / "data" / "reference" / "policy.toml"
RULES = AuditRules.of(policy.load(BUILTIN))
C1, C2 = "530102001001", "530102001002"
HOME = {C1: box(0, 0, 300, 300)}


def nine(x_m=0.0, community=C1):
    """Nine squares of 100 m, row by row from below, that tile a community at ``x_m``."""
    cells = [box(x_m + 100 * i, 100 * j, x_m + 100 * (i + 1), 100 * (j + 1))
             for j, i in product(range(3), range(3))]  # fmt: skip
    return {f"{community}{n:03d}": cell for n, cell in enumerate(cells, start=1)}


def audit(grids, communities=HOME, wider=None, owners=None):
    codes = list(grids)
    frame = pd.DataFrame(
        {
            "code": codes,
            "area_code": [(owners or {}).get(code, code[:12]) for code in codes],
            "geom": pd.Series(list(grids.values()), dtype=object),
        }
    )
    places = analysis.outlines(
        _outlines(communities), _outlines(wider or {}), district_code="530102"
    )
    return analysis.audit_ground(analysis.grids(frame, places), places, RULES)


def _outlines(named):
    return pd.DataFrame(
        {"code": list(named), "geom": pd.Series(list(named.values()), dtype=object)}
    )


def kinds(found):
    return sorted(found["kind"])


def only(found):
    assert len(found) == 1, found
    return found.iloc[0]


def test_a_clean_tiling_has_no_findings():
    assert audit(nine()).empty


def test_grids_without_matching_vertices_are_not_a_fault():
    grids = nine()
    grids[C1 + "001"] = box(0, 0, 200, 100)
    del grids[C1 + "002"]
    assert audit(grids).empty


def test_edges_bent_by_reprojection_are_rounding():
    """A straight edge of 1 km may bend by 1 cm: 6.7 m² of hairline, though above 1 m²."""
    bend = [(1000 * t, 100 + 0.01 * 4 * t * (1 - t)) for t in np.linspace(0, 1, 51)]
    grids = {
        C1 + "001": box(0, 0, 1000, 100),
        C1 + "002": shapely.Polygon([*bend, (1000, 200), (0, 200)]),
    }
    assert shapely.area(box(0, 0, 1000, 200)) - sum(g.area for g in grids.values()) > 6
    assert audit(grids, {C1: box(0, 0, 1000, 200)}).empty


def test_a_missing_cell_is_a_gap_however_wide():
    grids = nine()
    del grids[C1 + "005"]
    found = only(audit(grids))
    assert found["kind"] == "gap"
    assert found["area_code"] == C1
    assert found["area_m2"] == pytest.approx(10_000.0)
    assert found["geom"].equals_exact(box(100, 100, 200, 200).normalize(), 1e-6) or (
        found["geom"].symmetric_difference(box(100, 100, 200, 200)).area < 1e-6
    )
    assert found["grid_codes"].count(",") == 7  # all eight grids round it


def test_a_community_without_any_grid_is_one_gap():
    found = only(audit(nine(), {**HOME, C2: box(300, 0, 600, 300)}))
    assert (found["kind"], found["area_code"]) == ("gap", C2)
    assert found["area_m2"] == pytest.approx(90_000.0)


def test_a_narrow_gap_is_a_sliver_with_its_width():
    grids = nine()
    for number in ("001", "004", "007"):
        grids[C1 + number] = shapely.intersection(grids[C1 + number], box(0, 0, 99, 300))
    found = only(audit(grids))
    assert (found["kind"], found["origin"]) == ("sliver", "gap")
    assert found["area_m2"] == pytest.approx(300.0)
    assert found["figure"] == pytest.approx(2 * 300 / 602)
    assert found["threshold"] == 2.0


def test_a_gap_below_one_square_metre_is_rounding():
    grids = nine()
    grids[C1 + "005"] = shapely.difference(grids[C1 + "005"], box(100, 100, 100.9, 101.1))
    assert audit(grids).empty
    grids[C1 + "005"] = shapely.difference(grids[C1 + "005"], box(100, 100, 101.1, 101.1))
    assert kinds(audit(grids)) == ["sliver"]


def test_an_overlap_names_both_grids():
    grids = nine()
    grids[C1 + "001"] = box(0, 0, 110, 100)
    found = only(audit(grids))
    assert (found["kind"], found["grid_codes"]) == ("overlap", f"{C1}001,{C1}002")
    assert found["area_m2"] == pytest.approx(1_000.0)


@pytest.mark.parametrize("extra", [box(0, 0, 100, 100), box(20, 20, 60, 60), box(0, 0, 300, 300)])
def test_a_grid_on_top_of_others_is_found(extra):
    found = audit({**nine(), C1 + "010": extra})
    assert set(found["kind"]) == {"overlap"}
    assert found["area_m2"].sum() == pytest.approx(extra.area)


def test_three_grids_on_one_spot_are_three_pairs():
    grids = {C1 + f"{n:03d}": box(0, 0, 300, 300) for n in (1, 2, 3)}
    assert kinds(audit(grids)) == ["overlap"] * 3


def test_a_grid_that_leaves_its_community():
    communities = {**HOME, C2: box(300, 0, 600, 300)}
    grids = {**nine(), **nine(300, C2)}
    grids[C1 + "003"] = box(200, 0, 330, 100)
    grids[C2 + "001"] = box(330, 0, 400, 100)
    found = only(audit(grids, communities))
    assert (found["kind"], found["grid_codes"]) == ("outside_community", C1 + "003")
    assert found["area_m2"] == pytest.approx(3_000.0)


def test_a_strip_over_the_border_is_reported_once():
    communities = {**HOME, C2: box(300, 0, 600, 300)}
    grids = {**nine(), **nine(300, C2)}
    grids[C1 + "003"] = box(200, 0, 301, 100)
    found = only(audit(grids, communities))
    assert (found["kind"], found["origin"]) == ("sliver", "overlap")


def test_a_grid_of_a_community_that_is_not_on_the_register():
    found = audit({**nine(), "530102009009001": box(300, 0, 400, 100)})
    assert kinds(found) == ["outside_community"]


def test_an_exclave_belongs_to_the_community():
    exclave = box(1000, 1000, 1100, 1100)
    communities = {C1: shapely.union_all([HOME[C1], exclave])}
    assert audit({**nine(), C1 + "010": exclave}, communities).empty
    found = only(audit(nine(), communities))
    assert (found["kind"], found["grid_codes"]) == ("gap", "")
    assert found["geom"].symmetric_difference(exclave).area < 1e-6


def test_ground_between_communities_is_a_gap_of_the_street():
    communities = {**HOME, C2: box(310, 0, 610, 300)}
    wider = {"530102001": box(0, 0, 610, 300), "530102": box(-50, 0, 610, 300)}
    found = audit({**nine(), **nine(310, C2)}, communities, wider)
    assert kinds(found) == ["gap", "gap"]
    assert found.set_index("area_code")["area_m2"].to_dict() == pytest.approx(
        {"530102001": 3_000.0, "530102": 15_000.0}
    )


def test_without_wider_outlines_enclosed_ground_is_seen():
    ring = shapely.difference(box(0, 0, 300, 300), box(100, 100, 200, 200))
    grids = nine()
    del grids[C1 + "005"]
    found = only(audit(grids, {C1: ring}))
    assert (found["kind"], found["area_code"]) == ("gap", "530102")
    assert audit(nine(), {C1: ring})["kind"].tolist() == ["outside_community"]


def test_grids_without_any_outline_still_show_holes_and_overlaps():
    grids = nine()
    del grids[C1 + "005"]
    grids[C1 + "001"] = box(0, 0, 110, 100)
    assert kinds(audit(grids, {})) == ["gap", "overlap"]
    assert kinds(audit(grids, {C1: None})) == ["gap", "overlap"]


def test_a_crumb_of_a_grid_is_a_sliver():
    grids = nine()
    crumb = box(100, 100, 101, 150)
    grids[C1 + "001"] = shapely.union_all(
        [grids[C1 + "001"], crumb.intersection(box(100, 110, 101, 150))]
    )
    grids[C1 + "005"] = shapely.difference(grids[C1 + "005"], grids[C1 + "001"])
    found = only(audit(grids))
    assert (found["kind"], found["origin"], found["grid_codes"]) == ("sliver", "sliver", C1 + "001")


def test_a_bow_tie_is_mended_and_audited():
    grids = nine()
    grids[C1 + "001"] = shapely.Polygon([(0, 0), (100, 100), (100, 0), (0, 100)])
    found = audit(grids)
    assert set(found["kind"]) == {"gap"}
    assert found["area_m2"].sum() == pytest.approx(5_000.0, rel=1e-3)


def test_hairlines_do_not_tie_pieces_together():
    ground = shapely.union_all([box(0, 0, 10, 10), box(10, 5, 90, 5.01), box(90, 0, 100, 10)])
    pieces, of = split(np.array([ground]), min_m2=1.0, rounding_width_m=0.05)
    assert shapely.area(pieces).tolist() == pytest.approx([100.0, 100.0])
    assert of.tolist() == [0, 0]


def test_narrow_asks_for_a_circle_not_for_a_mean():
    wing = shapely.union_all([box(0, 0, 1000, 0.5), box(0, 0, 3, 3)])  # narrow but for one end
    found = is_narrow(np.array([wing, box(0, 0, 1000, 0.5), box(0, 0, 3, 3)]), width_m=2.0)
    assert found.tolist() == [False, True, False]


def test_staff_and_size():
    grids = pd.DataFrame(
        {
            "code": list("abcdef"), "area_code": C1, "posts": [1, 0, 1, 2, 1, 1],
            "households": [300.0, 500.0, 299.0, 501.0, np.nan, 0.0],
            "area_m2": 1.0, "geom": pd.Series([box(0, 0, 1, 1)] * 6, dtype=object),
        }
    )  # fmt: skip
    found = audit_staffing(grids, RULES)
    assert dict(found.groupby("kind")["grid_codes"].agg("".join)) == {
        "no_worker": "b", "households_low": "cf", "households_high": "d",
        "households_unknown": "e",
    }  # fmt: skip


def test_the_reason_names_rule_figures_threshold_and_source():
    grids = nine()
    grids[C1 + "001"] = box(0, 0, 110, 100)
    worded = reasons.with_reasons(audit(grids).assign(network="unified"), RULES)
    assert worded["rule"].tolist() == ["GRD-1"]
    assert worded["reason_zh"].tolist() == [
        f"GRD-1：统一网格在 {C1} 重叠 1,000 m²（≥ 1 m² 即计），网格 {C1}001,{C1}002；"
        "依据 S0 二(三)7; S3 二(八)。"
    ]
    assert worded["reason_en"].tolist() == [
        f"GRD-1: unified grids in {C1}: {C1}001, {C1}002 overlap by 1,000 m² (counted from 1 m²); "
        "source S0 二(三)7; S3 二(八)."
    ]


edge = st.integers(-12, 12)


@settings(max_examples=60, deadline=None)
@given(moves=st.lists(st.tuples(st.integers(0, 8), edge, edge), max_size=4))
def test_shifted_grids_agree_with_the_overlay_of_everything_with_everything(moves):
    """Second opinion: areas by plain pairwise overlay, no tree, no coverage functions."""
    grids = nine()
    for index, dx, dy in moves:
        code = list(grids)[index]
        grids[code] = shapely.transform(grids[code], lambda xy, d=(dx, dy): xy + d)
    found = audit(grids)
    by_origin = found.groupby("origin")["area_m2"].sum()
    covered = shapely.union_all(list(grids.values()))
    gap_m2 = HOME[C1].difference(covered).area
    overlap_m2 = sum(a.intersection(b).area for a, b in combinations(grids.values(), 2))
    assert by_origin.get("gap", 0.0) == pytest.approx(gap_m2, abs=0.01)
    assert by_origin.get("overlap", 0.0) == pytest.approx(overlap_m2, abs=0.01)
    wide = [g.difference(HOME[C1]) for g in grids.values()]
    outside_m2 = sum(g.area for g in wide if not g.is_empty and not g.buffer(-1).is_empty)
    assert found.loc[found["kind"] == "outside_community", "area_m2"].sum() == pytest.approx(
        outside_m2, abs=0.01
    )
