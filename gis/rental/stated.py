"""Stated totals of compounds, which lie in no H3 cell, and the cells they may lie in; pure."""

from collections.abc import Set
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd

from gis.rental import hexagons, pieces


def without_place(counted: pd.DataFrame, *, finest: int) -> "pd.Series[int]":
    """Let dwellings known only as the total of their compound, by its code."""
    alone = counted[counted[pieces.cell_level(finest)].isna() & (counted["rented"] > 0)]
    return alone.set_index("compound")["rented"]


@dataclass(frozen=True)
class Beside:
    """``pairs``: compound, ``rented`` as it states, and a finest cell that its ground reaches.

    Only the pairs in whose cell, or in a wider one round it, there is a let dwelling with a place.
    """

    pairs: pd.DataFrame

    @classmethod
    def of(
        cls,
        rented: "pd.Series[int]",
        grounds: gpd.GeoDataFrame,
        counted: pd.DataFrame,
        *,
        coarsest: int,
        finest: int,
    ) -> "Beside":
        """Lay the ``grounds`` (compound, outline in EPSG:4326) over the cells of ``counted``."""
        shapes = grounds.geometry.to_numpy()
        of, cells = hexagons.reaching(shapes, resolution=finest)
        known = counted[pieces.cell_level(coarsest)].dropna().to_numpy(dtype=np.uint64)
        near = np.isin(hexagons.parents(cells, resolution=coarsest), known)
        of, cells = of[near], cells[near]
        inside = hexagons.outlines(cells).intersects(gpd.GeoSeries(shapes[of], crs=4326))
        code = grounds["compound"].to_numpy(dtype=object)[of]
        pairs = pd.DataFrame({"compound": code, "cell": cells})[inside.to_numpy()]
        pairs = pairs.sort_values(["compound", "cell"], ignore_index=True)
        return cls(pairs.assign(rented=rented.reindex(pairs["compound"]).to_numpy()))

    def at(
        self, cells: hexagons.Cells, *, resolution: int, hidden: Set[object] = frozenset()
    ) -> pd.DataFrame:
        """Per cell: how many such ``compounds`` reach it, and how many ``rented`` they may add.

        A total that is ``hidden`` may add any number: where the line runs must not tell it.
        """
        here = self.pairs.assign(cell=hexagons.parents(
            self.pairs["cell"].to_numpy(dtype=np.uint64), resolution=resolution
        )).drop_duplicates(["compound", "cell"])  # fmt: skip
        open_ = here["rented"].astype("float64").mask(here["compound"].isin(hidden), np.inf)
        by = here.assign(rented=open_).groupby("cell").agg(
            compounds=("compound", "count"), rented=("rented", "sum")
        )  # fmt: skip
        return by.reindex(cells).fillna(0)
