"""Reads of what is sensitive leave a line in the audit trail; reads of public figures do not."""

import time
from collections.abc import Collection
from threading import Lock

from sqlalchemy.orm import Session

from gis.access.rights import Capability
from gis.audit import service as audit
from gis.db.session import User
from gis.layers.model import Layer
from gis.layers.service import Scope
from gis.runs.model import Analysis

_SENSITIVE = {Capability.INCIDENTS, Capability.RENTAL}  # beside internal layers
_RESULTS = {
    Analysis.VIDEO: Capability.VIDEO, Analysis.RENTAL: Capability.RENTAL,
    Analysis.RATING: Capability.INCIDENTS,  # the kinds; the colour itself is public
}  # fmt: skip


def _gives(layer: Layer, user: User, columns: Collection[str] | None = None) -> bool:
    """Whether these columns of ``layer`` (None: all) give ``user`` something sensitive."""
    shown = [one for one in layer.columns if columns is None or one.name in columns]
    given = {layer.capability, *(one.needs for one in shown)}
    return layer.internal or any(one in given and user.may(one) for one in _SENSITIVE)


def note_read(session: Session, layer: Layer, scope: Scope, *, rows: int | None = None) -> None:
    """Note that ``rows`` features of ``layer`` were shown, if the user was given what is sensitive.

    That is an internal layer, and any column of incidents or rental housing.
    """
    if _gives(layer, session.info["user"]):
        detail = {"key": scope.key} if scope.key else {}
        audit.note(
            session, event="read", target=layer.name, area_code=scope.area_prefix or None,
            rows=rows, detail=detail,
        )  # fmt: skip


def note_results(session: Session, analysis: Analysis, *, area_code: str | None, rows: int) -> None:
    """Note that stored results were shown, if the user was given what is sensitive of them."""
    needed = _RESULTS.get(analysis)
    if needed is not None and session.info["user"].may(needed):
        audit.note(session, event="read", target=f"results {analysis}", area_code=area_code,
                   rows=rows)  # fmt: skip


class Looks:
    """Who looked at which layer in this hour: a map asks for hundreds of tiles, one line is enough.

    The memory is the process's own; after a new start an hour's first look is noted once more.
    """

    def __init__(self) -> None:
        self._lock, self._hour, self._seen = Lock(), 0, set[tuple[str, str]]()

    def first(self, user_id: str, layer: str, *, hour: int | None = None) -> bool:
        """Whether it is the user's first look at the layer in this hour (hours since 1970)."""
        now = int(time.time() // 3600) if hour is None else hour
        with self._lock:
            if now != self._hour:
                self._hour, self._seen = now, set()
            known = (user_id, layer) in self._seen
            self._seen.add((user_id, layer))
        return not known


def note_look(looks: Looks, session: Session, layer: Layer) -> None:
    """Note a look at a sensitive layer's tiles, once per user, layer and hour."""
    user = session.info["user"]
    if _gives(layer, user, layer.drawn) and looks.first(user.id, layer.name):
        audit.note(session, event="read", target=f"tiles {layer.name}")
