"""Ranges, angles and ground bands of cameras, by formulas worked by hand."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gis import policy
from gis.errors import BadPolicy
from gis.video.optics import (
    CameraFields,
    angular_range_m,
    complete,
    field_angle_deg,
    ground_band_m,
    range_m,
)
from gis.video.rules import GroundRules
from gis.video.view_rules import ViewRules

BUILTIN = Path(__file__).parents[2] / "data" / "reference" / "policy.toml"
RULES = ViewRules.of(policy.load(BUILTIN))
LEVELS = np.array([25.0, 62.5, 125.0, 250.0])


def cameras(*kinds, **recorded):
    """Cameras of these kinds, with the same recorded values for all."""
    blank = CameraFields.unknown(np.array(kinds))
    return replace(
        blank, **{name: np.full(len(kinds), float(value)) for name, value in recorded.items()}
    )


@pytest.mark.parametrize(
    ("width_px", "focal_mm", "expected_m"),
    [
        # D = W·f / (ppm·5.4 mm); 1920·4 / (25·5.4) = 56.9
        (1920, 2.8, [39.8, 15.9, 8.0, 4.0]),
        (1920, 4, [56.9, 22.8, 11.4, 5.7]),
        (2560, 4, [75.9, 30.3, 15.2, 7.6]),
        (2560, 12, [227.6, 91.0, 45.5, 22.8]),
        (3840, 4, [113.8, 45.5, 22.8, 11.4]),
    ],
)
def test_ranges_of_the_quality_levels(width_px, focal_mm, expected_m):
    by_lens = range_m(width_px, focal_mm, 5.4, LEVELS)
    assert np.round(by_lens, 1).tolist() == expected_m
    by_angle = angular_range_m(
        np.array(width_px), field_angle_deg(np.array(5.4), np.array(focal_mm)), LEVELS,
        rectilinear_max_deg=120.0,
    )  # fmt: skip
    assert by_angle == pytest.approx(by_lens, rel=1e-12)


def test_a_stitched_picture_spreads_its_pixels_over_the_angle():
    found = angular_range_m(
        np.array(3600.0), np.array(180.0), np.array(25.0), rectilinear_max_deg=120.0
    )
    assert found == pytest.approx(3600 / (25 * math.pi))


def test_the_angle_of_a_lens_as_long_as_half_its_sensor_is_a_right_angle():
    assert field_angle_deg(np.array(5.4), np.array(2.7)) == pytest.approx(90.0)


def test_ground_band():
    """H 4.7, h 1.7: 3 m above. tilt 30 ± 15: 3/tan 45 = 3 and 3/tan 15 = 11.196."""
    tilt = np.array([30.0, 15.0, 80.0, 30.0, -40.0])
    height = np.array([4.7, 4.7, 4.7, 1.5, 4.7])
    near, far = ground_band_m(height, tilt, np.full(5, 30.0), target_height_m=1.7)
    # level upper edge: no far limit; picture straight down: no near one; camera below the
    # target: neither; a picture of the sky: no ground at all
    assert near == pytest.approx([3.0, 3 / math.tan(math.radians(30)), 0, 0, math.inf])
    assert far[0] == pytest.approx(3 / math.tan(math.radians(15)))
    assert far[1] == math.inf
    assert far[3] == math.inf


def test_recorded_fields_are_used_and_nothing_is_assumed():
    full = cameras(
        "fixed", direction_deg=90, vfov_deg=30, tilt_deg=30, height_m=4.7, focal_mm=4,
        sensor_width_mm=5.4, width_px=1920, height_px=1080,
    )  # fmt: skip
    found = complete(full, RULES)
    assert not found.assumed.any()
    assert found.near_m == pytest.approx([3.0])
    # detect would reach 56.9 m, but the upper edge of the picture ends at 11.196 m
    assert found.reach_m[0, 0] == pytest.approx(3 / math.tan(math.radians(15)))
    # identify: 5.69 m along the line of sight are sqrt(5.69² − 3²) on the ground
    line_m = 1920 * 4 / (250 * 5.4)
    assert found.reach_m[0, 3] == pytest.approx(math.sqrt(line_m**2 - 9))
    assert (found.assured[0], found.potential[0]) == (True, False)


def test_missing_fields_are_filled_by_kind_and_marked():
    found = complete(cameras("fixed", "dome_ptz", "no such kind", height_m=5), RULES)
    # angle, resolution, height, tilt, vertical angle
    assert found.assumed.tolist() == [[True, True, False, True, True]] * 3
    assert found.hfov_deg[0] == pytest.approx(2 * math.degrees(math.atan(5.4 / 8)))
    assert found.hfov_deg[2] == found.hfov_deg[0]


def test_the_maximum_distance_cuts_every_level():
    found = complete(cameras("fixed", max_distance_m=10, direction_deg=0), RULES)
    assert found.reach_m[0, :2].tolist() == [10, 10]
    assert found.reach_m[0, 3] < 10


def test_home_position_and_potential_are_kept_apart():
    known, unknown = (cameras("fixed", "dome_ptz", **more) for more in ({"direction_deg": 45}, {}))
    assert complete(known, RULES).assured.tolist() == [True, True]
    assert complete(known, RULES).potential.tolist() == [False, True]
    assert complete(unknown, RULES).assured.tolist() == [False, False]
    assert complete(unknown, RULES).potential.tolist() == [True, True]
    zoom = complete(cameras("ptz", focal_mm=5, focal_max_mm=50, height_m=1.7), RULES)
    assert zoom.potential_reach_m == pytest.approx(10 * zoom.reach_m)


def test_a_zoom_is_wide_at_home_unless_said_and_long_where_it_may_turn():
    """4.8 to 120 mm, 1920 px: 1920·4.8/(25·5.4) = 68.3 m at home, 25 times that when it turns."""
    known = {"height_m": 1.7, "sensor_width_mm": 5.4, "width_px": 1920, "direction_deg": 0}
    zoom = complete(cameras("ptz", focal_min_mm=4.8, focal_max_mm=120, **known), RULES)
    assert zoom.reach_m[0, 0] == pytest.approx(1920 * 4.8 / (25 * 5.4))
    assert zoom.hfov_deg[0] == pytest.approx(2 * math.degrees(math.atan(5.4 / 9.6)))
    assert zoom.potential_reach_m == pytest.approx(25 * zoom.reach_m)
    assert not zoom.assumed[0, 0]
    stated = complete(
        cameras("ptz", focal_min_mm=4.8, focal_max_mm=120, focal_mm=12, **known), RULES
    )
    assert stated.reach_m[0, 0] == pytest.approx(1920 * 12 / (25 * 5.4))
    assert stated.potential_reach_m == pytest.approx(zoom.potential_reach_m)


def test_what_a_turning_camera_could_show_is_assumed_without_its_long_end():
    full = {"direction_deg": 0, "vfov_deg": 30, "tilt_deg": 30, "height_m": 4, "focal_mm": 4,
            "sensor_width_mm": 5.4, "width_px": 1920, "height_px": 1080}  # fmt: skip
    kinds = ("fixed", "dome_ptz", "panoramic")
    without, with_ = (
        complete(cameras(*kinds, **full, **more), RULES) for more in ({}, {"focal_max_mm": 40})
    )
    assert not without.assumed.any()
    assert without.potential_assumed.tolist() == [False, True, False]
    assert not with_.potential_assumed.any()
    no_wide_end = complete(cameras("ptz", focal_max_mm=40, sensor_width_mm=5.4), RULES)
    assert no_wide_end.assumed[0, 0]


def test_a_long_end_over_a_default_lens_is_assumed_where_the_camera_may_turn():
    """Angle on record, so nothing else is assumed; 120 mm over the kind's own lens is no record."""
    full = {"direction_deg": 0, "hfov_deg": 60, "vfov_deg": 30, "tilt_deg": 30, "height_m": 4,
            "width_px": 1920, "height_px": 1080, "focal_max_mm": 120}  # fmt: skip
    kinds = ("fixed", "dome_ptz", "panoramic")
    found = complete(cameras(*kinds, **full), RULES)
    assert not found.assumed.any()
    assert found.potential_assumed.all()
    for lens in ("focal_mm", "focal_min_mm"):
        assert not complete(cameras(*kinds, **full, **{lens: 4}), RULES).potential_assumed.any()


