"""Plaques of an area as a job: many sheets are set some at a time, into one private file.

So many that one PDF does not hold them are several in an archive; one of them is held at once.
"""

from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import Any
from zipfile import ZipFile

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
    made = printing.taken(session, work.house, asked)

    def book(nth: int) -> bytes:
        before = nth * printing.IN_A_FILE

        def say(done: int) -> None:
            done += before
            share = 0.05 + 0.85 * done / made.sheets
            zh, en = (
                f"已排版 {done:,}/{made.sheets:,} 张",
                f"{done:,} of {made.sheets:,} sheets are set",
            )
            work.say(share, zh, en)

        sheets = list(islice(made.plaques, printing.IN_A_FILE))
        return plaque.book(sheets, paper=asked.paper, mark=made.mark, say=say)

    file = folder / asked.file_name
    if made.files == 1:
        file.write_bytes(book(0))
        return file, made.sheets
    file = file.with_suffix(".zip")
    with ZipFile(file, "x") as packed:  # a PDF is packed already
        for nth in range(made.files):
            packed.writestr(asked.file_of(nth + 1, made.files), book(nth))
    return file, made.sheets
