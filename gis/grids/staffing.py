"""Grid audit on people: vacuum (nobody on duty) and households outside the size of GRD-2."""

import numpy as np
import pandas as pd

from gis.grids.model import FindingKind
from gis.grids.rules import AuditRules


def audit_staffing(grids: pd.DataFrame, rules: AuditRules) -> pd.DataFrame:
    """Grids without a worker, and grids with too few, too many or unknown households.

    Parameters
    ----------
    grids : frame
        code, area_code, posts (staffed on the day), households (NaN unknown), area_m2, geom.

    Returns
    -------
    frame
        kind, origin, area_code, grid_codes, area_m2, figure (posts or households), threshold,
        geom: the grid itself. A grid can be found twice, once for its post and once for its size.
    """
    households, posts = grids["households"], grids["posts"].astype("float64")
    least, most = float(rules.households_min), float(rules.households_max)
    found = [
        _rows(grids, posts < 1, FindingKind.VACUUM, posts, 1.0),
        _rows(grids, households < least, FindingKind.HOUSEHOLDS_LOW, households, least),
        _rows(grids, households > most, FindingKind.HOUSEHOLDS_HIGH, households, most),
        _rows(grids, households.isna(), FindingKind.HOUSEHOLDS_UNKNOWN, households, np.nan),
    ]
    return pd.concat(found, ignore_index=True)


def _rows(
    grids: pd.DataFrame,
    where: "pd.Series[bool]",
    kind: FindingKind,
    figure: "pd.Series[float]",
    threshold: float,
) -> pd.DataFrame:
    kept = grids[where]
    return pd.DataFrame(
        {
            "kind": kind.value,
            "origin": kind.value,
            "area_code": kept["area_code"],
            "grid_codes": kept["code"],
            "area_m2": kept["area_m2"],
            "figure": figure[where],
            "threshold": threshold,
            "geom": kept["geom"],
        }
    )
