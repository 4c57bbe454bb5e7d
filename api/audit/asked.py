"""How an address asks for lines of the trail, and their file."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, Query, Request
from fastapi.responses import StreamingResponse
from sqlalchemy.orm import Session

from api.audit import trail
from api.audit.exported import said_purpose
from gis.audit import service, store

Word = Annotated[str | None, Query(max_length=100)]
Area = Annotated[str | None, Query(pattern=r"^[0-9A-Za-z-]{0,20}$", description="area prefix")]
Moment = Annotated[datetime | None, Query(description="instant with its offset from UTC")]
Before = Annotated[int | None, Query(ge=1, le=2**62, description="lines older than this one")]
Purpose = Annotated[str, Query(min_length=2, max_length=200, description="kept in the trail")]


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


def csv_of(
    request: Request, session: Session, asked: store.Asked, purpose: str
) -> StreamingResponse:
    """Lines as CSV for a spreadsheet, page by page; the purpose is kept in the trail."""
    standing, rows = store.standing(session, asked)
    service.note(session, event="export", target="audit", purpose=said_purpose(purpose), rows=rows)
    whose = {name: session.info[name] for name in ("user", "request")}
    lines = trail.streamed(request.app.state.engine, whose, standing)
    headers = {"Content-Disposition": 'attachment; filename="audit.csv"'}
    return StreamingResponse(lines, media_type="text/csv; charset=utf-8", headers=headers)
