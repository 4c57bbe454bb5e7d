"""Plaques of published quarters: preview, one compound, a whole community, A4 or A3."""

from collections.abc import Sequence
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Path, Query, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError
from sqlalchemy.orm import Session

from api import features
from api.audit.exported import printed
from api.deps import AreaPrefix, At, Db, needs
from api.serving.limits import export_limited
from api.web import tables
from api.web.desk import AtDesk, Desk
from api.web.forms import Sent, form_of
from api.web.paper import plaques as printing
from api.web.paper.plaques import AT_ONCE, Batch, files_of
from gis.access.rights import Action, Capability
from gis.areas.levels import SubjectKind
from gis.areas.store import subjects_on
from gis.errors import BadInput
from gis.legend import RATING, Entry
from gis.period import Period
from gis.publication import store
from maps import plaque
from maps.plaque import Paper

router = APIRouter(dependencies=[needs(Capability.RATING, Action.EXPORT)])
Quarter = Annotated[str | None, Query(pattern=r"^\d{4}Q[1-4]$")]
Code = Annotated[str, Path(max_length=200)]
_PREVIEW = "预览 / preview"
Purpose = Annotated[str, Query(max_length=200, description="what it is taken along for")]


@router.get("/plaques")
def read_plaques(
    desk: AtDesk, db: Db, period: Quarter = None, area: AreaPrefix = "", paper: Paper = Paper.A4
) -> Response:
    """The compounds of a published quarter that get a plaque, with a picture of the first one."""
    periods = store.published_quarters(db)
    cycle = store.newest_published(db, period)
    if cycle is None:
        return desk.page("plaques_none.html", periods=periods)
    rows = features.records(store.plaques(db, cycle, area_prefix=area, code=None))
    shown = _table(desk, rows, cycle.period, paper)
    entrances = sum(row["entrances"] for row in shown.matching)
    chosen = {name: desk.request.query_params.get(name, "") for name in ("q", "colour")}
    return shown.file() or desk.page(
        "plaques.html", table=shown, cycle=cycle, period=cycle.period, periods=periods, area=area,
        paper=paper, papers=[one.value for one in Paper], chosen=chosen,
        first=shown.matching[0]["code"] if shown.matching else None, at_once=AT_ONCE,
        communities=_communities(db, cycle.period), entrances=entrances,
        in_a_file=printing.IN_A_FILE, files=files_of(entrances),
    )  # fmt: skip


def _table(desk: Desk, rows: Sequence[tables.Row], period: str, paper: Paper) -> tables.View:
    """The compounds as the address filters them: what is listed is what is printed."""
    return tables.view(
        desk, rows, _columns(desk), name="plaques", title=desk.t("plaques.title"),
        capability=Capability.RATING, kept=("period", "area", "paper"), filters=[_colours(desk)],
        href=lambda row: _printed_at(row, period, paper),
    )  # fmt: skip


def _printed_at(row: tables.Row, period: str, paper: Paper) -> str:
    """Where one compound's plaques are: at once, or so many that a job prints them."""
    if row["entrances"] > AT_ONCE:
        return f"/plaques?{urlencode({'period': period, 'q': row['code'], 'paper': paper})}"
    return f"/plaques/{period}.pdf?{urlencode({'code': row['code'], 'paper': paper})}"


def _columns(desk: Desk) -> list[tables.Column]:
    return [
        tables.Column("name", desk.t("ratings.compound"), link=True),
        tables.Column("code", desk.t("ratings.code"), at_first=False),
        tables.Column("colour", desk.t("plaques.colour"), chip=_class),
        tables.Column("entrances", desk.t("plaques.entrances"), number=True),
    ]  # fmt: skip


def _class(row: tables.Row) -> Entry:
    return RATING.entry(row["colour"])


def _colours(desk: Desk) -> tables.Filter:
    options = [(one.value, desk.either(one.zh, one.en)) for one in RATING.entries[:3]]
    return tables.Filter("colour", desk.t("plaques.colour"), options, lambda row: row["colour"])


def _communities(db: Session, period: str) -> list[tuple[str, str]]:
    day = Period.parse(period).last_day
    found = subjects_on(db, as_of=day, kinds=[SubjectKind.COMMUNITY])
    return list(zip(found["subject_code"], found["name"], strict=True))


@router.post(
    "/plaques/print", dependencies=[needs(Capability.JOBS), Depends(export_limited)]
)  # fmt: skip
def ask(db: Db, at: At, data: Sent) -> Response:
    """Have a job print the plaques that are listed; its page leads to the file."""
    names = ("period", "area", "q", "colour", "paper", "purpose")
    form = form_of(data)
    try:
        asked = Batch.model_validate({name: form.text(name) for name in names})
    except ValidationError as exc:
        field = str(exc.errors()[0]["loc"][0])
        raise BadInput.at(field, "取值不可用", "this value cannot be used") from exc
    return RedirectResponse(f"/jobs/{printing.ask(db, at, asked).id}", 303)


@router.get("/plaques/{period}.pdf", dependencies=[Depends(export_limited)])
def read_pdf(
    db: Db, at: At, period: Annotated[str, Path(pattern=r"^\d{4}Q[1-4]$")],
    area: AreaPrefix = "", code: Annotated[str | None, Query(max_length=200)] = None,
    q: Annotated[str, Query(max_length=100)] = "",
    colour: Annotated[str, Query(pattern="^[a-z]{0,10}$")] = "",
    paper: Paper = Paper.A4, purpose: Purpose = "",
) -> Response:  # fmt: skip
    """The plaques of one compound, or a few of an area as colour and search choose them."""
    asked = Batch(
        period=period, area=area, code=code, q=q, colour=colour, paper=paper, purpose=purpose
    )
    made = printing.taken(db, at, asked, most=AT_ONCE)
    body = plaque.pdf(list(made.plaques), paper=paper, mark=made.mark)
    headers = {"Content-Disposition": f'attachment; filename="{asked.file_name}"'}
    return Response(body, media_type="application/pdf", headers=headers)


@router.get("/plaques/{period}/{code:path}.png", dependencies=[Depends(export_limited)])
def read_picture(desk: AtDesk, db: Db, period: str, code: Code) -> Response:
    """A compound's plaque as a picture."""
    shown = printing.preview(db, desk.house, period=period, code=code)
    mark = printed(db, desk.house, purpose=_PREVIEW, on_paper=False)
    return Response(plaque.png(shown, dpi=64, mark=mark), media_type="image/png")
