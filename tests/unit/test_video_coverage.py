"""Covered ground of compounds, on squares whose areas can be counted."""

from dataclasses import fields as fields_of
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shapely
from shapely import LineString, Point, box

from gis import policy
from gis.video.ground import scenes
from gis.video.ground import survey as survey_module
from gis.video.ground.blind import BlindRule, blind_areas, seen_share
from gis.video.ground.coverage import MEASURES, Coverage, Seen, coverage, public_ground
from gis.video.ground.survey import Scene, survey
from gis.video.kernels.obstacles import Obstacles
from gis.video.optics import CameraFields, complete
from gis.video.view_rules import ViewRules

BUILTIN = Path(__file__).parents[2] / "data" / "reference" / "policy.toml"
RULES = ViewRules.of(policy.load(BUILTIN))
NONE = shapely.MultiPolygon()


def shapes(*some):
    return np.array(some, dtype=object)


def seen(fields, potential=None, working=None, assumed=None):
    """One quality level; everything works and is measured unless it is said."""
    n = len(fields)
    column = shapes(*fields).reshape(n, 1)
    return Seen(
        column,
        np.full((n, 1), NONE, dtype=object) if potential is None else shapes(*potential)[:, None],
        np.full(n, True) if working is None else np.array(working),
        np.full(n, False) if assumed is None else np.array(assumed),
    )


def measures(found: Coverage):
    return {name: round(float(found.share(name)[0, 0]), 9) for name in MEASURES}


def test_public_ground_is_the_outline_less_footprints_and_gardens():
    ground = public_ground(
        shapes(box(0, 0, 10, 10), box(20, 0, 30, 10)),
        shapes(box(0, 0, 5, 5), box(8, 8, 25, 12)),
        shapes(box(4, 4, 6, 6)),
    )
    assert shapely.area(ground).tolist() == [100 - 25 - 4 - 3, 100 - 5 * 2]


def test_shares_by_one_by_two_and_by_all():
    """Ten by ten; left half, middle half, right fifth (down): 75 %, 25 %; with it 95 % and 25 %."""
    found, _ = coverage(
        shapes(box(0, 0, 10, 10)),
        seen([box(-9, 0, 5, 10), box(2.5, 0, 7.5, 10), box(7.5, 0, 9.5, 99)],
             working=[True, True, False]),
    )  # fmt: skip
    assert measures(found) == {
        "seen": 0.75, "seen_twice": 0.25, "seen_all": 0.95, "seen_all_twice": 0.25,
        "seen_measured": 0.75, "seen_potential": 0.75,
    }  # fmt: skip


def test_a_broken_second_camera_counts_among_all_only():
    found, _ = coverage(
        shapes(box(0, 0, 10, 10)),
        seen([box(0, 0, 5, 10), box(0, 0, 4, 10)], working=[True, False]),
    )
    assert (measures(found)["seen_twice"], measures(found)["seen_all_twice"]) == (0, 0.4)


def test_what_rests_on_assumptions_and_what_a_turn_would_add():
    found, _ = coverage(
        shapes(box(0, 0, 10, 10)),
        seen([box(0, 0, 4, 10), box(2, 0, 8, 10)], potential=[NONE, box(0, 0, 9, 10)],
             assumed=[False, True]),
    )  # fmt: skip
    assert measures(found)["seen_measured"] == 0.4
    assert measures(found)["seen_potential"] == 0.9


def test_the_failure_that_blinds_most():
    """Alone: the first sees 2.5 of 10, the second 2.5 - 0.5, the third nothing."""
    found, _ = coverage(
        shapes(box(0, 0, 10, 10), box(50, 0, 60, 10)),
        seen([box(0, 0, 5, 10), box(2.5, 0, 7, 10), box(3, 0, 6.5, 10)]),
    )
    assert found.loss_m2[:, 0].tolist() == [25, 5, 0]
    assert (found.loss_compound.tolist(), found.loss_camera.tolist()) == ([0, 0, 0], [0, 1, 2])


def test_a_compound_without_public_ground_has_no_share():
    found, _ = coverage(shapes(NONE), seen([box(0, 0, 1, 1)]))
    assert np.isnan(found.share("seen")[0, 0])


def test_blind_areas_leave_out_strips_and_crumbs():
    public = shapes(box(0, 0, 100, 10), box(200, 0, 210, 10))
    covered = shapes(
        shapely.union_all([box(0, 0, 40, 10), box(41, 0, 60, 10), box(63, 0, 100, 10)]), NONE
    )
    found = blind_areas(public, covered, BlindRule(opening_m=1.0, min_m2=10.0))
    # the strip of 1 m goes, that of 3 x 10 m stays but for its rounded corners
    assert found.compound.tolist() == [1, 0]
    assert found.area_m2 == pytest.approx([100 - 4 + np.pi, 30 - 4 + np.pi], abs=0.1)
    large = BlindRule(opening_m=1.0, min_m2=100.0)
    assert not len(blind_areas(public, covered, large).compound)


def test_places_are_seen_by_point_length_and_area():
    found = seen_share(
        shapes(Point(10.2, 5), Point(11, 5), LineString([(5, 5), (15, 5)]), box(8, 0, 12, 10)),
        shapes(box(0, 0, 10, 10)),
        tolerance_m=0.3,
    )
    assert found == pytest.approx([1, 0, 0.5, 0.5])


