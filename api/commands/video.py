"""``wangge video``: the camera register as offices and platforms keep it."""

from pathlib import Path
from typing import Annotated

import typer

from api import features
from api.commands.common import AsOf, Json, day, group, house
from api.exported import said_purpose
from api.house import transaction
from api.output import figures_out, json_out, say, table_out
from data.export.register import RegisterForm, write
from gis.audit.service import note
from gis.errors import BadInput, NoData
from gis.runs import store as runs
from gis.runs.model import Analysis
from gis.timeline import service as timeline
from gis.video import planning, store

app = group()
video = group()
app.add_typer(video, name="video", help="视频点位 / video points: register, checks, plans.")


@video.command("register")
def register(
    format_: Annotated[RegisterForm, typer.Option("--format", help="Sheet or catalogue.")],
    out: Annotated[Path, typer.Option(help="File to write; private (0600).")],
    purpose: Annotated[str, typer.Option(help="What it is for; kept in the trail.")],
    json: Json = False,
) -> None:
    """Write the camera register as 一机一档 (XLSX) or GB/T 28181 catalogue. 导出台账。"""
    at = house()
    with at.store() as engine, transaction(engine) as session:
        line = note(
            session, event="export", target="video register", purpose=said_purpose(purpose),
            detail={"format": format_},
        )  # fmt: skip
        found = store.register(session)
        line.rows = len(found)
        try:
            write(found, form=format_, out=out)
        except OSError as exc:
            raise BadInput(f"{out}: cannot be written ({exc.strerror})") from exc
    if json:
        json_out({"file": str(out), "rows": len(found)})
    else:
        say(f"{out}: {len(found)} rows")


@video.command("check")
def check(
    kind: Annotated[str | None, typer.Option(help="One kind of finding.")] = None,
    limit: Annotated[int, typer.Option(help="Findings listed.", min=1, max=10_000)] = 1_000,
    json: Json = False,
) -> None:
    """Say what the newest run found wrong, by rule and since when. 核查。"""
    at = house()
    with at.store() as engine, transaction(engine) as session:
        run = runs.latest_run(session, Analysis.VIDEO)
        if run is None:
            raise NoData("the analysis video has not run: wangge run video")
        rows, matched = store.findings(
            session, run_id=run.id, area_prefix="", kind=kind, camera=None, limit=limit, offset=0
        )
        kinds = run.totals["findings"]
    if json:
        json_out({"run_id": run.id, "matched": matched, "findings": features.records(rows)})
        return
    figures_out(f"视频核查 / video check {run.as_of}", kinds)
    shown = rows[["kind", "camera_key", "compound_code", "since", "reason_zh"]].astype(object)
    table_out(
        f"{matched}", tuple(shown.columns), shown.where(shown.notna(), None).to_numpy().tolist()
    )


@video.command("plan")
def plan(
    compound: Annotated[str, typer.Option(help="Code of the compound.")],
    budget: Annotated[int, typer.Option(help="Points to place.", min=1, max=200)] = 5,
    target: Annotated[float | None, typer.Option(help="Covered share to reach instead.")] = None,
    as_of: AsOf = None,
    json: Json = False,
) -> None:
    """Say where the next points of a compound belong, and the gap to the best plan. 布点。"""
    at = house()
    with at.store() as engine, transaction(engine) as session:
        found = planning.propose(
            session, policy=at.policy, district=at.district, compound=compound, budget=budget,
            as_of=day(as_of) or timeline.day_of(session, at.district), target=target,
        )  # fmt: skip
    said = {
        "compound": compound, "quality": found.quality, "public_m2": found.public_m2,
        "seen_m2": found.seen_m2, "status": found.plan.status,
        "bound": features.plain(found.plan.bound), "gap": features.plain(found.plan.gap),
    }  # fmt: skip
    if json:
        json_out({**said, "places": features.records(found.places)})
        return
    figures_out(f"布点方案 / plan {compound}", said)
    table_out("", tuple(found.places.columns), found.places.round(2).to_numpy().tolist())