def test_a_stitched_picture_has_its_pixels_spread_over_its_whole_angle():
    """1920 pixels round the whole circle are 305.6 to the radian, whatever lens each part has."""
    known = {"sensor_width_mm": 5.4, "focal_mm": 4, "width_px": 1920, "vfov_deg": 90,
             "tilt_deg": 20, "height_m": 1.7}  # fmt: skip
    found = complete(cameras("panoramic", hfov_deg=360, **known), RULES)
    assert found.reach_m[0] == pytest.approx([12.223, 4.889, 2.445, 1.222], abs=0.001)
    one_lens = complete(cameras("panoramic", hfov_deg=68, **known), RULES)
    assert one_lens.reach_m[0, 0] == pytest.approx(56.889, abs=0.001)


def test_a_view_all_round_needs_no_direction():
    found = complete(cameras("panoramic", hfov_deg=360), RULES)
    assert found.assured.tolist() == [True]
    assert found.direction_deg.tolist() == [0.0]


def test_uneven_lists_in_the_policy_are_refused(tmp_path):
    own = tmp_path / "own.toml"
    own.write_text("[rules.VIEW]\ndefault_height_m = [3.5]\n")
    with pytest.raises(BadPolicy, match="one entry per kind"):
        ViewRules.of(policy.load(BUILTIN, own))
    own.write_text("[rules.VIEW]\nquality_px_per_m = [250.0, 25.0]\n")
    with pytest.raises(BadPolicy, match="quality"):
        ViewRules.of(policy.load(BUILTIN, own))


@pytest.mark.parametrize("deepest", [0, 1])
def test_depths_that_end_before_the_second_camera_are_refused(tmp_path, deepest):
    own = tmp_path / "own.toml"
    own.write_text(f"[rules.VID-2]\ndeepest = {deepest}\n")
    with pytest.raises(BadPolicy, match=r"至少为 2 / VID-2\.deepest: must be 2 or more"):
        GroundRules.of(policy.load(BUILTIN, own))
    own.write_text("[rules.VID-2]\ndeepest = 2\n")
    assert GroundRules.of(policy.load(BUILTIN, own)).deepest == 2
