"""Rental-housing density (REN-1, REN-2) of one day: by subject and by H3 cell."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from sqlalchemy.orm import Session

from gis.areas import hierarchy
from gis.district import District
from gis.policy import Policy
from gis.rental import analysis, hexagons, pieces, stated, store
from gis.rental.analysis import ADMIN, FIGURES, Hidden
from gis.rental.model import RentalCell, RentalResult
from gis.rental.reasons import with_reasons
from gis.rental.rules import RentalRules
from gis.runs.append import columns_of
from gis.runs.digest import of_frames
from gis.runs.model import Analysis
from gis.runs.store import Recorded, record

_BESIDE = [  # what sentences need
    "subject_kind", "kind", "by_households", "lacking", "outside", "unplaced", "unplaced_rented",
]  # fmt: skip


@dataclass(frozen=True)
class RentalDensity:
    """What `density` found on ``as_of``.

    ``results`` has the columns of table rental_results, one row per division, unified
    grid and compound of the day; ``cells`` those of rental_cells, one row per H3 cell with
    a let dwelling, outline in EPSG:4326. ``totals`` is plain JSON and holds nothing hidden.
    """

    as_of: date
    area_code: str
    policy: Policy
    input_digest: str
    results: pd.DataFrame
    cells: gpd.GeoDataFrame
    totals: dict[str, Any]


def density(session: Session, *, policy: Policy, district: District, as_of: date) -> RentalDensity:
    """Count what is let on ``as_of`` and set it against dwellings, ground and people.

    Where a compound has no single letting its stated total counts. Counts below the policy's
    floor are hidden together with all that would reveal them. Lengths and areas are measured in
    ``district.srid``.
    """
    rules = RentalRules.of(policy)
    read = store.inputs(session, rules=rules, district=district, as_of=as_of)
    places = pieces.Places.of(read.subjects, read.compounds, read.counted, district=district.code)
    counted = pieces.cut(read.lettings, places, resolutions=rules.h3_resolutions)
    hexes = [pieces.cell_level(resolution) for resolution in rules.h3_resolutions]
    hidden = analysis.hidden_sums(
        counted, (analysis.used(counted), hexes), below=rules.suppress_below
    )
    rows = _results(counted, places, hidden, rules, registered=read.registered)
    rows = with_reasons(rows, rules, as_of=as_of)
    beside = _beside(session, counted, rules, as_of)
    cells = _cells(counted, read.housing, hidden, beside, rules, district)
    cells = with_reasons(cells, rules, as_of=as_of).drop(columns=_BESIDE)
    return RentalDensity(
        as_of=as_of,
        area_code=district.code,
        policy=policy,
        input_digest=_digest(read, counted, beside, hidden),
        results=rows[columns_of(RentalResult)],
        cells=cells,
        totals=_totals(rows, cells, district=district.code, registered=read.registered),
    )


def save(session: Session, found: RentalDensity) -> Recorded:
    """Keep a run of rental density; the same inputs and rules find the run that is there."""
    return record(
        session, analysis=Analysis.RENTAL, period=None, as_of=found.as_of, policy=found.policy,
        input_digest=found.input_digest, parameters={}, totals=found.totals,
        area_code=found.area_code, results={RentalResult: found.results, RentalCell: found.cells},
    )  # fmt: skip


def _beside(
    session: Session, counted: pd.DataFrame, rules: RentalRules, as_of: date
) -> stated.Beside:
    """The cells that stated totals may lie in."""
    coarsest, finest = min(rules.h3_resolutions), max(rules.h3_resolutions)
    rented = stated.without_place(counted, finest=finest)
    grounds = store.grounds(session, codes=rented.index.tolist(), as_of=as_of)
    return stated.Beside.of(rented, grounds, counted, coarsest=coarsest, finest=finest)


def _digest(
    read: store.RentalInputs, counted: pd.DataFrame, beside: stated.Beside, hidden: Hidden
) -> str:
    """Fingerprint of the inputs; lettings count by their cells, which is all that is used.

    What is hidden counts, too: a run whose figures would show more is not taken for the same.
    """
    registered = pd.DataFrame({"registered": [int(read.registered)]})
    withheld = [
        (name, level, str(label))
        for name, levels in sorted(hidden.items())
        for level in sorted(levels)
        for label in levels[level]
    ]
    return of_frames(
        {
            "beside": beside.pairs[["compound", "cell"]],
            "compounds": read.compounds,
            "counted": counted,
            "dated": read.counted,
            "hidden": pd.DataFrame(withheld, columns=["measure", "level", "label"], dtype=object),
            "housing": read.housing.sort_values(["lon", "lat", "dwellings"], ignore_index=True),
            "registered": registered,
            "subjects": read.subjects,
        }
    )


def _results(
    counted: pd.DataFrame,
    places: pieces.Places,
    hidden: Hidden,
    rules: RentalRules,
    *,
    registered: bool,
) -> pd.DataFrame:
    """One row per subject, widest level first, in the order of the codes."""
    people = analysis.population_shares(
        places.compounds.reset_index(), hidden["rented"], below=rules.suppress_below
    )
    rows = []
    for level in ADMIN:
        ground = places.ground(level, counted)
        sums = analysis.sums_by(counted, level).reindex(ground.index, fill_value=0)
        secret = {name: levels.get(level, pd.Index([])) for name, levels in hidden.items()}
        found = analysis.figures(sums, ground, secret)
        known = registered | (sums["rented"] > 0) | ground["stated"]
        found.loc[~known, [name for name in FIGURES if name not in ("dwellings", "suppressed")]] = (
            np.nan
        )
        share, told = people[level], known & ~found["suppressed"]
        stated = found.index.isin(share.index)  # hidden among residents is hidden among lettings
        shown = share.reindex(found.index).where(told)
        found["floating_share"] = shown.where(stated, found["floating_share"])
        rows.append(found.join(ground.drop(columns=["dwellings"])).assign(subject_kind=level))
    out = pd.concat(rows).assign(unplaced=0, unplaced_rented=0)  # totals count where stated
    out["mainly_rental"] = analysis.mainly_rental(out, line_share=rules.mainly_rental_share)
    return out.rename_axis("subject_code").reset_index()


def _cells(
    counted: pd.DataFrame,
    buildings: pd.DataFrame,
    hidden: Hidden,
    beside: stated.Beside,
    rules: RentalRules,
    district: District,
) -> gpd.GeoDataFrame:
    """One row per H3 cell with a let dwelling; its dwellings are those of the buildings in it."""
    housing = pieces.housing(buildings, resolutions=rules.h3_resolutions)
    rows = [
        _cells_of(counted, housing, hidden, beside, resolution, district).pipe(_judged, rules)
        for resolution in rules.h3_resolutions
    ]
    return gpd.GeoDataFrame(pd.concat(rows, ignore_index=True), geometry="geom", crs=4326)


def _judged(cells: gpd.GeoDataFrame, rules: RentalRules) -> gpd.GeoDataFrame:
    mainly = analysis.mainly_rental(cells, line_share=rules.mainly_rental_share)
    return cells.assign(mainly_rental=mainly, subject_kind="cell", kind=None)


def _cells_of(
    counted: pd.DataFrame,
    housing: dict[str, pd.DataFrame],
    hidden: Hidden,
    beside: stated.Beside,
    resolution: int,
    district: District,
) -> gpd.GeoDataFrame:
    level = pieces.cell_level(resolution)
    sums = analysis.sums_by(counted, level)
    cells = sums.index.to_numpy(dtype=np.uint64)
    outline = hexagons.outlines(cells)
    built = housing[level].reindex(cells)
    ground = pd.DataFrame(
        {
            "dwellings": built["dwellings"].to_numpy(),
            "ground_m2": outline.to_crs(district.srid).area.to_numpy(),
        },
        index=sums.index,
    )
    secret = {name: levels.get(level, pd.Index([])) for name, levels in hidden.items()}
    found = analysis.figures(sums, ground, secret).reset_index(drop=True)
    secret_totals = frozenset(hidden["rented"].get("compound", []))
    unplaced = beside.at(cells, resolution=resolution, hidden=secret_totals)
    found = found.assign(
        h3=hexagons.names(cells),
        resolution=resolution,
        lacking=built["lacking"].fillna(0).to_numpy(),
        outside=found["rented_dwellings"] > found["dwellings"],  # of buildings not on the register
        by_households=False,
        unplaced=unplaced["compounds"].to_numpy(),
        unplaced_rented=unplaced["rented"].to_numpy(),
        area_code=pieces.area_codes(counted, level, district=district.code)
        .reindex(sums.index)
        .to_numpy(),
    )
    return gpd.GeoDataFrame(found.assign(geom=outline), geometry="geom", crs=4326)


def _totals(
    rows: pd.DataFrame, cells: pd.DataFrame, *, district: str, registered: bool
) -> dict[str, Any]:
    """The figures of the city or district, and how many rows are flagged or hidden."""
    whole = hierarchy.whole(rows, district=district)
    compounds = rows[rows["subject_kind"] == "compound"]
    mainly = compounds["mainly_rental"].eq(True)
    shown = [name for name in FIGURES if name != "suppressed"]
    return {
        **{name: None if pd.isna(whole[name]) else float(whole[name]) for name in shown},
        "registered": registered,
        "compounds": len(compounds),
        "mainly_rental": int(mainly.sum()),
        "mainly_rental_old": int((mainly & (compounds["kind"] == "old")).sum()),
        "suppressed": rows.groupby("subject_kind")["suppressed"].sum().astype(int).to_dict(),
        "cells": cells.groupby("resolution").size().rename(index=str).to_dict(),
        "cells_suppressed": (
            cells.groupby("resolution")["suppressed"].sum().astype(int).rename(index=str).to_dict()
        ),
    }
