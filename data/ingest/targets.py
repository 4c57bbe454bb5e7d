"""Which table each kind of file fills, what makes its key, and what a row says by itself."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pandas as pd
from sqlalchemy import Column, MetaData, Table

from data.ingest.types import Kind
from gis import codes
from gis.access.rights import Action, Capability
from gis.areas.model import Area, Evaluation, HouseholdCount
from gis.assignment.store import CODES, Layer
from gis.compounds.model import Building, Compound
from gis.db import SCHEMA
from gis.db.base import BEGINNING, Base
from gis.db.session import User
from gis.district import District
from gis.errors import Forbidden
from gis.facilities.model import Facility
from gis.grids.model import Grid, Network, WorkerPost
from gis.rental.model import Dwelling, StandingLettings
from gis.safety.model import Incident
from gis.video.model import Camera, CameraObservation, CameraState, PrivatePlace
from gis.walking.model import Street

# Columns that ask for `WHOLE` and are read through a view: gis/db/columns.py.
_LETTINGS = ("floating_residents", "rented_dwellings")
_WITHHELD = {"compounds": _LETTINGS, "household_counts": _LETTINGS}
WHOLE = (Capability.RENTAL, Action.READ)
_NOT_FROM_FILES = {"id", "import_id", "frame", "geom_3857", "ground_m2", "ground_srid"}
EXTRA = ("shared_with", "subject_name")  # columns of files that no table has as such


@dataclass(frozen=True)
class Target:
    """A kind's table and how its rows are told apart.

    ``key`` names the columns that make a row's key by themselves; without them the file's own key
    column does, and where there is none the file's digest with the row number. ``layer`` is set
    where the rows are outlines that records are assigned to, ``kept`` where the database itself
    keeps what it counts of the rows.
    """

    kind: Kind
    table: Table
    key: tuple[str, ...] = ()
    layer: Layer | None = None
    kept: Table | None = None

    @property
    def tables(self) -> tuple[Table, ...]:
        """What an import writes: the table, and what is kept of it."""
        return (self.table,) if self.kept is None else (self.table, self.kept)

    @property
    def withheld(self) -> tuple[str, ...]:
        """Columns that ask for `WHOLE`."""
        return _WITHHELD.get(self.table.name, ())

    @property
    def whole(self) -> Table:
        """Where every column can be read: the table, or its view."""
        return whole_of(self.table) if self.withheld else self.table

    def demand(self, user: User) -> None:
        """Raise Forbidden for who cannot read every column: to them each row looks different,
        and what they overwrite could not be set back."""
        if self.withheld and not user.may(*WHOLE):
            raise Forbidden.right(*WHOLE)

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns that come from files, in the table's order."""
        return tuple(c.name for c in self.table.c if c.name not in _NOT_FROM_FILES)

    @property
    def assigned(self) -> tuple[str, ...]:
        """Codes that follow from where a row lies; what a file says of them is only compared."""
        if self.layer in (Layer.AREAS, Layer.GRIDS) or "geom" not in self.table.c:
            return ()
        return tuple(name for name in CODES if name in self.table.c)


def whole_of(table: Table) -> Table:
    """The view that is ``table`` with the columns withheld from it."""
    columns = [Column(c.name, c.type) for c in table.c]
    return Table(f"whole_{table.name}", MetaData(schema=SCHEMA), *columns)


def _target(
    kind: Kind,
    model: type[Base],
    key: tuple[str, ...] = (),
    layer: Layer | None = None,
    kept: type[Base] | None = None,
) -> Target:
    return Target(kind, _table(model), key, layer, None if kept is None else _table(kept))


def _table(model: type[Base]) -> Table:
    return Base.metadata.tables[f"wangge.{model.__tablename__}"]


