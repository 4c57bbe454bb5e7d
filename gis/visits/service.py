"""The visit list of an account and the notes on places."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import shapely
from pyproj import Transformer
from sqlalchemy import RowMapping
from sqlalchemy.orm import Session

from gis import privacy
from gis.audit import service as audit
from gis.db.once import own_key
from gis.district import District
from gis.errors import BadInput, NotFound
from gis.visits import analysis, store
from gis.visits.model import PlaceKind, PlaceNote, Visit
from gis.walking import analysis as walking
from gis.walking import store as streets

MOST_VISITS = 40  # a day's walk; the order of more takes seconds
_NEAR_DEG = 0.01  # about a kilometre: detours may leave the places' own box
_REACH_M = 150.0  # from a place to its street; farther, the straight line is as good a guess


class ListFull(BadInput):
    """The visit list holds as many places as one walk can."""

    code = "list_full"


@dataclass(frozen=True)
class Walk:
    """An order that was put on a list: its length, and whether all of it follows streets."""

    length_m: float
    along_streets: bool


def add(session: Session, owner: str, kind: PlaceKind, code: str, *, now: datetime) -> None:
    """Put a place at the end of the list; one that stands there already stays where it is.

    Raises NotFound and ListFull.
    """
    place = _place(session, kind, code)
    listed = store.open_visits(session, owner)
    if any((one["place_kind"], one["place_code"]) == (kind, code) for one in listed):
        return
    if len(listed) >= MOST_VISITS:
        raise ListFull(f"走访清单最多 {MOST_VISITS} 处 / a list holds at most {MOST_VISITS} places")
    session.add(
        Visit(
            area_code=place["area_code"], owner=owner, place_kind=kind, place_code=code,
            name=place["name"][:200], seq=store.last_seq(session, owner) + 1, added_at=now,
            geom=f"SRID=4326;POINT({place['lon']} {place['lat']})",
        )
    )  # fmt: skip
    session.flush()


def listed(session: Session, owner: str) -> Sequence[RowMapping]:
    """The account's list in walking order."""
    return store.open_visits(session, owner)


def visited(session: Session, owner: str) -> Sequence[RowMapping]:
    """The account's last twenty visits, newest first."""
    return store.done_visits(session, owner)


def done(session: Session, owner: str, id: int, *, now: datetime) -> None:
    """The place was visited; raises NotFound for somebody else's list."""
    _own(session, owner, id).done_at = now
    session.flush()


def remove(session: Session, owner: str, id: int) -> None:
    """Take a place off the list unvisited; raises NotFound."""
    session.delete(_own(session, owner, id))
    session.flush()


def reorder(
    session: Session, owner: str, *, district: District, start: tuple[float, float] | None = None
) -> Walk:
    """Put the list into a short walking order from ``start`` (lon, lat), else from its first place.

    Along streets where the street layer reaches all places, else in straight lines.
    """
    listed = store.open_visits(session, owner)
    lonlat = [(one["lon"], one["lat"]) for one in listed]
    places = np.array([start, *lonlat] if start else lonlat, dtype=float)
    if len(places) < 2:
        return Walk(0.0, True)
    distance_m, along = _distances(session, places, district)
    walk = analysis.order(distance_m)
    for seq, at in enumerate(one for one in walk if not (start and one == 0)):
        _own(session, owner, listed[at - 1 if start else at]["id"]).seq = seq
    session.flush()
    return Walk(analysis.length_m(walk, distance_m), along)


def _distances(
    session: Session, lonlat: walking.Metres, district: District
) -> tuple[walking.Metres, bool]:
    west, south = lonlat.min(axis=0) - _NEAR_DEG
    east, north = lonlat.max(axis=0) + _NEAR_DEG
    lines = streets.walkable_near(session, (west, south, east, north), srid=district.srid)
    metric = Transformer.from_crs(4326, district.srid, always_xy=True)
    xy = np.stack(metric.transform(lonlat[:, 0], lonlat[:, 1]), axis=1)
    return walking.between(xy, walking.network(shapely.force_2d(lines)), reach_m=_REACH_M)


def write_note(
    session: Session, *, key: str, kind: PlaceKind, code: str, body: str, now: datetime
) -> PlaceNote:
    """Keep a note on a place; the same key adds nothing twice.

    Raises NotFound and PersonalText.
    """
    body = privacy.checked(body, "便条")
    key = own_key(session, key)
    known = store.note_by_key(session, key)
    if known is not None:
        return known
    place = _place(session, kind, code)
    note = PlaceNote(
        area_code=place["area_code"], key=key, place_kind=kind, place_code=code,
        name=place["name"][:200], body=body, written_at=now,
    )  # fmt: skip
    session.add(note)
    session.flush()
    audit.note(
        session, event="note_written", target=f"{kind} {code}", area_code=note.area_code, rows=1
    )
    return note


def notes(
    session: Session, *, area_prefix: str = "", kind: PlaceKind | None = None,
    code: str | None = None, most: int = 50,
) -> Sequence[RowMapping]:  # fmt: skip
    """Notes below a code prefix or on one place, newest first."""
    return store.notes(session, area_prefix=area_prefix, kind=kind, code=code, most=most)


def name_of(session: Session, kind: PlaceKind, code: str) -> str:
    """What a place is called; raises NotFound."""
    return str(_place(session, kind, code)["name"])


def incidents_since_visit(
    session: Session, *, area_prefix: str, since: datetime, most: int = 20
) -> Sequence[RowMapping]:
    """Incidents per compound since its last visit, else since ``since``: counts, no incidents."""
    return store.incidents_since_visit(session, area_prefix=area_prefix, since=since, most=most)


def _place(session: Session, kind: PlaceKind, code: str) -> RowMapping:
    found = store.place(session, kind, code)
    if found is None:
        raise NotFound(kind, code)
    return found


def _own(session: Session, owner: str, id: int) -> Visit:
    found = store.own(session, owner, id)
    if found is None:
        raise NotFound("visit", id)
    return found
