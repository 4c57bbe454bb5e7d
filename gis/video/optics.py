"""From a camera's catalogue fields to angles and ground distances; pure arrays, one entry each.

Bearings are degrees clockwise from north, tilts degrees below the horizon, distances metres along
the ground. Quality levels: EN 62676-4.
"""

from dataclasses import dataclass

import numpy as np

from gis.arrays import Flags, Floats, Words
from gis.video.view_rules import ViewRules

ZOOMING = ("ptz", "dome_ptz", "dome_remote")
TURNING = (*ZOOMING, "panoramic")


@dataclass(frozen=True)
class CameraFields:
    """Catalogue fields of n cameras as they were recorded; NaN where nothing was.

    ``kind`` holds `CameraKind` words, ``direction_deg`` is NaN for unknown or all-round views.
    ``focal_mm`` is the lens, or where a zoom stands at home; ``focal_min_mm``, ``focal_max_mm`` are
    the wide and the long end of a zoom (NaN: not known).
    """

    kind: Words
    direction_deg: Floats
    hfov_deg: Floats
    vfov_deg: Floats
    tilt_deg: Floats
    height_m: Floats
    max_distance_m: Floats
    focal_mm: Floats
    focal_min_mm: Floats
    focal_max_mm: Floats
    sensor_width_mm: Floats
    width_px: Floats
    height_px: Floats

    @classmethod
    def unknown(cls, kind: Words) -> "CameraFields":
        """Cameras of which only the kind is known; use `dataclasses.replace` to add fields."""
        blank = np.full(len(kind), np.nan)
        return cls(kind, *(blank for _ in range(12)))


@dataclass(frozen=True)
class Optics:
    """What n cameras can show on open ground, q quality levels (weakest first).

    ``reach_m`` (n, q): farthest ground distance of the home position; ``potential_reach_m`` (n, q)
    the same at the long end of the zoom; 0 where a level is never reached. ``near_m``: the ground
    nearer than this is under the picture. ``assured``: the home position is known. ``potential``:
    the camera turns, or its direction is unknown, so it may look anywhere within its potential
    reach. ``assumed`` (n, 5): whether angle, resolution, height, tilt and vertical angle rest
    on the policy's defaults. ``potential_assumed`` (n,): any of them does, or a zoom of a kind that
    has one is not on record and is taken for none, or only its long end is.
    """

    direction_deg: Floats
    hfov_deg: Floats
    vfov_deg: Floats
    tilt_deg: Floats
    height_m: Floats
    near_m: Floats
    reach_m: Floats
    potential_reach_m: Floats
    assured: Flags
    potential: Flags
    assumed: Flags
    potential_assumed: Flags


def field_angle_deg(size_mm: Floats, focal_mm: Floats) -> Floats:
    """Angle of view 2·atan(s / 2f)."""
    return np.asarray(np.degrees(2 * np.arctan(size_mm / (2 * focal_mm))))


def range_m(
    width_px: Floats, focal_mm: Floats, sensor_width_mm: Floats, px_per_m: Floats
) -> Floats:
    """Distance at which a metre still has ``px_per_m`` pixels: D = W·f / (ppm·s)."""
    return np.asarray(width_px * focal_mm / (px_per_m * sensor_width_mm))


def angular_range_m(
    width_px: Floats, hfov_deg: Floats, px_per_m: Floats, *, rectilinear_max_deg: float
) -> Floats:
    """The same distance from the angle of view: W / (ppm·2·tan(HFOV/2)).

    Above ``rectilinear_max_deg`` pictures are stitched or fisheye, with pixels spread evenly over
    the angle: W / (ppm·HFOV in radians).
    """
    angle = np.radians(hfov_deg)
    flat = 2 * np.tan(np.minimum(angle, np.radians(rectilinear_max_deg)) / 2)
    return np.asarray(width_px / (px_per_m * np.where(hfov_deg > rectilinear_max_deg, angle, flat)))


def ground_band_m(
    height_m: Floats, tilt_deg: Floats, vfov_deg: Floats, *, target_height_m: float
) -> tuple[Floats, Floats]:
    """Nearest and farthest ground distance at which the target's top is in the picture.

    (H−h)/tan(tilt+v/2) and (H−h)/tan(tilt−v/2); 0 where the picture reaches straight down, infinite
    where it reaches the horizon. A camera no higher than the target has no such limits.
    """
    above = np.maximum(height_m - target_height_m, 0.0)
    low, high = (np.radians(tilt_deg + sign * vfov_deg / 2) for sign in (1, -1))
    with np.errstate(divide="ignore", invalid="ignore"):
        near = np.where((low >= np.pi / 2) | (above == 0), 0.0, above / np.tan(low))
        far = np.where((high <= 0) | (above == 0), np.inf, above / np.tan(high))
    return np.where(low <= 0, np.where(above == 0, 0.0, np.inf), near), np.maximum(far, 0.0)


