"""``wangge import``: one file in, one transaction, one report."""

from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer

from api.commands.common import Json, group, house
from api.house import House, transaction
from api.output import figures_out, json_out, progress, refuse, say, table_out
from data.ingest.mapping import CONSTANT
from data.ingest.report import ImportReport, unopened
from data.ingest.service import import_file
from data.ingest.types import Kind, Options, Severity
from data.ingest.undo import undo_import
from gis.errors import BadInput, ImportRefused
from gis.facts import service as facts

app = group()
SAID_ROWS = 5  # of the refused ones; the report has all


@app.command("import")
def import_(
    kind: Annotated[Kind, typer.Argument(help="What the file holds.")],
    file: Annotated[Path, typer.Argument(help="The file.", readable=False)],
    frame: Annotated[
        str | None, typer.Option(help="wgs84, cgcs2000, gcj02, bd09 or EPSG:n.")
    ] = None,
    encoding: Annotated[str | None, typer.Option(help="Default: detected.")] = None,
    layer: Annotated[str | None, typer.Option(help="Layer or sheet.")] = None,
    map_: Annotated[list[str] | None, typer.Option("--map", help="FIELD=COLUMN")] = None,
    profile: Annotated[Path | None, typer.Option(help="Saved mapping (TOML).")] = None,
    read_at: Annotated[
        str | None, typer.Option(help="When a catalogue of cameras was read: 2026-06-30T08:00.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Report, change nothing.")] = False,
    json: Json = False,
) -> None:
    """Take a file into the store, or say row by row why not. 导入。"""
    at = house()
    mapping = _mapping(map_ or []) | _read_at(read_at)
    options = Options(frame=frame, encoding=encoding, layer=layer, mapping=mapping, profile=profile)
    try:
        report = take_in(at, kind, file, options, dry_run=dry_run)
    except ImportRefused as refusal:
        refused = _report_of(refusal, file, kind)
        if refused is None:
            raise
        told = {**refused.as_json(), "report": _written(refused, at)}
        refuse(refusal.code, str(refusal), json=json, report=told)
        _say_refused(refused)
        raise typer.Exit(1) from refusal
    written = _written(report, at)
    _say_refused(report)
    if json:
        json_out({**report.as_json(), "report": written})
    else:
        _print(report)


@app.command("import-undo")
def import_undo(
    id: Annotated[int, typer.Argument(help="Number of the import.")], json: Json = False
) -> None:
    """Undo the last import of a kind: its rows leave, those it changed come back. 撤销导入。"""
    at = house()
    with at.session() as session:
        undone = undo_import(session, id, at.district)
    if json:
        json_out({"import": undone.import_id, **undone.counts()})
    else:
        figures_out(f"import {undone.import_id} ({undone.kind})", undone.counts())


def take_in(
    at: House, kind: Kind, file: Path, options: Options, *, dry_run: bool = False
) -> ImportReport:
    """Import one file in a transaction of its own."""
    with at.store() as engine, progress() as bar:
        task = bar.add_task(file.name, total=None)

        def step(stage: str, done: int, total: int | None) -> None:
            bar.update(task, description=f"{file.name} {stage}", completed=done, total=total)

        with transaction(engine) as session:
            if not dry_run:
                facts.claim(session, at.district)
            return import_file(
                session, file, kind, options, at.district, dry_run=dry_run, progress=step
            )


def _mapping(pairs: list[str]) -> dict[str, str]:
    """``FIELD=COLUMN`` pairs as a dict; raises BadInput."""
    found = {}
    for pair in pairs:
        name, equals, column = pair.partition("=")
        if not (name and equals and column):
            raise BadInput.at(f"--map {pair!r}", "请写成 字段=列名", "write FIELD=COLUMN")
        found[name] = column
    return found


def _read_at(said: str | None) -> dict[str, str]:
    """One time for the answers of all rows; raises BadInput for what is none."""
    if said is None:
        return {}
    try:
        return {"answered_at": CONSTANT + datetime.fromisoformat(said).isoformat()}
    except ValueError as exc:
        raise BadInput.at(
            f"--read-at {said!r}", "请写成 2026-06-30T08:00", "write 2026-06-30T08:00"
        ) from exc


def _report_of(refusal: ImportRefused, file: Path, kind: Kind) -> ImportReport | None:
    """The report of a refused file; None where there is no readable file to report on."""
    if isinstance(refusal.report, ImportReport):
        return refusal.report
    return unopened(file, kind, refusal)


def _written(report: ImportReport, at: House) -> str | None:
    """Where the workbook lies; None, and a line that says why, where it cannot be written.

    What the import did stands either way.
    """
    try:
        path = report.write_xlsx(at.settings.home / "reports")
    except BadInput as exc:
        say(str(exc))
        return None
    say(f"report / 回执: {path}")
    return str(path)


def _say_refused(report: ImportReport) -> None:
    """The first refused rows with column, value and reason."""
    refused = (note for note in report.notes if note.severity is Severity.REFUSED)
    for note in islice(refused, SAID_ROWS):
        column = "" if note.column is None else f" {note.column} = {note.value!r}"
        say(f"行 row {note.row}{column}: {note.reason_zh} / {note.reason_en}")


def _print(report: ImportReport) -> None:
    if report.import_id is not None:
        number = report.import_id
        say(f"导入编号 import {number}；撤销 to undo: wangge import-undo {number}")
    table_out(
        f"{report.kind} ← {report.facts.path.name}{'  (dry run)' if report.dry_run else ''}",
        ("", ""), list(report.counts().items()),
    )  # fmt: skip
    reasons = [
        (one.severity.value, one.code, one.count, one.reason_zh) for one in report.notes.reasons()
    ]
    if reasons:
        table_out("说明 / notes", ("", "code", "rows", ""), reasons)
    for remark in report.said():
        say(remark)
