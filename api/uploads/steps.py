"""The steps of a file that was sent: keep, say what it is, try, take in, undo, forget."""

import shutil
from pathlib import Path
from typing import Annotated

from fastapi import Request
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from api.house import House, transaction
from api.tasks.imports import CAPABILITY, path_of
from api.uploads import previews
from api.uploads.uploading import Received
from data.ingest.types import Kind
from data.ingest.undo import Undone, undo_import
from gis.access.rights import Action
from gis.audit import service as audit
from gis.db.session import User
from gis.errors import BadInput, CannotUndo, Forbidden, NotFound
from gis.jobs import service as jobs
from gis.jobs.model import Job, JobKind, JobState
from gis.uploads import store
from gis.uploads.model import Upload

Word = Annotated[str, Field(max_length=200)]


class OptionsIn(BaseModel, extra="forbid"):
    """What is said about a file; what is left out is found out or asked for."""

    frame: Word | None = Field(default=None, examples=["gcj02"])
    encoding: Word | None = None
    layer: Word | None = None
    mapping: dict[Word, Word] = Field(default={}, max_length=100, examples=[{"name": "名称"}])
    profile: Word | None = Field(default=None, description="a saved mapping to begin with")
    save_as: Word | None = Field(default=None, description="save the mapping under this name")


def may(user: User, kind: Kind) -> None:
    """Raises Forbidden where the kind of records is not the user's to write."""
    if not user.may(CAPABILITY[kind], Action.WRITE):
        raise Forbidden.right(CAPABILITY[kind], Action.WRITE)


def found(session: Session, user: User, upload_id: int, *, locked: bool = False) -> Upload:
    """Raises NotFound, and Forbidden where the kind of records is not the user's to write.

    ``locked`` lets nobody else take the file in until the transaction ends.
    """
    one = store.get(session, upload_id, locked=locked)
    if one is None:
        raise NotFound("upload", upload_id)
    may(user, Kind(one.kind))
    return one


def keep(request: Request, at: House, user: User, kind: Kind, received: Received) -> Upload:
    """A file that has arrived, as an upload of the user's."""
    with transaction(request.app.state.engine, user=user) as session:
        one = Upload(
            area_code=user.place(at.district.code), asked_by=user.id, kind=kind.value,
            file_name=received.path.name, folder=received.folder, options={},
            size_bytes=received.size_bytes, sha256=received.sha256,
        )  # fmt: skip
        store.add(session, one)
        previews.ask(session, at, one)
        return one


def say(session: Session, at: House, user: User, upload_id: int, said: OptionsIn) -> None:
    """Keep what was said about a file, and look at it anew; raises BadInput once it is taken in.

    Whoever has it taken in has looked at the settings as they stood.
    """
    one = found(session, user, upload_id, locked=True)
    _not_taken_in(session, one)
    mapping = {**_profile(session, one.kind, said.profile), **said.mapping}
    one.options = said.model_dump(include={"frame", "encoding", "layer"}) | {"mapping": mapping}
    one.trial_job = None
    if said.save_as:
        area_code = user.area_prefixes[0] or at.district.code  # where the user may write
        store.save_profile(
            session, area_code=area_code, kind=one.kind, name=said.save_as, mapping=mapping
        )
    previews.ask(session, at, one)
    session.flush()


def ask(session: Session, at: House, user: User, upload_id: int, *, trial: bool) -> Job:
    """Have a worker read the whole file: on trial, which changes nothing, or for good."""
    one = found(session, user, upload_id, locked=True)
    _not_taken_in(session, one)
    parameters = {"upload_id": one.id, "dry_run": trial}
    job = jobs.ask(  # whoever sees the file sees what becomes of it
        session, JobKind.IMPORT, parameters, district_code=at.district.code, area_code=one.area_code
    )
    if trial:
        one.trial_job = job.id
    else:
        one.commit_job = job.id
    return job


def _not_taken_in(session: Session, one: Upload) -> None:
    if one.commit_job is not None and jobs.find(session, one.commit_job).state not in {
        JobState.FAILED, JobState.CANCELLED,
    }:  # fmt: skip
        raise BadInput(
            "文件已导入，如需重复请重新上传 / "
            "the file is taken in already: send it again to repeat that"
        )


def newest_job(session: Session, user: User, upload_id: int) -> Job:
    """The last job of the file; its result holds the report row by row. Raises NotFound."""
    one = found(session, user, upload_id)
    if one.newest_job is None:
        raise NotFound("report of upload", upload_id)
    return jobs.find(session, one.newest_job)


def workbook(session: Session, at: House, user: User, upload_id: int) -> Path:
    """The same report as a file for the office; raises NotFound."""
    name = (newest_job(session, user, upload_id).result or {}).get("workbook")
    path = at.settings.home / "reports" / Path(str(name)).name
    if name is None or not path.is_file():
        raise NotFound("report of upload", upload_id)
    return path


def undo(session: Session, at: House, user: User, upload_id: int, import_id: int) -> Undone:
    """Undo the import of this file, while it is the last of its kind; raises CannotUndo."""
    one = found(session, user, upload_id)
    job = one.commit_job and jobs.find(session, one.commit_job)
    if not job or (job.result or {}).get("import_id") != import_id:
        raise CannotUndo(f"导入 {import_id} 不属于此文件 / import {import_id} is not of this file")
    line = audit.note(session, event="import_undo", target=one.kind, detail={"import": import_id})
    undone = undo_import(session, import_id, at.district)
    line.rows = undone.removed + undone.restored
    job.result = {**(job.result or {}), "undone": {"import_id": import_id, **undone.counts()}}
    return undone


def forget(session: Session, at: House, user: User, upload_id: int) -> Upload:
    """Remove an uploaded file; what was taken in stays."""
    one = found(session, user, upload_id, locked=True)
    audit.note(session, event="import_forget", target=one.kind, detail={"upload": one.id})
    session.delete(one)
    session.flush()
    shutil.rmtree(path_of(at, one).parent, ignore_errors=True)
    return one


def _profile(session: Session, kind: str, name: str | None) -> dict[str, str]:
    if name is None:
        return {}
    named = next((one for one in store.profiles(session, kind) if one.name == name), None)
    if named is None:
        raise NotFound("profile", name)
    return named.mapping