TARGETS: dict[Kind, Target] = {
    target.kind: target
    for target in (
        _target(Kind.AREAS, Area, ("code", "valid_from"), Layer.AREAS),
        _target(Kind.GRIDS, Grid, ("network", "code", "valid_from"), Layer.GRIDS),
        _target(Kind.POSTS, WorkerPost),
        _target(Kind.COMPOUNDS, Compound, ("code", "valid_from"), Layer.COMPOUNDS),
        _target(Kind.HOUSEHOLDS, HouseholdCount, ("subject_kind", "subject_code", "as_of")),
        _target(Kind.BUILDINGS, Building),
        _target(Kind.FACILITIES, Facility),
        _target(Kind.INCIDENTS, Incident),
        _target(Kind.DWELLINGS, Dwelling, kept=StandingLettings),
        _target(Kind.CAMERAS, Camera),
        _target(
            Kind.CAMERA_STATUS, CameraObservation, ("camera_key", "observed_at"), kept=CameraState
        ),
        _target(Kind.PRIVATE_PLACES, PrivatePlace),
        _target(Kind.STREETS, Street),
        _target(Kind.EVALUATIONS, Evaluation, ("area_code", "period", "measure")),
    )
}


def complete(kind: Kind, rows: pd.DataFrame, district: District) -> pd.DataFrame:
    """The rows with what follows from their own codes and the district's code patterns.

    Areas get level and parent, grids their community and network, posts the community of their
    grid, counts the level of their code. Values that the file gives stay. The input is not changed.
    """
    step = _STEPS.get(kind)
    return step(rows.copy(), district) if step else rows


def _areas(rows: pd.DataFrame, district: District) -> pd.DataFrame:
    known = {code: district.level_of(code) for code in rows["code"].dropna().unique()}
    parents = {code: codes.parent_code(code, district) for code in known}
    rows["level"] = _given_or(rows, "level", rows["code"].map(known))
    rows["parent_code"] = _given_or(rows, "parent_code", rows["code"].map(parents))
    rows["area_code"] = rows["code"]
    return _dated(rows)


def _grids(rows: pd.DataFrame, _district: District) -> pd.DataFrame:
    rows["network"] = _given_or(rows, "network", Network.UNIFIED.value)
    rows["area_code"] = _given_or(rows, "area_code", rows["code"].str[: -codes.SEQUENCE_DIGITS])
    return _dated(rows)


def _compounds(rows: pd.DataFrame, _district: District) -> pd.DataFrame:
    rows["code"] = _given_or(rows, "code", rows["source_key"])
    return _dated(rows)


def _dated(rows: pd.DataFrame) -> pd.DataFrame:
    rows["valid_from"] = _given_or(rows, "valid_from", BEGINNING).astype(str).str[:10]
    return rows


def _posts(rows: pd.DataFrame, _district: District) -> pd.DataFrame:
    rows["area_code"] = rows["grid_code"].str[: -codes.SEQUENCE_DIGITS]
    return rows


def _households(rows: pd.DataFrame, district: District) -> pd.DataFrame:
    if "subject_code" not in rows:
        rows["subject_code"] = None
    levels = {code: district.level_of(code) for code in rows["subject_code"].dropna().unique()}
    kinds = rows["subject_code"].map(levels)
    rows["subject_kind"] = _given_or(rows, "subject_kind", kinds)
    return rows


def _facilities(rows: pd.DataFrame, _district: District) -> pd.DataFrame:
    if "shared_with" in rows:
        rows["shared_with"] = [_shares(value) for value in rows["shared_with"]]
    return rows


def _shares(value: object) -> str | None:
    """Shares as ``code:share;code:share``, from text or from (code, share) pairs."""
    if isinstance(value, Mapping):
        value = tuple(value.items())
    if isinstance(value, list | tuple):
        return ";".join(f"{code}:{share}" for code, share in value)
    return value if isinstance(value, str) else None


_STEPS: dict[Kind, Callable[[pd.DataFrame, District], pd.DataFrame]] = {
    Kind.AREAS: _areas,
    Kind.GRIDS: _grids,
    Kind.COMPOUNDS: _compounds,
    Kind.POSTS: _posts,
    Kind.FACILITIES: _facilities,
    Kind.HOUSEHOLDS: _households,
}


def _given_or(rows: pd.DataFrame, column: str, otherwise: pd.Series | str) -> pd.Series:
    """The column where the file fills it, else ``otherwise``."""
    if column not in rows:
        rows[column] = None
    given: pd.Series = rows[column].astype(object)
    return given.where(given.notna(), otherwise)
