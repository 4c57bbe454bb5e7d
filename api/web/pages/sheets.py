"""Map sheets for paper: any layer the reader may export, A4 or A3, whole or one area."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response
from sqlalchemy.orm import Session

from api.audit import reads
from api.audit.exported import may_take, printed, said_purpose
from api.deps import Asked, Db, ShownLayer
from api.serving.limits import export_limited
from api.web import places
from api.web.desk import AtDesk, Desk
from gis.audit.service import note
from gis.errors import BadInput, NoData
from gis.facts import service as facts
from gis.layers import service, store
from gis.layers.service import Scope, Shown
from gis.privacy import checked
from maps import sheet
from maps.plaque import Paper
from maps.sheet import Drawn, Sheet

router = APIRouter()
Words = Annotated[str, Query(max_length=100)]
_MOST = 20_000  # features on one sheet; more cannot be told apart on paper


@router.get("/sheets/{name}.pdf", dependencies=[Depends(export_limited)])
def read_sheet(
    desk: AtDesk, db: Db, layer: ShownLayer, asked: Asked, paper: Paper = Paper.A4,
    title: Words = "", maker: Words = "", purpose: Words = "",
) -> Response:  # fmt: skip
    """One layer as a map sheet of an area; an internal one wants a purpose and bears the mark.

    Title and maker are the reader's words; without them the layer's name and the district.
    """
    assert desk.user is not None, "ShownLayer has asked for a reader"
    may_take(desk.user, layer.name)
    at, secret = desk.house, layer.internal
    title, maker = (
        checked(title, desk.t("exports.title_of")),
        checked(maker, desk.t("exports.maker")),
    )
    words = said_purpose(purpose)
    taken = printed(db, at, purpose=purpose, internal=secret)
    shown = service.read(db, layer, district=at.district, policy=at.policy, scope=asked)
    if shown.features.empty:
        raise NoData(f"此处没有可绘制的要素 / {layer.name}: nothing to draw here")
    if len(shown.features) > _MOST:
        raise BadInput(
            f"{len(shown.features)} 个要素一页画不下，请选择辖区 / "
            f"{len(shown.features)} features do not fit a sheet: choose an area"
        )
    note(
        db, event="export", target=f"sheet {layer.name}", area_code=asked.area_prefix or None,
        rows=len(shown.features), purpose=words,
    )  # fmt: skip
    reads.note_read(db, layer, asked, rows=len(shown.features))
    rules = shown.features.get("rule", [])
    made = Sheet(
        title=title or desk.either(layer.zh, layer.en),
        subtitle=_subtitle(desk, db, asked, shown),
        layers=(Drawn(layer, shown.features),),
        outlines=store.outlines(
            db, level="community", area_prefix=asked.area_prefix, as_of=shown.as_of
        ),
        srid=at.district.srid, day=shown.as_of,
        maker=maker or desk.either(at.district.name_zh, at.district.name_en),
        rule=", ".join(sorted({str(one) for one in rules if one})),
        mark=desk.t("shell.secret") if secret else "", paper=paper, language=desk.language,
        demo=facts.is_demo(db), taken=taken,
    )  # fmt: skip
    headers = {"Content-Disposition": f'inline; filename="{layer.name}-{paper}.pdf"'}
    return Response(sheet.pdf(made), media_type="application/pdf", headers=headers)


def _subtitle(desk: Desk, db: Session, asked: Scope, shown: Shown) -> str:
    """Area, period and day of what is drawn."""
    words = [places.reach(desk, db, asked.area_prefix), f"{shown.as_of}"]
    if shown.run and shown.run.period:
        words.insert(1, shown.run.period)
    return " · ".join(words)
