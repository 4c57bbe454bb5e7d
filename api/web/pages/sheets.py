"""Map sheets for paper: any layer the reader may export, A4 or A3, whole or one area."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from api.audit.exported import may_take
from api.deps import Asked, Db, ShownLayer
from api.serving.limits import export_limited
from api.web import places
from api.web.desk import AtDesk
from api.web.paper import sheets as drawing
from api.web.paper.sheets import SheetIn
from maps import sheet
from maps.plaque import Paper

router = APIRouter()
Words = Annotated[str, Query(max_length=100)]
Purpose = Annotated[str, Query(max_length=200)]


@router.get("/sheets/{name}.pdf", dependencies=[Depends(export_limited)])
def read_sheet(
    desk: AtDesk, db: Db, layer: ShownLayer, asked: Asked, paper: Paper = Paper.A4,
    title: Words = "", maker: Words = "", purpose: Purpose = "",
) -> Response:  # fmt: skip
    """One layer as a map sheet of an area; an internal one wants a purpose and bears the mark.

    Title and maker are the reader's words; without them the layer's name and the district. One of
    very many features is asked for on the page /exports, where a job draws it.
    """
    assert desk.user is not None, "ShownLayer has asked for a reader"
    may_take(desk.user, layer.name)
    wanted = SheetIn(
        layer=layer.name, area=asked.area_prefix, where=places.reach(desk, db, asked.area_prefix),
        period=asked.period, as_of=asked.as_of, level=asked.level, resolution=asked.resolution,
        paper=paper, title=title, maker=maker, purpose=purpose, language=desk.language,
    )  # fmt: skip
    made, _ = drawing.taken(db, desk.house, wanted, most=drawing.AT_ONCE)
    headers = {"Content-Disposition": f'inline; filename="{wanted.file_name}"'}
    return Response(sheet.pdf(made), media_type="application/pdf", headers=headers)
