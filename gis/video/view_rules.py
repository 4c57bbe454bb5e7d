"""The numbers of view fields (VID-2) as one frozen value: quality levels, target, defaults."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Self

from gis.errors import BadPolicy
from gis.policy import Policy


@dataclass(frozen=True)
class KindDefaults:
    """What a camera kind is taken to have where its record says nothing.

    ``hfov_deg`` 0 means: from sensor width and focal length.
    """

    height_m: float
    tilt_deg: float
    focal_mm: float
    hfov_deg: float
    width_px: float


@dataclass(frozen=True)
class ViewRules:
    """Quality levels (weakest first, pixels per metre), heights, wall rule, defaults by kind."""

    quality_names: tuple[str, ...]
    quality_px_per_m: tuple[float, ...]
    target_height_m: float
    sensor_width_mm: float
    aspect: float
    rectilinear_max_deg: float
    wall_offset_m: float
    wall_depth_m: float
    place_tolerance_m: float
    defaults: Mapping[str, KindDefaults]

    @property
    def moved_m(self) -> float:
        """How far the wall rule may move a camera, and rounding."""
        return self.wall_depth_m + 2 * self.wall_offset_m

    @classmethod
    def of(cls, policy: Policy) -> Self:
        """Take the terms of VIEW from the policy in force; raises BadPolicy for uneven lists."""
        terms = policy.rule("VIEW")
        names, px_per_m = terms["quality_names"], terms["quality_px_per_m"]
        rising = sorted(set(px_per_m)) == px_per_m and px_per_m[:1] > [0]
        if not rising or len(names) != len(px_per_m):
            raise BadPolicy.at(
                "VIEW.quality_names, VIEW.quality_px_per_m",
                "应一一对应，数值大于 0 且逐级增大",
                "must be of one length, the numbers above 0 and rising",
            )
        return cls(
            quality_names=tuple(names),
            quality_px_per_m=tuple(px_per_m),
            target_height_m=terms["target_height_m"],
            sensor_width_mm=terms["default_sensor_width_mm"],
            aspect=terms["default_aspect"],
            rectilinear_max_deg=terms["rectilinear_max_deg"],
            wall_offset_m=terms["wall_offset_m"],
            wall_depth_m=terms["wall_depth_m"],
            place_tolerance_m=terms["place_tolerance_m"],
            defaults=MappingProxyType(_defaults(terms)),
        )


def _defaults(terms: Mapping[str, list[float]]) -> dict[str, KindDefaults]:
    names = ("height_m", "tilt_deg", "focal_mm", "hfov_deg", "width_px")
    columns = [terms[f"default_{name}"] for name in names]
    if any(len(column) != len(terms["kinds"]) for column in columns):
        raise BadPolicy.at(
            "VIEW.default_*", "每类摄像机应各有一项", "every list must have one entry per kind"
        )
    rows = zip(*columns, strict=True)
    return {str(kind): KindDefaults(*row) for kind, row in zip(terms["kinds"], rows, strict=True)}
