"""The audit trail for the auditor: lines by filter, the whole as CSV, and whether it is intact."""

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from api.audit import trail
from api.audit.exported import said_purpose
from api.deps import At, Db, needs, said
from api.serving.limits import export_limited
from gis.access.rights import Action, Capability
from gis.audit import service, store

router = APIRouter(prefix="/api/v1/audit", tags=["audit"])
READ = [needs(Capability.AUDIT)]
EXPORT = [needs(Capability.AUDIT, Action.EXPORT), Depends(export_limited)]
Word = Annotated[str | None, Query(max_length=100)]
Area = Annotated[str | None, Query(pattern=r"^[0-9A-Za-z-]{0,20}$", description="area prefix")]
Moment = Annotated[datetime | None, Query(description="instant with its offset from UTC")]
Before = Annotated[int | None, Query(ge=1, le=2**62, description="lines older than this one")]
Lines = Annotated[int, Query(ge=1, le=1_000, description="lines per page")]
Purpose = Annotated[str, Query(min_length=2, max_length=200, description="kept in the trail")]
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


def asked(
    user: Word = None,
    event: Word = None,
    target: Word = None,
    result: Word = None,
    area: Area = None,
    since: Moment = None,
    until: Moment = None,
    before: Before = None,
) -> store.Asked:
    """Which lines a request asks for."""
    return store.Asked(user, event, target, result, area, _utc(since), _utc(until), before)


Asked = Annotated[store.Asked, Depends(asked)]


def _utc(moment: datetime | None) -> datetime | None:
    """An instant without an offset is meant as UTC."""
    return moment.replace(tzinfo=UTC) if moment and moment.tzinfo is None else moment


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
    standing, rows = store.standing(db, asked)
    service.note(db, event="export", target="audit", purpose=said_purpose(purpose), rows=rows)
    whose = {name: db.info[name] for name in ("user", "request")}
    lines = trail.streamed(request.app.state.engine, whose, standing)
    headers = {"Content-Disposition": 'attachment; filename="audit.csv"'}
    return StreamingResponse(lines, media_type="text/csv; charset=utf-8", headers=headers)
