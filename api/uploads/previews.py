"""The preview of an uploaded file: at once while the file is small, else what its job has found."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from api.house import House
from api.tasks.imports import options_of, path_of
from data.ingest.preview import Preview, preview
from data.ingest.types import Kind
from gis.errors import NotFound
from gis.jobs import service as jobs
from gis.jobs.model import Job, JobKind, JobState
from gis.uploads.model import Upload


@dataclass(frozen=True)
class Look:
    """What is seen of a file; nothing while ``job`` is at it."""

    seen: Preview | None
    job: Job | None = None


def ask(session: Session, at: House, upload: Upload) -> None:
    """Let a job look at a large file, as it arrives and whenever something else was said of it."""
    upload.preview_job = None  # what was seen before is of other settings
    if upload.size_bytes > at.settings.preview_job_bytes:
        parameters = {"upload_id": upload.id}
        job = jobs.ask(
            session, JobKind.PREVIEW, parameters, district_code=at.district.code,
            area_code=upload.area_code,
        )  # fmt: skip
        upload.preview_job = job.id


def look(session: Session, at: House, upload: Upload) -> Look:
    """The file as it would be read, of what was said about it last."""
    if upload.preview_job is None:
        path = path_of(at, upload)
        return Look(preview(path, Kind(upload.kind), options_of(upload), at.district))
    job = jobs.find(session, upload.preview_job)
    if not JobState(job.state).ended:
        return Look(None, job)
    if job.state == JobState.DONE:
        if job.result is None:  # other settings came in between
            raise NotFound("preview of upload", upload.id)
        return Look(Preview.from_json(job.result["preview"]), job)
    said = f"{job.message_zh} / {job.message_en}" if job.message_zh else job.state
    return Look(Preview(problem=(job.error_code or job.state, said)), job)
