"""A map sheet of very many features as a job: one page, in a private file."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from api.tasks import exports
from api.tasks.work import Work
from api.web.paper import sheets
from api.web.paper.sheets import SheetIn
from maps import sheet


def run(work: Work, session: Session) -> Mapping[str, Any]:
    """Draw the sheet that was asked for; the result names its file."""
    return exports.kept(work, session, lambda folder: _drawn(work, session, folder))


def _drawn(work: Work, session: Session, folder: Path) -> tuple[Path, int]:
    asked = SheetIn.model_validate(work.parameters)
    work.say(0.1, "读取图层", "reading the layer")
    made, rows = sheets.taken(session, work.house, asked)
    work.say(0.4, f"绘制 {rows:,} 个要素", f"drawing {rows:,} features")
    file = folder / asked.file_name
    file.write_bytes(sheet.pdf(made))
    return file, rows
