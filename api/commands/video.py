"""``wangge video``: the camera register as offices and platforms keep it."""

from pathlib import Path
from typing import Annotated

import typer

from api import features
from api.audit.exported import said_purpose, watermark
from api.commands.common import AsOf, Json, day, group, house
from api.files.outputs import write_private
from api.house import transaction
from api.output import figures_out, json_out, say, table_out
from api.planning import plan_map
from api.planning.plans import told
from api.web.table_files import Marked
from data.export import planned
from data.export.register import RegisterForm, write
from data.ingest import candidates as places
from gis.audit.service import note
from gis.errors import BadInput
from gis.facts import service as facts
from gis.timeline import service as timeline
from gis.video import store
from gis.video.siting import planning
from gis.video.siting.ask import Ask

app = group()
video = group()
app.add_typer(video, name="video", help="视频点位 / video points: register, checks, plans.")


@video.command("register")
def register(
    format_: Annotated[
        RegisterForm, typer.Option("--format", help="Sheet, catalogue or OSM nodes.")
    ],
    out: Annotated[Path, typer.Option(help="File to write; private (0600).")],
    purpose: Annotated[str, typer.Option(help="What it is for; kept in the trail.")],
    json: Json = False,
) -> None:
    """Write the camera register: 一机一档, GB/T 28181 catalogue, OSM nodes. 导出台账。"""
    at = house()
    with at.store() as engine, transaction(engine) as session:
        line = note(
            session, event="export", target="video register", purpose=said_purpose(purpose),
            detail={"format": format_},
        )  # fmt: skip
        found = store.register(session)
        line.rows = len(found)
        try:
            write(found, form=format_, out=out, demo=facts.is_demo(session))
        except OSError as exc:
            raise BadInput.at(
                str(out),
                f"无法写入（{exc.strerror}），请换一处",
                f"cannot be written ({exc.strerror}): name another place",
            ) from exc
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
        run = store.newest_run(session)
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
    compound: Annotated[str | None, typer.Option(help="Code of one compound.")] = None,
    area: Annotated[str | None, typer.Option(help="Code of an area, up to a district.")] = None,
    budget: Annotated[int, typer.Option(help="Points to place.", min=1, max=200)] = 5,
    target: Annotated[
        float | None, typer.Option(help="Covered share to reach instead.", min=0.01, max=1)
    ] = None,
    every_deg: Annotated[
        float | None, typer.Option(help="Degrees between directions looked at.", min=10, max=180)
    ] = None,
    candidates: Annotated[
        Path | None, typer.Option(help="File of points or table (poles): places to choose from.")
    ] = None,
    frame: Annotated[
        str | None, typer.Option(help="Frame of the candidates, as at an import: wgs84, gcj02 …")
    ] = None,
    footfall: Annotated[
        Path | None, typer.Option(help="File of points with per_day: passers-by counted.")
    ] = None,
    footfall_frame: Annotated[
        str | None, typer.Option(help="Frame of the footfall, as at an import.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Planned points as GeoJSON, for import cameras; private.")
    ] = None,
    purpose: Annotated[
        str | None, typer.Option(help="What the points of --out are for; asked, and kept.")
    ] = None,
    map_: Annotated[Path | None, typer.Option("--map", help="Map page to write; private.")] = None,
    as_of: AsOf = None,
    json: Json = False,
) -> None:
    """Say where the next points belong, and the gap to the best plan. 布点。"""
    if (compound is None) == (area is None):
        raise BadInput.at(
            "--compound, --area",
            "请指定一个小区或一个区域，二者取一",
            "say one compound, or one area",
        )
    at = house()
    poles = places.candidates(candidates, at.district, frame=frame) if candidates else ()
    counts = places.footfall(footfall, at.district, frame=footfall_frame) if footfall else ()
    ask = Ask(compound, area or "", budget, target, every_deg, poles, counts)
    with at.store() as engine, transaction(engine) as session:
        on = day(as_of) or timeline.day_of(session, at.district)
        note(session, event="read", target="video_plan", detail={"where": compound or area})
        mark = watermark(session, purpose=purpose, internal=out is not None)
        found = planning.propose(session, policy=at.policy, district=at.district, as_of=on, ask=ask)
        if out is not None:
            note(session, event="export", target="video_plan", rows=len(found.places),
                 purpose=mark.purpose)  # fmt: skip
            marked = Marked("布点方案 / plan", mark, facts.is_demo(session))
            write_private(out, planned.text(found.places, description=marked.text))
        if map_ is not None:
            write_private(map_, plan_map.page(session, at, found, as_of=on))
    said = told(found)
    if json:
        json_out(said)
        return
    rows = [
        list({**row, "lon": f"{row['lon']:.6f}", "lat": f"{row['lat']:.6f}"}.values())
        for row in said.pop("places")
    ]
    figures_out(f"布点方案 / plan {compound or area}", said)
    table_out("", tuple(found.places.columns), rows)
