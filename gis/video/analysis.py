"""The inventory of video points: counts, working rate, ids and missing fields; pure frames."""

from collections.abc import Collection

import numpy as np
import pandas as pd

from gis.areas import hierarchy
from gis.video.gb28181 import Fault, faults, parse, place_fault

LEVELS = (*hierarchy.LEVELS, "grid", "compound")
NOT_STANDING = ("planned", "removed")
DIMENSIONS = ("point_class", "kind", "owner_unit", "status")

# Catalogue fields that GB/T 28181-2022 requires of class 1 (position is required of classes 1 and
# 2, and the store has no point without one). The class itself is required of every point.
REQUIRED_OF_CLASS_1 = {
    "installed_on": "has_installed",
    "contact_unit": "has_contact",
    "retention_days": "has_retention",
}

# Without these nobody can say which ground a point covers (VID-2).
NEEDED_FOR_VIEW = {"direction_deg": "has_direction", "height_m": "has_height"}


def placed(
    cameras: pd.DataFrame, subjects: pd.DataFrame, compounds: pd.DataFrame, *, district: str
) -> pd.DataFrame:
    """``cameras`` with one column per level of `LEVELS`: the subject of the day, or None."""
    areas = hierarchy.hierarchy(subjects, district=district)
    code = cameras["area_code"]
    at = areas.reindex(code.where(code.isin(areas.index), district))
    grids = subjects.loc[subjects["subject_kind"] == "grid", "subject_code"]
    return cameras.assign(
        **{level: at[level].to_numpy(dtype=object) for level in hierarchy.LEVELS},
        grid=cameras["grid_code"].where(cameras["grid_code"].isin(grids), None),
        compound=cameras["compound_code"].where(
            cameras["compound_code"].isin(compounds["compound"]), None
        ),
    )


def id_faults(
    cameras: pd.DataFrame,
    *,
    listed: Collection[str],
    outlined: Collection[str],
    ids_expected: bool,
) -> pd.DataFrame:
    """What is wrong with the GB/T 28181 ids: camera, fault; one row per fault.

    Parameters
    ----------
    cameras : frame
        ``camera``, ``gb28181_id``, ``status``, and ``county``: the six digits of the district whose
        ground the point stands on, None where no known outline holds it. Removed points are left
        out.
    listed, outlined : six-digit codes
        Counties that are known to exist, and those whose outline is known.
    ids_expected : bool
        Whether a point without an id is at fault, and places are compared (a district without
        such codes has none).
    """
    standing = cameras[cameras["status"] != "removed"]
    times = standing["gb28181_id"].value_counts()
    repeated = set(times.index[times > 1])
    rows = []
    columns = (standing[name] for name in ("camera", "gb28181_id", "county"))
    for camera, stored, county in zip(*columns, strict=True):
        text = None if pd.isna(stored) else stored
        found = set(faults(text))
        if not ids_expected:
            found.discard(Fault.MISSING)
        parts = None if text is None else parse(text)
        if parts is not None and ids_expected:
            place = place_fault(
                parts.county, listed=listed, outlined=outlined, stands_in=county or None
            )
            found |= set() if place is None else {place}
        if parts is not None and text in repeated:
            found.add(Fault.DUPLICATE)
        rows += [(camera, fault) for fault in Fault if fault in found]
    return pd.DataFrame(rows, columns=["camera", "fault"], dtype=object)


def missing_fields(cameras: pd.DataFrame) -> pd.DataFrame:
    """Required catalogue fields that are empty: camera, fields (a comma-separated list)."""
    standing = cameras[~cameras["status"].isin(NOT_STANDING)]
    lacking = pd.DataFrame({"point_class": standing["point_class"].isna()})
    for field, has in REQUIRED_OF_CLASS_1.items():
        lacking[field] = (standing["point_class"] == "class_1") & ~standing[has].astype(bool)
    return _listed(standing, lacking)


def missing_for_view(cameras: pd.DataFrame) -> pd.DataFrame:
    """Empty fields without which a point's view is unknown; columns as `missing_fields`."""
    standing = cameras[~cameras["status"].isin(NOT_STANDING)]
    lacking = {field: ~standing[has].astype(bool) for field, has in NEEDED_FOR_VIEW.items()}
    return _listed(standing, pd.DataFrame(lacking))


