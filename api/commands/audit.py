"""``wangge audit``: verify the trail, sign its head, hand it out, drop what is too old."""

from pathlib import Path
from typing import Annotated

import typer

from api.audit import exported, trail
from api.commands.common import Json, group, house
from api.output import json_out, say
from gis.audit import service

app = group()
audit = group()
app.add_typer(audit, name="audit")

Purpose = Annotated[str, typer.Option(help="What it is for; kept in the trail.")]


@audit.command("verify")
def verify(
    heads: Annotated[
        Path | None, typer.Option(help="Copy of audit-heads.jsonl; default: the home's.")
    ] = None,
    json: Json = False,
) -> None:
    """Find every change, removal and reordering; exit code 1 if there is one. 校验审计日志。"""
    at = house()
    with at.session() as session:
        found = trail.verify(session, at, heads_file=heads)
    if json:
        json_out(found.as_dict())
    for one in found.findings:
        say(f"{one.code} {one.number}: {one.words}")
    whole = "完整 / whole" if not found.findings else "已被改动 / tampered with"
    say(f"{found.lines} 行 / lines, {found.signed_heads} 个签名 / signed heads: {whole}")
    if found.findings:
        raise typer.Exit(1)


@audit.command("head")
def head(json: Json = False) -> None:
    """Sign the trail's head into a file outside the store. 签署日志末端。"""
    at = house()
    with at.session() as session:
        signed = trail.sign_head(session, at)
    json_out(signed) if json else say(f"{signed['number']}: {signed['hash']}")


@audit.command("export")
def export(
    out: Annotated[Path, typer.Option(help="CSV file to write.")],
    purpose: Purpose,
    json: Json = False,
) -> None:
    """Write the whole trail to a CSV file with a signed manifest. 导出审计日志。"""
    at = house()
    with at.session() as session:
        purpose = exported.said_purpose(purpose) or ""
        line = service.note(session, event="export", target="audit", purpose=purpose)
        line.rows = exported.write_trail(session, at, out, purpose=purpose)
    json_out({"file": str(out), "rows": line.rows}) if json else say(f"{out}: {line.rows} rows")


@audit.command("prune")
def prune(json: Json = False) -> None:
    """Drop months older than WANGGE_AUDIT_KEPT_MONTHS. 清理过期日志。"""
    at = house()
    with at.session() as session:
        dropped = service.prune(session, months=at.settings.audit_kept_months)
    json_out({"dropped": dropped}) if json else say(f"{dropped} 行已清理 / lines dropped")


@audit.command("verify-file")
def verify_file(
    file: Annotated[Path, typer.Argument(help="A file with its .manifest.json beside it.")],
    json: Json = False,
) -> None:
    """Hold an exported file to its signed manifest. 校验导出文件。"""
    at = house()
    manifest = exported.check(at, file)
    json_out({"whole": True, "manifest": manifest}) if json else say(f"{file}: 完整 / whole")
