"""Facts about the store itself: whose district it holds and whether it is a demonstration."""

import json
from collections.abc import Collection

from sqlalchemy.orm import Session

from gis.areas.levels import Level
from gis.district import District
from gis.errors import BadInput
from gis.facts import store

_DISTRICT, _DEMO = "district", "demo"
_ZONE = "time_zone"  # where months begin; `wangge.incident_counts` holds its readers to it
_CODES = "codes"  # pattern by level; `wangge.refuse_strange_code` holds divisions and grids to it
# Who may sign in, what was done and asked for: of the house, not of the places it looks after.
_NO_PLACES = {
    "accounts", "audit_entries", "import_profiles", "jobs", "uploads", "store_facts",
}  # fmt: skip


def claim(session: Session, district: District) -> None:
    """Note on the first import which district the store serves; refuse any other one later.

    Raises BadInput when the store already serves another district.
    """
    store.note(session, _DISTRICT, district.code, area_code=district.code)
    confirm(session, district)


def confirm(session: Session, district: District) -> None:
    """Raises BadInput when the store serves another district; an empty store serves any.

    One that serves this district knows its time zone and its codes from then on.
    """
    held = store.read(session, _DISTRICT)
    if held is None:
        return
    if held != district.code:
        raise BadInput(
            f"本库属于 {held}，区文件为 {district.code}：请把 WANGGE_DISTRICT_FILE 设为该区的文件，"
            f"或把 WANGGE_HOME 设为另一目录 / "
            f"this store serves district {held}, the district file says {district.code}: "
            "set WANGGE_DISTRICT_FILE to that district's file, or WANGGE_HOME to another folder"
        )
    codes = {level: district.codes[level] for level in Level if level in district.codes}
    for key, said in ((_ZONE, district.time_zone), (_CODES, json.dumps(codes))):
        if store.read(session, key) != said:  # else nothing is written, nobody waits
            store.replace(session, key, said, area_code=district.code)


def claim_demo(
    session: Session, district: District, made_from: str, *, files: Collection[str]
) -> None:
    """Mark an empty store as demonstration data made from ``made_from`` (size and seed).

    ``files`` are the digests (sha256) of what the demo is imported from. Raises BadInput when the
    store holds other rows, demonstration data made otherwise, or the rows of another file.
    """
    held = store.read(session, _DEMO)
    if held == made_from:
        _refuse_others(session, files)
        return
    if held is not None:
        raise BadInput(
            f"本库装有演示数据 {held}：{made_from} 请用另一 WANGGE_HOME / "
            f"this store holds the demo {held}: set WANGGE_HOME to another folder for {made_from}"
        )
    if filled := store.filled(session, besides=_NO_PLACES):
        raise BadInput(
            f"本库已有数据（{', '.join(filled)}），不与虚构数据混放：请把 WANGGE_HOME 设为空目录 / "
            f"this store holds rows of {', '.join(filled)}, and invented ones are not mixed with "
            "them: set WANGGE_HOME to an empty folder"
        )
    store.note(session, _DEMO, made_from, area_code=district.code)


def _refuse_others(session: Session, files: Collection[str]) -> None:
    if others := store.files_besides(session, files):
        raise BadInput(
            f"本演示库还导入过其他文件（{', '.join(others)}），均标为演示数据：请撤销"
            "（wangge import-undo），或把 WANGGE_HOME 设为空目录 / "
            f"this demo store holds imports of other files ({', '.join(others)}), all of them "
            "marked as demo data: undo them (wangge import-undo), or set WANGGE_HOME to an empty "
            "folder"
        )


def is_demo(session: Session) -> bool:
    """Whether pages and exports must say 演示数据."""
    return store.read(session, _DEMO) is not None
