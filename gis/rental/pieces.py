"""Cuts let dwellings into the pieces that all published cells are sums of; pure frames."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gis.areas import hierarchy
from gis.rental import hexagons
from gis.rental.analysis import ADMIN, SUMS


def cell_level(resolution: int) -> str:
    """Name of the level of H3 cells of a resolution."""
    return f"h3_{resolution}"


@dataclass(frozen=True)
class Places:
    """Where each code lies in the hierarchy, and what is known of each subject.

    ``areas`` (index division code): see `gis.areas.hierarchy`. ``compounds`` (index code): a
    column per level of `ADMIN` and the facts of the register. ``named`` (index subject kind and
    code): name, area_code, and dated dwellings (NaN where not counted).
    """

    district: str
    areas: pd.DataFrame
    compounds: pd.DataFrame
    named: pd.DataFrame

    @classmethod
    def of(
        cls,
        subjects: pd.DataFrame,
        compounds: pd.DataFrame,
        counted: pd.DataFrame,
        *,
        district: str,
    ) -> "Places":
        """Build from divisions and grids, compounds and dated dwellings of one day."""
        areas = hierarchy.hierarchy(subjects, district=district)
        dated = counted.set_index(["subject_kind", "subject_code"])["dwellings"]
        named = subjects.set_index(["subject_kind", "subject_code"])[["name", "area_code"]]
        if ("district", district) not in named.index:
            named.loc[("district", district), :] = [district, district]
        named = named.assign(dwellings=dated.reindex(named.index).astype("float64"))
        own = compounds.set_index("compound")
        own = own.assign(
            **_divisions(own["area_code"], areas, district),
            grid=_known(own["grid_code"], _codes(named, "grid")),
        )
        return cls(district, areas, own, named)

    def ground(self, level: str, counted: pd.DataFrame) -> pd.DataFrame:
        """Per subject of a level: name, area_code, kind, ground_m2, dwellings and their basis.

        ``dwellings`` is the newest dated count of the subject itself, else the sum over its
        compounds (``by_households``: with households where dwellings are unknown); ``lacking``
        counts compounds with let dwellings and neither figure; ``outside``: dwellings are such a
        sum, and let ones lie in no compound; ``stated``: a total was stated.
        """
        compounds = self.compounds.assign(
            number=self.compounds["dwellings"].fillna(self.compounds["households"]),
            instead=self.compounds["dwellings"].isna() & self.compounds["households"].notna(),
            said=self.compounds["stated_rented"].notna(),
        )
        let = counted.groupby("compound")["rented"].sum().reindex(compounds.index, fill_value=0)
        compounds["lacking"] = compounds["number"].isna() & (let > 0)
        key = compounds.index if level == "compound" else compounds[level]
        sums = compounds.groupby(key).agg(
            ground_m2=("ground_m2", "sum"),
            number=("number", "sum"),
            numbers=("number", "count"),
            by_households=("instead", "any"),
            lacking=("lacking", "sum"),
            stated=("said", "any"),
        )
        named = self._named(level)
        sums = sums.reindex(named.index)
        loose = counted.loc[counted["compound"].isna() & (counted["rented"] > 0), level]
        return named.assign(
            dwellings=named["dwellings"].fillna(sums["number"].where(sums["numbers"] > 0)),
            ground_m2=sums["ground_m2"],
            by_households=named["dwellings"].isna() & sums["by_households"].eq(True),
            lacking=sums["lacking"].where(named["dwellings"].isna(), 0).fillna(0),
            outside=named["dwellings"].isna() & named.index.isin(loose),
            stated=sums["stated"].eq(True),
        )

    def _named(self, level: str) -> pd.DataFrame:
        if level == "compound":
            return self.compounds[["name", "area_code", "kind"]].assign(dwellings=np.nan)
        of_level = self.named[self.named.index.get_level_values(0) == level]
        return of_level.droplevel(0).assign(kind=None).sort_index()


def _codes(named: pd.DataFrame, level: str) -> pd.Index:
    return named.index[named.index.get_level_values(0) == level].get_level_values(1)


def _divisions(
    area_codes: "pd.Series[str]", areas: pd.DataFrame, district: str
) -> dict[str, NDArray[np.object_]]:
    """A column per division level; a code that is no division of the day lies in ``district``."""
    at = areas.reindex(area_codes.where(area_codes.isin(areas.index), district))
    return {level: at[level].to_numpy(dtype=object) for level in hierarchy.LEVELS}


def _known(codes: "pd.Series[str]", valid: pd.Index) -> "pd.Series[str]":
    """Codes of subjects of the day; None for any other."""
    return codes.astype(object).where(codes.isin(valid), None)


def cut(lettings: pd.DataFrame, places: Places, *, resolutions: Sequence[int]) -> pd.DataFrame:
    """The `SUMS` per distinct combination of cells of all levels.

    A code that is not valid that day counts as none. Compounds without a single letting bring
    their stated total, which lies in no H3 cell.
    """
    finest = max(resolutions)
    cells = hexagons.cells_at(
        lon=lettings["lon"].to_numpy(), lat=lettings["lat"].to_numpy(), resolution=finest
    )
    grouped = (
        lettings.assign(cell=cells)
        .groupby(["area_code", "grid_code", "compound_code", "cell"], dropna=False, sort=True)[
            list(SUMS)
        ]
        .sum()
        .reset_index()
    )
    single = grouped.assign(
        **_divisions(grouped["area_code"], places.areas, places.district),
        grid=_known(grouped["grid_code"], _codes(places.named, "grid")),
        compound=_known(grouped["compound_code"], places.compounds.index),
    )
    for resolution in resolutions:
        labels = pd.array(hexagons.parents(grouped["cell"].to_numpy(), resolution=resolution))
        single[cell_level(resolution)] = labels
    return _with_stated(single, places, resolutions)


def _with_stated(single: pd.DataFrame, places: Places, resolutions: Sequence[int]) -> pd.DataFrame:
    compounds = places.compounds
    alone = ~compounds.index.isin(single["compound"]) & compounds["stated_rented"].notna()
    stated = compounds[alone].reset_index()[list(ADMIN)].astype(object)
    stated = stated.assign(**dict.fromkeys(SUMS, 0))
    stated["rented"] = compounds.loc[alone, "stated_rented"].to_numpy(dtype=np.int64)
    for resolution in resolutions:
        stated[cell_level(resolution)] = pd.array([pd.NA] * len(stated), dtype="UInt64")
    columns = [*ADMIN, *map(cell_level, resolutions), *SUMS]
    return pd.concat([single[columns], stated[columns]], ignore_index=True)


def housing(buildings: pd.DataFrame, *, resolutions: Sequence[int]) -> dict[str, pd.DataFrame]:
    """Per level of H3 cells and cell: ``dwellings`` of its buildings, and how many state none.

    ``dwellings`` is NaN where no building states any; ``lacking`` counts the silent ones.
    """
    finest = hexagons.cells_at(
        lon=buildings["lon"].to_numpy(),
        lat=buildings["lat"].to_numpy(),
        resolution=max(resolutions),
    )
    silent = buildings["dwellings"].isna()
    by_finest = (
        pd.DataFrame({"cell": finest, "dwellings": buildings["dwellings"], "lacking": silent})
        .groupby("cell").agg(
            dwellings=("dwellings", "sum"), told=("dwellings", "count"), lacking=("lacking", "sum")
        )
    )  # fmt: skip
    cells = by_finest.index.to_numpy(dtype=np.uint64)
    out = {}
    for resolution in resolutions:
        sums = by_finest.groupby(hexagons.parents(cells, resolution=resolution)).sum()
        dwellings = sums["dwellings"].where(sums["told"] > 0)
        out[cell_level(resolution)] = sums[["lacking"]].assign(dwellings=dwellings)
    return out


def area_codes(counted: pd.DataFrame, level: str, *, district: str) -> "pd.Series[str]":
    """The deepest division that holds all let dwellings of each cell of a level."""
    by = counted.groupby(level)
    out = pd.Series(district, by.size().index, dtype=object)
    for area in hierarchy.LEVELS:
        one = (by[area].nunique(dropna=False) == 1) & by[area].first().notna()
        out = by[area].first().where(one, out)
    return out
