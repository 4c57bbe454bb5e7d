"""The grid editor: communities, the map to draw on, checks, saves, their history and undoing."""

import json
from datetime import date, datetime
from typing import Annotated, Any

import shapely
from fastapi import APIRouter, Path, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import Session

from api import features
from api.deps import Db, RowId, needs
from api.web import tables
from api.web.desk import AtDesk, Desk
from api.web.forms import Form, Sent, form_of, shape_of
from gis.access.rights import Action, Capability
from gis.errors import BadInput, CannotUndo, ChangedMeanwhile
from gis.grids import edits, reshape, store
from gis.grids.drawing import Checked, Sheet, check, labels, sheet
from gis.grids.reshape import Drawn

router = APIRouter()
READ = needs(Capability.GRIDS)
WRITE = needs(Capability.GRIDS, Action.WRITE)
Code = Annotated[str, Path(max_length=20)]
LONGEST = 900_000  # characters; the outlines of a community have some ten thousand
MOST_GRIDS = 200


@router.get("/grids", dependencies=[READ])
def read_communities(desk: AtDesk, db: Db) -> Response:
    """Communities to choose from."""
    rows = [one for one in features.records(store.communities(db)) if desk.reaches(one["code"])]
    t, column = desk.t, tables.Column
    table = tables.view(
        desk, rows,
        [column("name", t("grids.community"), link=True), column("code", t("grids.code")),
         column("grids", t("grids.count"), number=True),
         column("edited_at", t("grids.edited_at"), lambda row: _moment(desk, row["edited_at"]))],
        name="grids", title=t("grids.title"), capability=Capability.GRIDS,
        href=lambda row: f"/grids/{row['code']}",
    )  # fmt: skip
    return table.file() or desk.page("grids.html", table=table)


def _moment(desk: Desk, value: str | datetime | None) -> str:
    return desk.moment(datetime.fromisoformat(value) if isinstance(value, str) else value)


@router.get("/grids/{community}", dependencies=[READ])
def read_editor(desk: AtDesk, db: Db, community: Code) -> Response:
    """The grids of a community on the drawing map, and the history of their saves."""
    table = sheet(db, community)
    today = _today(desk).isoformat()
    form = Form({"shapes": _collection(table.drawn), "mark": table.mark, "day": today})
    return _editor(desk, db, table, form)


@router.post("/grids/{community}/reshape", dependencies=[WRITE])
def reshape_drawing(db: Db, community: Code, data: Sent) -> dict[str, Any]:
    """A drawing after one step: ``how`` is split, merge or carve; nothing is stored."""
    form = form_of(data)
    drawn = _drawn(form.text("shapes"))
    try:
        chosen = [int(one) for one in form.text("chosen").split(",") if one]
        if form.text("how") == "merge":
            return _features(reshape.merged(drawn, chosen))
        shape = shape_of(form.text("shape"))
        if shape is None:
            raise BadInput("请在地图上画 / draw on the map")
        if form.text("how") == "split":
            return _features(reshape.split(drawn, chosen[0], shape))
        return _features(reshape.carved(drawn, shape, sheet(db, community).outline))
    except (ValueError, IndexError) as exc:
        raise BadInput("请先选择网格 / choose a grid first") from exc


@router.post("/grids/{community}", dependencies=[WRITE])
def check_or_save(desk: AtDesk, db: Db, community: Code, data: Sent) -> Response:
    """Check a drawing, or save it."""
    form, table = form_of(data), sheet(db, community)
    policy, district = desk.house.policy, desk.house.district
    found = None
    try:
        drawn, day = _drawn(form.text("shapes")), _day(desk, form.text("day"))
        found = check(table, drawn, policy=policy, district=district)
        if form.text("step") == "save":
            with db.begin_nested():  # the page is answered, and half a save would be kept
                edits.save(
                    db, community, drawn, mark=form.text("mark"), day=day, policy=policy,
                    district=district,
                )  # fmt: skip
            return RedirectResponse(f"/grids/{community}?saved=1", 303)
        if table.mark != form.text("mark"):
            form.wrong("shapes", desk.t("grids.newer"))
    except (BadInput, ChangedMeanwhile) as exc:
        form.wrong("shapes", desk.why(exc))
        status = 409 if isinstance(exc, ChangedMeanwhile) else 422
        return _editor(desk, db, table, form, found, status=status)
    return _editor(desk, db, table, form, found)