def scene(seed, compounds=6, cameras=12, buildings=30):
    """Blocks of 60 m on a grid, houses and cameras anywhere on them."""
    rng = np.random.default_rng(seed)
    x, y = rng.uniform(0, 200, (2, buildings))
    wide, deep, top = rng.uniform(4, 15, (3, buildings))
    kinds = rng.choice(["fixed", "dome_ptz", "panoramic"], cameras)
    direction = np.where(rng.random(cameras) < 0.8, rng.uniform(0, 360, cameras), np.nan)
    fields = replace(
        CameraFields.unknown(kinds), direction_deg=direction, max_distance_m=np.full(cameras, 30.0)
    )
    blocks = [box(70 * (i % 3), 70 * (i // 3), 70 * (i % 3) + 60, 70 * (i // 3) + 60)
              for i in range(compounds)]  # fmt: skip
    houses = Obstacles.of(shapely.box(x, y, x + wide, y + deep), top)
    return Scene(
        shapes(*blocks), shapes(box(0, 0, 9, 9)), houses,
        *rng.uniform(0, 200, (2, cameras)), complete(fields, RULES), rng.random(cameras) < 0.8,
    )  # fmt: skip


def figures(found):
    """All numbers as one flat list."""
    values = [getattr(found, one.name) for one in fields_of(found) if one.name != "shapes"]
    return np.concatenate([one.astype(float).ravel() for one in values])


def digests(of):
    """Of the compounds, as a run keeps them."""
    built = scenes.of_shapes(of.obstacles.polygons, of.obstacles.height_m)
    keys = pd.Series([f"c{n}" for n in range(len(of.x_m))])
    cameras = scenes.of_cameras(of, keys, built, RULES)
    return scenes.of_compounds(of, cameras, built, scenes.of_shapes(of.gardens), RULES)


def moved_camera(before):
    x_m = before.x_m.copy()
    x_m[0] = (x_m[0] + 77) % 200
    return replace(before, x_m=x_m)


def new_building(before):
    of = before.obstacles
    more = Obstacles.of(np.append(of.polygons, box(100, 100, 115, 110)), np.append(of.height_m, 20))
    return replace(before, obstacles=more)


def other_garden(before):
    return replace(before, gardens=shapes(box(140, 0, 149, 9)))


def failed_camera(before):
    return replace(before, working=before.working & (np.arange(len(before.working)) > 0))


@pytest.mark.parametrize("change", [moved_camera, new_building, other_garden, failed_camera])
def test_what_keeps_its_digest_keeps_its_figures_and_the_rest_measured_anew_is_the_whole(change):
    kept = done = 0
    for seed in range(6):
        before = scene(seed)
        after = change(before)
        fresh = np.flatnonzero(digests(before) != digests(after))
        same = np.setdiff1d(np.arange(len(before.outlines)), fresh)
        old, full = (survey(one, RULES, BlindRule()).coverage for one in (before, after))
        part = survey(after, RULES, BlindRule(), compounds=fresh).coverage
        for name in MEASURES:
            one, two, three = (getattr(found, f"{name}_m2") for found in (old, full, part))
            assert one[same] == pytest.approx(two[same], abs=1e-6)
            assert three == pytest.approx(two[fresh], abs=1e-6)
        there = np.isin(full.loss_compound, fresh)
        assert fresh[part.loss_compound].tolist() == full.loss_compound[there].tolist()
        assert part.loss_camera.tolist() == full.loss_camera[there].tolist()
        assert part.loss_m2 == pytest.approx(full.loss_m2[there], abs=1e-6)
        kept, done = kept + len(same), done + len(fresh)
    assert kept > 0
    assert done > 0


def test_batches_and_cores_change_nothing(monkeypatch):
    whole = survey(scene(5), RULES, BlindRule(), workers=1)
    monkeypatch.setattr("gis.video.ground.survey._BATCH", 2)
    parts = survey(scene(5), RULES, BlindRule(), workers=2)
    assert figures(parts.coverage) == pytest.approx(figures(whole.coverage), abs=1e-6)
    assert len(whole.blind.shapes) > 5
    assert figures(parts.blind) == pytest.approx(figures(whole.blind), abs=1e-6)


def test_a_shape_is_reached_by_each_camera_that_is_near_enough_and_by_no_other():
    """Every pair looked at by itself; the index may leave none out."""
    where = scene(5)
    places = shapely.points(where.x_m, where.y_m)
    apart_m = shapely.distance(where.outlines[:, None], places[None, :])
    expected = np.argwhere(apart_m <= where.most_m + 3.0)
    pairs = np.column_stack(where.reached(where.outlines, margin_m=3.0))
    assert 0 < len(pairs) < apart_m.size
    assert sorted(pairs.tolist()) == expected.tolist()


def test_blind_areas_are_the_public_ground_that_no_working_camera_sees():
    """Drawn once more from what a single question draws: `seen_ground`."""
    where = scene(5)
    public, seen = survey_module.seen_ground(where, RULES, levels=slice(0, 1))
    rule = BlindRule(opening_m=0.01, min_m2=0.0)
    found = survey(where, RULES, rule).blind
    expected = shapely.area(shapely.difference(public, seen[:, 0]))
    m2 = np.bincount(found.compound, found.area_m2, minlength=len(public))
    assert m2 == pytest.approx(expected, rel=0.01)
