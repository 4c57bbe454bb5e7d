"""Places records where they lie, and again where community, grid or compound were redrawn.

A point belongs to exactly one community, unified grid and compound, whose boundaries count as
inside: where several hold it, to the one with the lowest code. What stands for a record with a
line or a surface is a point on it. Outlines in force (without an end) come first; one whose newest
version has an end, be it past or to come, keeps what no outline in force has taken. A record in no
community carries the district's own code, a record in no grid or compound carries none.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import Select, Table
from sqlalchemy.orm import Session

from gis.assignment import analysis, store
from gis.assignment.store import Layer
from gis.errors import ImportRefused


@dataclass(frozen=True)
class Place:
    """Where a point lies; ``community`` is None outside every community."""

    community: str | None
    grid: str | None
    compound: str | None


@dataclass
class Redrawing:
    """What a redrawing changed: outlines, and records per table that changed hands."""

    outlines: int = 0
    reassigned: dict[str, int] = field(default_factory=dict)


def locate(session: Session, *, lon: float, lat: float) -> Place:
    """Community, grid and compound at one point in degrees (EPSG:4326)."""
    return Place(*store.locate(session, lon=lon, lat=lat))


def place(session: Session, points: Select[Any], declared: Select[Any] | None = None) -> int:
    """Fill the temporary table ``placed`` for the (id, point) that ``points`` selects.

    ``declared`` selects (id, area, grid, compound) as the source itself names them; it decides
    only where the community it names is on the register without an outline. Returns the number
    of points. The tables end with the transaction or with the next call.
    """
    store.open_spots(session)
    spots = store.add_spots(session, points)
    store.place(session)
    if declared is not None and store.add_declared(session, declared):
        store.place_by_register(session)
    return spots


def outside(session: Session) -> Iterator[int]:
    """Ids of placed points that no community holds; none while no community has an outline."""
    return store.outside_communities(session) if store.outlines_drawn(session) else iter(())


def unknown(session: Session) -> Iterator[tuple[int, str]]:
    """(id, code) of placed points whose source names a code that the store does not have."""
    return store.unknown_codes(session)


def contradictions(session: Session, *, srid: int) -> Iterator[tuple[Layer, pd.DataFrame]]:
    """Placed points outside what their source names, layer by layer in pages.

    A page has id, code, distance_m (to the outline named, in the CRS ``srid``), found (the code
    of the layer where the point lies, None in none) and, for areas, ``frame``: the coordinate
    frame that would explain it, else None. Nothing is moved.
    """
    store.find_contradictions(session, srid=srid)
    for layer in Layer:
        for page in store.contradictions(session, layer):
            if layer is Layer.AREAS:
                page["frame"] = _true_frames(session, page)
            yield layer, page


def _true_frames(session: Session, page: pd.DataFrame) -> pd.Series:
    outlines = store.area_outlines(session, sorted(set(page["code"])))
    named = outlines.set_index("code")["geom"].reindex(page["code"]).to_numpy()
    frames = analysis.true_frame(page["lon"].to_numpy(), page["lat"].to_numpy(), np.asarray(named))
    return pd.Series(frames, index=page.index, dtype=object)


@contextmanager
def redrawing(
    session: Session, layer: Layer, codes: Sequence[str], *, district_code: str
) -> Iterator[Redrawing]:
    """Around a change of the outlines ``codes``: afterwards, what they touch is placed again.

    Only records on ground whose outline really changed are looked at, and only those whose codes
    come out different are written. The counts stand in the yielded object after the block. Raises
    ImportRefused ``outside_areas`` where a record that is not the user's to write would move.
    """
    result = Redrawing()
    store.open_outlines(session)
    store.remember(session, layer, codes, after=False)
    yield result
    store.remember(session, layer, codes, after=True)
    result.outlines = store.redraw(session)
    if result.outlines:
        _stay_within(session, layer, codes)
        result.reassigned = _reassign(session, district_code=district_code)


def _stay_within(session: Session, layer: Layer, codes: Sequence[str]) -> None:
    """A record has one place, whoever redraws: what would leave others theirs wrong is refused."""
    for records in store.RECORDS:
        if store.moved_elsewhere(session, records, layer, codes):
            raise ImportRefused(
                "outside_areas",
                "新的轮廓会改变您负责区域以外记录的归属，没有改动；请由负责两边的人员导入"
                " / the new outlines would move records outside your areas, nothing was changed;"
                " let somebody import them whose areas hold both sides",
            )


def _reassign(session: Session, *, district_code: str) -> dict[str, int]:
    counts: dict[str, int] = {}
    for records in store.RECORDS:
        if place(session, store.touched(records)):
            counts[records.name] = store.reassign(session, records, district_code=district_code)
    counts["followers"] = store.follow(session)
    return {name: count for name, count in counts.items() if count}


def place_again(
    session: Session,
    records: Table,
    points: Select[Any],
    declared: Select[Any],
    *,
    district_code: str,
) -> dict[str, int]:
    """Place the (id, point) of some records again; how many changed hands, by table.

    ``declared`` selects (id, area, grid, compound) as they are; see `place`.
    """
    counts = {}
    if place(session, points, declared):
        counts[records.name] = store.reassign(session, records, district_code=district_code)
    return {name: count for name, count in (counts | follow(session)).items() if count}


def follow(session: Session) -> dict[str, int]:
    """Let counts and observations follow the compound or camera they speak of; how many did."""
    count = store.follow(session)
    return {"followers": count} if count else {}
