"""Reads of sensitive layers leave a line in the audit trail; reads of public figures do not."""

import time
from threading import Lock

from sqlalchemy.orm import Session

from gis.audit import service as audit
from gis.layers.model import Layer
from gis.layers.service import Scope


def note_read(session: Session, layer: Layer, scope: Scope, *, rows: int | None = None) -> None:
    """Note that ``rows`` features of ``layer`` were shown, if it is a sensitive one."""
    if layer.internal:
        detail = {"key": scope.key} if scope.key else {}
        audit.note(
            session, event="read", target=layer.name, area_code=scope.area_prefix or None,
            rows=rows, detail=detail,
        )  # fmt: skip


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
    if layer.internal and looks.first(user.id, layer.name):
        audit.note(session, event="read", target=f"tiles {layer.name}")
