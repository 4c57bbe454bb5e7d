"""Reads the grids as they were on one day, and as the editor draws them."""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any

import geopandas as gpd
import pandas as pd
from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from gis.db import sql
from gis.grids.model import Grid, GridEdit, Network

_SQL = sql.load("gis.grids")


def grids_on(
    session: Session, *, as_of: date, networks: Collection[Network] = tuple(Network)
) -> gpd.GeoDataFrame:
    """network, code, area_code, name, posts (staffed on ``as_of``) and outline in EPSG:4326."""
    asked = {"as_of": as_of, "networks": [network.value for network in networks]}
    return sql.frame(session, _SQL["grids_on"], asked)


# -- what the editor reads --------------------


def communities(session: Session) -> pd.DataFrame:
    """code, name, grids (how many) and edited_at (None: never) of the communities in force."""
    return sql.table(session, _SQL["communities"])


def community(session: Session, code: str) -> Row[Any] | None:
    """name and geom (WKB, EPSG:4326) of a community in force; None where there is none."""
    return session.execute(_SQL["community"], {"community": code}).one_or_none()


def in_force(session: Session, community: str) -> gpd.GeoDataFrame:
    """Unified grids of the community and around it, in EPSG:4326.

    code, area_code, name, households (NaN unknown), valid_from, posts, geom.
    """
    found = sql.frame(session, _SQL["in_force"], {"community": community})
    return found.astype({"households": "float64"})


def last_sequence(session: Session, community: str) -> int:
    """The highest sequence number that a grid of the community ever had."""
    return int(session.execute(_SQL["last_sequence"], {"community": community}).scalar_one())


def versions(session: Session, community: str, codes: Collection[str]) -> Sequence[Grid]:
    """The stored versions in force of some unified grids of the community."""
    asked = select(Grid).where(
        Grid.area_code == community, Grid.network == Network.UNIFIED, Grid.valid_to.is_(None),
        Grid.code.in_(codes),
    )  # fmt: skip
    return session.scalars(asked.order_by(Grid.code)).all()


def by_ids(session: Session, ids: Collection[int]) -> Sequence[Grid]:
    """Stored versions; those that are gone are missing."""
    return session.scalars(select(Grid).where(Grid.id.in_(ids))).all()


def edits(session: Session, community: str) -> Sequence[GridEdit]:
    """The saves of the editor in a community, newest first."""
    asked = select(GridEdit).where(GridEdit.area_code == community)
    return session.scalars(asked.order_by(GridEdit.id.desc())).all()


def undone(session: Session, edit: GridEdit) -> None:
    """Write down that a save is undone since this transaction."""
    edit.undone_at = func.now()
    session.flush()


def lock(session: Session, community: str) -> bool:
    """Wait for other editors of the community; False while an import is writing."""
    session.execute(_SQL["lock_community"], {"community": community})
    return bool(session.execute(_SQL["no_import_runs"]).scalar_one())


def place_again(session: Session, outlines: Collection[bytes]) -> None:
    """Let the records on these outlines (WKB, EPSG:4326) name the grid that holds them now."""
    session.execute(_SQL["place_again"], {"outlines": list(outlines)})
