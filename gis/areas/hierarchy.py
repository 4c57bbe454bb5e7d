"""Which divisions hold each division; pure frames."""

from typing import Any

import pandas as pd

from gis.areas.levels import Level

LEVELS = tuple(level.value for level in Level)


def hierarchy(subjects: pd.DataFrame, *, district: str) -> pd.DataFrame:
    """City, district, street and community of each division code.

    Parameters
    ----------
    subjects : frame
        ``subject_kind``, ``subject_code`` and ``parent_code``; kinds that are no division are
        left out.
    district : str
        Where divisions without a district among ``subjects`` lie; it has a row in any case.

    Returns
    -------
    frame
        Index division code; a column per level of `LEVELS`, None below the division's own level
        and where no such division is known.
    """
    divisions = subjects[subjects["subject_kind"].isin(LEVELS)].set_index("subject_code")
    kind = divisions["subject_kind"]
    held = {
        code: {kind[above]: above for above in chain}
        for code, chain in chains(divisions.reset_index()).items()
    }
    rows = [held[code] for code in divisions.index]
    found = pd.DataFrame(rows, index=divisions.index, columns=list(LEVELS), dtype=object)
    below = kind != Level.CITY
    found.loc[below, "district"] = found.loc[below, "district"].fillna(district)
    if district not in found.index:
        found.loc[district] = [None, district, None, None]
    return found.astype(object).where(found.notna(), None)


def whole(rows: pd.DataFrame, *, district: str) -> "pd.Series[Any]":
    """The row of the whole city where there is one alone, else of the district.

    ``rows`` have ``subject_kind``, the widest first, and ``subject_code``.
    """
    widest = rows[rows["subject_kind"] == rows["subject_kind"].iloc[0]]
    return (widest if len(widest) == 1 else rows[rows["subject_code"] == district]).iloc[0]


def chains(divisions: pd.DataFrame) -> dict[str, tuple[str, ...]]:
    """Each division's code with itself and every division above it, nearest first.

    The parent is ``parent_code`` where that division exists, else the division of a higher level
    with the longest code that begins this one (a city's code ends in 00 and begins without it).
    """
    depths = {level: depth for depth, level in enumerate(LEVELS)}
    codes = divisions["subject_code"]
    depth = dict(zip(codes, divisions["subject_kind"].map(depths), strict=True))
    stated = dict(zip(codes, divisions["parent_code"], strict=True))
    prefixes = {_prefix(code, at): code for code, at in depth.items()}

    def parent(code: str) -> str | None:
        above = stated[code]
        if above in depth and depth[above] < depth[code]:
            return str(above)
        for length in range(len(code) - 1, 0, -1):
            found = prefixes.get(code[:length])
            if found is not None and depth[found] < depth[code]:
                return str(found)
        return None

    found: dict[str, tuple[str, ...]] = {}
    for code in sorted(depth, key=lambda code: depth[code]):  # parents come first
        above = parent(code)
        found[code] = (code, *(found[above] if above is not None else ()))
    return found


def _prefix(code: str, depth: int) -> str:
    return code.removesuffix("00") if depth == 0 else code