@router.post("/grids/{community}/edits/{edit_id}/undo", dependencies=[WRITE])
def undo(desk: AtDesk, db: Db, community: Code, edit_id: RowId) -> Response:
    """Set the grids back to what they were before a save."""
    try:
        edits.undo(db, community, edit_id)
    except (CannotUndo, ChangedMeanwhile) as exc:
        table = sheet(db, community)
        form = Form({"shapes": _collection(table.drawn), "mark": table.mark})
        form.wrong("shapes", desk.why(exc))
        return _editor(desk, db, table, form, status=409)
    return RedirectResponse(f"/grids/{community}?undone=1", 303)


def _editor(
    desk: Desk, db: Session, table: Sheet, form: Form, found: Checked | None = None,
    *, status: int | None = None,
) -> Response:  # fmt: skip
    around = [Drawn(code, geom) for code, geom in zip(table.around["code"], table.around["geom"],
                                                      strict=True)]  # fmt: skip
    history = edits.history(db, table.community)
    asked = desk.request.query_params
    said = next((one for one in ("saved", "undone") if one in asked), None)
    return desk.page(
        "grid_editor.html", status=status or (200 if form.ok else 422), sheet=table, form=form,
        found=found, history=history, said=said,
        newest=next((one.id for one in history if one.undone_at is None), None),
        may_write=bool(desk.user and desk.user.may(Capability.GRIDS, Action.WRITE)),
        around=_collection(around), outline=shapely.to_geojson(table.outline),
    )  # fmt: skip


# -- drawings as GeoJSON --------------------


def _features(drawn: list[Drawn]) -> dict[str, Any]:
    """A FeatureCollection; ``label`` is what the map writes on a grid."""
    return {"type": "FeatureCollection", "features": [
        {"type": "Feature", "geometry": json.loads(shapely.to_geojson(one.geom)),
         "properties": {"code": one.code, "name": one.name, "households": one.households,
                        "label": label[-3:]}}
        for one, label in zip(drawn, labels(drawn), strict=True)
    ]}  # fmt: skip


def _collection(drawn: list[Drawn]) -> str:
    return json.dumps(_features(drawn), ensure_ascii=False)


def _drawn(text: str) -> list[Drawn]:
    """The grids of a FeatureCollection; raises BadInput for anything else."""
    try:
        if len(text) > LONGEST:
            raise ValueError("too long")
        told = json.loads(text)["features"]
        if not isinstance(told, list) or len(told) > MOST_GRIDS:
            raise ValueError("no list of grids")
        return [_one(feature) for feature in told]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as exc:
        raise BadInput("网格数据无法读取 / the drawing cannot be read") from exc


def _one(feature: dict[str, Any]) -> Drawn:
    told, shape = feature["properties"], shape_of(json.dumps(feature["geometry"]))
    if shape is None:
        raise ValueError("no geometry")
    code, name, households = (told.get(one) for one in ("code", "name", "households"))
    return Drawn(
        str(code) if code else None, shape, str(name).strip() or None if name else None,
        int(households) if households not in (None, "") else None,
    )  # fmt: skip


def _day(desk: Desk, text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError as exc:
        raise BadInput("请填写生效日期 / write the day it holds from") from exc
    if day > _today(
        desk
    ):  # records name their new grid at once: until the day none would count them
        raise BadInput(
            "生效日期不得晚于今天，请在生效当天保存"
            " / the day may not be to come: save on the day itself"
        )
    return day


def _today(desk: Desk) -> date:
    return datetime.now(desk.house.district.zone).date()
