"""Plaques of an area as a job: many sheets are set some at a time, into one private file."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from api.tasks import exports
from api.tasks.work import Work
from api.web.paper import plaques as printing
from api.web.paper.plaques import Batch
from maps import plaque


def run(work: Work, session: Session) -> Mapping[str, Any]:
    """Print the plaques that were asked for; the result names their file."""
    return exports.kept(work, session, lambda folder: _printed(work, session, folder))


def _printed(work: Work, session: Session, folder: Path) -> tuple[Path, int]:
    asked = Batch.model_validate(work.parameters)
    work.say(0.02, "读取标牌", "reading the plaques")
    made, mark = printing.taken(session, work.house, asked)

    def say(done: int) -> None:
        share = 0.05 + 0.85 * done / len(made)
        work.say(share, f"已排版 {done}/{len(made)} 张", f"{done} of {len(made)} sheets are set")

    file = folder / asked.file_name
    file.write_bytes(plaque.book(made, paper=asked.paper, mark=mark, say=say))
    return file, len(made)
