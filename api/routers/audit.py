"""The audit trail for the auditor: lines by filter, the whole as CSV, and whether it is intact."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from api.audit import trail
from api.audit.asked import Asked, Purpose, csv_of
from api.deps import At, Db, needs, said
from api.serving.limits import export_limited
from gis.access.rights import Action, Capability
from gis.audit import service, store

router = APIRouter(prefix="/api/v1/audit", tags=["audit"])
READ = [needs(Capability.AUDIT)]
EXPORT = [needs(Capability.AUDIT, Action.EXPORT), Depends(export_limited)]
Lines = Annotated[int, Query(ge=1, le=1_000, description="lines per page")]
_LINE = {
    "number": 7, "at": "2026-09-30T01:02:03Z", "user_id": "liaison-1", "role": "police_liaison",
    "address": "10.0.0.7", "request_id": "9f3c", "event": "export", "target": "rating",
    "area_code": "530102001", "rows": 120, "result": "done", "purpose": "月度会议", "detail": {},
}  # fmt: skip


class LinesOut(BaseModel):
    """A page of lines, newest first; ``next_before`` is the filter of the next page."""

    lines: list[dict[str, Any]] = Field(examples=[[_LINE]])
    next_before: int | None = Field(examples=[7])


class VerdictOut(BaseModel):
    """Whether the chain is whole and agrees with the signed heads."""

    whole: bool = Field(examples=[True])
    lines: int = Field(examples=[1204])
    last: int = Field(examples=[1204])
    signed_heads: int = Field(examples=[31])
    findings: list[dict[str, Any]] = Field(examples=[[]])


@router.get("", dependencies=READ)
def read_lines(db: Db, asked: Asked, limit: Lines = 100) -> LinesOut:
    """Lines of the audit trail, newest first; reading them is noted too."""
    lines = store.page(db, asked, limit=limit)
    service.note(db, event="read", target="audit", rows=len(lines))
    more = lines[-1]["number"] if len(lines) == limit else None
    return LinesOut(lines=lines, next_before=more)


@router.get("/verification", dependencies=READ)
def read_verification(db: Db, at: At) -> VerdictOut:
    """Walk the whole chain and hold it to the signed heads."""
    service.note(db, event="verify", target="audit")
    return VerdictOut(**trail.verify(db, at).as_dict())


@router.get(
    "/lines.csv", dependencies=EXPORT, response_class=Response,
    responses=said("number,at,…", "text/csv"),
)  # fmt: skip
def export_lines(request: Request, db: Db, asked: Asked, purpose: Purpose) -> StreamingResponse:
    """Lines as CSV for a spreadsheet, page by page; the purpose is kept in the trail."""
    return csv_of(request, db, asked, purpose)
