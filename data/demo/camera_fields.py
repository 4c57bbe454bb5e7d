"""The catalogue fields of invented video points: identity, optics, duties; complete, consistent."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data.demo.sizes import AS_OF
from gis.arrays import Flags, Floats, Ints, Words

SENSOR_MM = 5.4
DETECT_PX_PER_M = 25  # EN 62676-4
_KINDS = ("fixed", "dome", "dome_ptz", "panoramic", "ptz")
_FOCAL_MM = (2.8, 4.0, 6.0, 8.0, 12.0)
_PIXELS = ((1920, 1080), (2560, 1440), (3840, 2160))
_STATES = ("in_use", "repair", "planned", "removed", "unknown")
_FILING_BEGAN = np.datetime64("2025-04-01")  # Order 799 in force
_NEVER = np.datetime64("NaT")


def catalogue(
    compound: Ints,
    names: list[str],
    region: Words,
    bearing: Floats,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """(n,) points; ``compound`` -1 stands in the street, ``region`` is the 6-digit code."""
    home = compound >= 0
    number = np.char.zfill(np.arange(1, len(compound) + 1).astype(str), 6)
    places = np.array([*names, "道路监控"], dtype=object)[compound]
    parts = [
        _identity(home, number, places, region, rng),
        _surroundings(home, rng),
        _optics(home, bearing, rng),
        _duties(home, number, rng),
    ]
    rows = pd.concat(parts, axis=1)
    gate = home & np.r_[True, compound[1:] != compound[:-1]]
    rows["status"] = rows["status"].where(
        ~gate, "in_use"
    )  # or bare compounds would arise unplanned
    gone = rows["status"] == "removed"
    return rows.assign(removed_on=np.where(gone, np.datetime64("2026-08-15"), _NEVER))


def _identity(
    home: Flags,
    number: Words,
    places: NDArray[np.object_],
    region: Words,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Key, GB/T 28181 id (region 8, industry 2, type 3: IPC, network 1, serial 6), class, state."""
    middle = np.where(home, "00011322", "00001320")  # community, road
    point_class = np.where(home, np.where(rng.random(len(home)) < 0.9, "class_3", "class_2"),
                           np.where(rng.random(len(home)) < 0.6, "class_1", "class_2"))  # fmt: skip
    return pd.DataFrame(
        {
            "key": np.char.add("SP", number),
            "gb28181_id": np.char.add(np.char.add(region, middle), number).astype(object),
            "name": places + "点位" + number.astype(object),
            "point_class": point_class,
            "status": rng.choice(_STATES, size=len(home), p=[0.945, 0.025, 0.015, 0.01, 0.005]),
        }
    )


def _surroundings(home: Flags, rng: np.random.Generator) -> pd.DataFrame:
    """Who owns and keeps it, where and how it is fixed; units, never persons."""
    return pd.DataFrame(
        {
            "owner_unit": np.where(home, "小区物业服务单位", "公安分局"),
            "management_unit": np.where(home, "社区居民委员会", "街道综治中心"),
            "contact_unit": np.where(home, "小区物业服务单位", "街道综治中心"),
            "place_kind": np.where(home, "居民小区", "交通干线"),
            "mount": np.where(home, "壁挂", "立杆"),
            "indoor": False,
            "networked": np.where(rng.random(len(home)) < 0.93, "已联网", "未联网"),
            "function_type": np.where(rng.random(len(home)) < 0.9, "普通监控", "人员卡口"),
        }
    )


def _optics(home: Flags, bearing: Floats, rng: np.random.Generator) -> pd.DataFrame:
    """Kind, direction, angles, height and the reach that 25 pixels a metre allow."""
    count = len(home)
    kind = rng.choice(_KINDS, p=[0.62, 0.18, 0.12, 0.03, 0.05], size=count)
    around = kind == "panoramic"
    focal = rng.choice(_FOCAL_MM, p=[0.2, 0.4, 0.2, 0.12, 0.08], size=count)
    hfov = np.where(around, 360.0, np.degrees(2 * np.arctan(SENSOR_MM / 2 / focal)).round(1))
    pixels = np.array(_PIXELS)[rng.choice(3, p=[0.55, 0.33, 0.12], size=count)]
    height = np.where(home, rng.uniform(3, 4.5, count), rng.uniform(4.5, 6.8, count))
    return pd.DataFrame(
        {
            "kind": kind,
            "direction_deg": np.where(around, np.nan, bearing),
            "omnidirectional": around,
            "horizontal_fov_deg": hfov,
            "vertical_fov_deg": np.minimum(hfov * 0.5625, 90).round(1),
            "tilt_deg": rng.uniform(8, 28, count).round(1),
            "height_m": height.round(1),
            "max_distance_m": np.round(pixels[:, 0] * focal / (DETECT_PX_PER_M * SENSOR_MM)),
            "focal_mm": focal,
            "sensor_width_mm": SENSOR_MM,
            "width_px": pixels[:, 0],
            "height_px": pixels[:, 1],
            "light": rng.choice(["infrared", "white", "none"], p=[0.7, 0.2, 0.1], size=count),
            "imaging": "visible",
        }
    )


def _duties(home: Flags, number: Words, rng: np.random.Generator) -> pd.DataFrame:
    """Dates, retention and what Order 799 asks for: compounds art. 9, streets art. 7."""
    count = len(home)
    installed = np.datetime64(AS_OF) - rng.integers(60, 3200, count).astype("m8[D]")
    filed = np.maximum(installed, _FILING_BEGAN) + np.timedelta64(20, "D")
    filing = pd.Series(np.char.add("BA", number), dtype=object)
    return pd.DataFrame(
        {
            "security_level": rng.choice(["A", "B", "C"], p=[0.7, 0.2, 0.1], size=count),
            "installed_on": installed,
            "retention_days": rng.choice([30, 60, 90], p=[0.7, 0.1, 0.2], size=count),
            "legal_basis": np.where(home, "art9", "art7_gov"),
            "filed_on": np.where(home, _NEVER, filed),
            "filing_no": filing.where(~home, None),
            "sign_present": rng.random(count) < 0.96,
            "consent_needed": False,
        }
    )
