"""Previews of large uploaded files as jobs."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from api.tasks.imports import options_of, path_of
from api.tasks.work import Work
from data.ingest.preview import preview
from data.ingest.types import Kind
from gis.errors import NotFound, Stopped
from gis.uploads import store

_STEPS = ((0.1, "打开文件", "opening the file"), (0.4, "识别坐标系", "finding the frame"),
          (0.7, "读取前几行", "reading the first rows"))  # fmt: skip


def run(work: Work, session: Session) -> Mapping[str, Any]:
    """Look at the first rows of the upload of ``upload_id``; nothing is changed.

    Raises Stopped where the upload has gone meanwhile, or other settings were said of it.
    """
    upload = store.get(session, work.parameters["upload_id"])
    if upload is None:
        raise NotFound("upload", work.parameters["upload_id"])
    seen = preview(
        path_of(work.house, upload), Kind(upload.kind), options_of(upload), work.house.district,
        begin=lambda step: work.say(*_STEPS[step]),
    )  # fmt: skip
    now = store.get(session, upload.id, locked=True)  # it stays as it is until this is committed
    if now is None or now.preview_job != work.job.id:
        raise Stopped
    return {"kind": upload.kind, "preview": seen.as_json()}