def _listed(cameras: pd.DataFrame, lacking: pd.DataFrame) -> pd.DataFrame:
    any_lacking = lacking.any(axis=1)
    names = np.array(lacking.columns, dtype=object)
    lists = [", ".join(names[row]) for row in lacking[any_lacking].to_numpy(dtype=bool)]
    found = cameras.loc[any_lacking, ["camera"]].reset_index(drop=True)
    return found.assign(fields=pd.Series(lists, dtype=object))


def key_industry(
    cameras: pd.DataFrame, *, public_industries: Collection[str], key_place_kinds: Collection[str]
) -> "pd.Series[bool]":
    """Which points are a key industry's (重点行业), and not of a key public place.

    By the industry of the GB/T 28181 id (digits 9-10); where the id cannot be read, by the kind of
    place.
    """
    text = cameras["gb28181_id"].astype("string")
    readable = text.str.fullmatch(r"[0-9]{20}").fillna(False)
    by_id = ~text.str.slice(8, 10).isin(public_industries)
    by_place = cameras["place_kind"].isin(key_place_kinds)
    return by_id.where(readable, by_place).astype(bool)


def marked(cameras: pd.DataFrame, id_problems: pd.DataFrame, missing: pd.DataFrame) -> pd.DataFrame:
    """``cameras`` with 0/1 columns that `sums_by` adds up; ``key`` says which are key industries'.

    ``stands`` (neither planned nor removed), ``uses`` (in use), ``known`` (in use and seen
    working or down), ``works``, ``key_known``, ``key_works``, ``bad_id``, ``lacks`` (a required
    field).
    """
    uses = cameras["status"] == "in_use"
    stands = ~cameras["status"].isin(NOT_STANDING)
    bad = id_problems.loc[id_problems["fault"] != Fault.UNLISTED, "camera"]
    known = uses & cameras["observed"].isin(["working", "down"])
    works = uses & (cameras["observed"] == "working")
    flags = {
        "stands": stands,
        "uses": uses,
        "known": known,
        "works": works,
        "key_known": known & cameras["key"],
        "key_works": works & cameras["key"],
        "bad_id": stands & cameras["camera"].isin(bad),
        "lacks": cameras["camera"].isin(missing["camera"]),
    }
    return cameras.assign(**{name: flag.astype("int64") for name, flag in flags.items()})


def sums_by(cameras: pd.DataFrame, level: str) -> pd.DataFrame:
    """The counts of `marked` per subject of a level, under the result table's names."""
    names = {
        "stands": "cameras", "uses": "in_use", "works": "working", "known": "known",
        "key_known": "key_known", "key_works": "key_working", "bad_id": "bad_ids",
        "lacks": "missing_fields",
    }  # fmt: skip
    return cameras.groupby(level)[list(names)].sum().rename(columns=names)


def judged(
    rows: pd.DataFrame, *, working_share: float, working_share_industries: float
) -> pd.DataFrame:
    """``rows`` with ``working_share`` and ``met``.

    The share is working / in use with a known state, NaN where no state is known. ``met``: points
    of key public places reach ``working_share``, those of key industries
    ``working_share_industries``; a share equal to its threshold is met, and without a known state
    the verdict is None.
    """
    share = rows["working"] / rows["known"].where(rows["known"] > 0)
    public = (rows["working"] - rows["key_working"]) / (rows["known"] - rows["key_known"])
    key = rows["key_working"] / rows["key_known"]  # NaN of 0 / 0 misses no threshold
    reached = ~(public < working_share) & ~(key < working_share_industries)
    return rows.assign(working_share=share, met=reached.astype(object).where(share.notna(), None))


def counts(cameras: pd.DataFrame) -> pd.DataFrame:
    """Points by class, kind, owner and status: dimension, value (None: not stated), cameras.

    Status counts every point; the other dimensions those that stand.
    """
    standing = cameras[~cameras["status"].isin(NOT_STANDING)]
    parts = []
    for dimension in DIMENSIONS:
        shown = cameras if dimension == "status" else standing
        times = shown[dimension].value_counts(dropna=False)
        parts.append(
            pd.DataFrame(
                {
                    "dimension": dimension,
                    "value": times.index.astype(object).where(times.index.notna(), None),
                    "cameras": times.to_numpy(dtype=np.int64),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)
