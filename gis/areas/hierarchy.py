"""Which divisions hold each division; pure frames."""

import pandas as pd

LEVELS = ("city", "district", "street", "community")


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
    kind, parent = divisions["subject_kind"], divisions["parent_code"].astype(object)
    found = pd.DataFrame(None, index=divisions.index, columns=list(LEVELS), dtype=object)
    for level in LEVELS:  # from wide to narrow: the parent's row is complete when it is copied
        here = kind == level
        found.loc[here] = found.reindex(parent[here]).to_numpy()
        found.loc[here, level] = found.index[here]
    below = kind != "city"
    found.loc[below, "district"] = found.loc[below, "district"].fillna(district)
    if district not in found.index:
        found.loc[district] = [None, district, None, None]
    return found.astype(object).where(found.notna(), None)
