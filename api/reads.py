"""Reads of sensitive layers leave a line in the audit trail; reads of public figures do not."""

from sqlalchemy.orm import Session

from gis.audit import service as audit
from gis.layers.model import Layer, Sensitivity
from gis.layers.service import Scope


def sensitive(layer: Layer, scope: Scope) -> bool:
    """Whether what is shown is internal: the layer itself or columns let through."""
    columns = scope.internal and any(column.internal for column in layer.columns)
    return columns or layer.sensitivity is Sensitivity.INTERNAL


def note_read(session: Session, layer: Layer, scope: Scope, *, rows: int | None = None) -> None:
    """Note that ``rows`` features of ``layer`` were shown, if it is a sensitive one."""
    if sensitive(layer, scope):
        detail = {"key": scope.key} if scope.key else {}
        audit.note(
            session, event="read", target=layer.name, area_code=scope.area_prefix or None,
            rows=rows, detail=detail,
        )  # fmt: skip
