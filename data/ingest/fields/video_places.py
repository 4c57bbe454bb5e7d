"""Fields of private places: what Order 799 keeps cameras out of, and private gardens."""

from data.ingest.fields.common import AREA, KEY, WKT
from data.ingest.fields.model import Field, Type

KINDS = {
    "guest_room": ("客房", "包间", "包厢", "宾馆客房", "hotel_room"),
    "dormitory": ("宿舍", "学生宿舍", "集体宿舍", "dorm"),
    "bath": ("公共浴室", "浴室", "卫生间", "公共厕所", "厕所", "toilet", "bathroom"),
    "changing": ("更衣室", "试衣间", "fitting_room", "changing_room"),
    "nursing": ("哺乳室", "母婴室", "nursing_room"),
    "garden": ("私家花园", "私人庭院", "私家庭院", "private_garden"),
}

PRIVATE_PLACES = (
    KEY,
    Field(
        "kind", Type.WORD, ("场所类型", "类型", "类别"), ("place_kind",), required=True, words=KINDS
    ),
    Field("name", Type.TEXT, ("名称", "场所名称"), (), remark="the place, never a person"),
    AREA,
    WKT,
)