def complete(fields: CameraFields, rules: ViewRules) -> Optics:
    """Angles and reaches of every camera, with defaults where its record is silent.

    A range D runs along the line of sight, so its ground distance is sqrt(D² − (H−h)²). Reaches
    are cut by the recorded maximum distance and by the upper edge of the picture.
    """
    lens = _lens(fields, rules)
    height_m = _filled(fields.height_m, _default("height_m", fields, rules))
    tilt_deg = _filled(fields.tilt_deg, _default("tilt_deg", fields, rules))
    vfov_deg = _filled(fields.vfov_deg, _vertical_deg(lens.hfov_deg, fields, rules))
    near_m, far_m = ground_band_m(
        height_m, tilt_deg, vfov_deg, target_height_m=rules.target_height_m
    )
    above_m = np.maximum(height_m - rules.target_height_m, 0.0)[:, None]
    cut_m = np.fmin(fields.max_distance_m, np.inf)[:, None]
    assumed = _assumed(fields, lens.recorded)
    directed = ~np.isnan(fields.direction_deg) | (lens.hfov_deg >= 360)
    return Optics(
        direction_deg=np.where(lens.hfov_deg >= 360, 0.0, fields.direction_deg),
        hfov_deg=lens.hfov_deg,
        vfov_deg=vfov_deg,
        tilt_deg=tilt_deg,
        height_m=height_m,
        near_m=near_m,
        reach_m=np.minimum(_on_ground(lens.line_m, above_m), np.minimum(cut_m, far_m[:, None])),
        potential_reach_m=np.minimum(_on_ground(lens.line_m * lens.zoom[:, None], above_m), cut_m),
        assured=directed,
        potential=~directed | np.isin(fields.kind, TURNING),
        assumed=assumed,
        potential_assumed=assumed.any(axis=1) | _zoom_assumed(fields),
    )


@dataclass(frozen=True)
class _Lens:
    """Field angle, range per level along the line of sight, zoom factor, lens on record."""

    hfov_deg: Floats
    line_m: Floats
    zoom: Floats
    recorded: Flags


def _lens(fields: CameraFields, rules: ViewRules) -> _Lens:
    """A recorded angle goes before one from sensor and focal length; ranges the other way round.

    But for recorded angles that no single lens has: what it shows is a part of that picture. A zoom
    stands at its wide end unless its record says where.
    """
    sensor_mm = _filled(
        fields.sensor_width_mm, np.full(len(fields.kind), rules.sensor_width_mm)
    )  # fmt: skip
    stated_mm = _filled(fields.focal_mm, fields.focal_min_mm)
    focal_mm = _filled(stated_mm, _default("focal_mm", fields, rules))
    width_px = _filled(fields.width_px, _default("width_px", fields, rules))[:, None]
    recorded = ~np.isnan(stated_mm) & ~np.isnan(fields.sensor_width_mm)
    usual_deg = _default("hfov_deg", fields, rules)
    by_kind = ~recorded & (usual_deg > 0)
    angle_deg = np.where(by_kind, usual_deg, field_angle_deg(sensor_mm, focal_mm))
    hfov_deg = _filled(fields.hfov_deg, angle_deg)
    px_per_m = np.array(rules.quality_px_per_m)
    stitched = fields.hfov_deg > rules.rectilinear_max_deg
    by_lens = (recorded & ~stitched) | (np.isnan(fields.hfov_deg) & ~by_kind)
    line_m = np.where(
        by_lens[:, None],
        range_m(width_px, focal_mm[:, None], sensor_mm[:, None], px_per_m),
        angular_range_m(
            width_px, hfov_deg[:, None], px_per_m, rectilinear_max_deg=rules.rectilinear_max_deg
        ),
    )
    return _Lens(hfov_deg, line_m, np.fmax(fields.focal_max_mm / focal_mm, 1.0), recorded)


def _default(name: str, fields: CameraFields, rules: ViewRules) -> Floats:
    kinds = (kind if kind in rules.defaults else "other" for kind in fields.kind.tolist())
    return np.array([getattr(rules.defaults[kind], name) for kind in kinds], dtype=np.float64)


def _filled(recorded: Floats, default: Floats) -> Floats:
    return np.where(np.isnan(recorded), default, recorded)


def _vertical_deg(hfov_deg: Floats, fields: CameraFields, rules: ViewRules) -> Floats:
    """From the horizontal angle and the shape of the picture; evenly spread for wide pictures."""
    aspect = _filled(fields.height_px / fields.width_px, np.full(len(hfov_deg), rules.aspect))
    flat = np.radians(np.minimum(hfov_deg, rules.rectilinear_max_deg))
    rectilinear = np.degrees(2 * np.arctan(np.tan(flat / 2) * aspect))
    wide = np.minimum(hfov_deg * aspect, 180.0)
    return np.where(hfov_deg > rules.rectilinear_max_deg, wide, rectilinear)


def _on_ground(line_m: Floats, above_m: Floats) -> Floats:
    return np.sqrt(np.maximum(line_m**2 - above_m**2, 0.0))


def _zoom_assumed(fields: CameraFields) -> Flags:
    """No long end of a kind that zooms, or a long end over a default lens."""
    no_long_end = np.isnan(fields.focal_max_mm)
    no_lens = np.isnan(fields.focal_mm) & np.isnan(fields.focal_min_mm)
    return np.where(no_long_end, np.isin(fields.kind, ZOOMING), no_lens)


def _assumed(fields: CameraFields, lens_recorded: Flags) -> Flags:
    angle = np.isnan(fields.hfov_deg) & ~lens_recorded
    shape = np.isnan(fields.height_px) | np.isnan(fields.width_px)
    return np.column_stack(
        [
            angle,
            np.isnan(fields.width_px),
            np.isnan(fields.height_m),
            np.isnan(fields.tilt_deg),
            np.isnan(fields.vfov_deg) & (shape | angle),
        ]
    )
