"""Writes the demo: files in many formats for ``wangge import``, and the truth beside them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from importlib import resources
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import shapely

from data.demo import counts, district, frames, grids, incidents, streets, truth, writing
from data.demo.sizes import AS_OF, SIZES, Size, stream
from data.ingest.types import Kind

Progress = Callable[[str], None]
HOTLINE_SHARE = 0.02  # of the incidents: the hotline's own file, in the frame of a phone's map
_HOTLINE = {
    "noise": "噪音扰民", "dispute": "矛盾纠纷", "burglary": "入室盗窃",
    "vehicle_theft": "盗窃电动车", "fire": "火灾", "assault": "打架斗殴",
}  # fmt: skip
_POST_HEADERS = {
    "key": "编号", "grid_code": "网格编码", "title": "岗位", "on_duty_on": "上岗日期",
    "off_duty_on": "离岗日期",
}  # fmt: skip
_INCIDENT_HEADERS = {
    "key": "警情编号", "occurred_at": "发生时间", "category": "类别", "source": "来源",
    "severe": "重大",
}  # fmt: skip


class DemoFile(NamedTuple):
    """One file to import; ``frame`` None where the file's own projected CRS counts."""

    kind: Kind
    path: Path
    frame: str | None


@dataclass(frozen=True)
class DemoFiles:
    """What was written: files in import order, the demo's day, the truth, the district file."""

    files: tuple[DemoFile, ...]
    as_of: date
    truth: Path
    district_code: str
    district_file: Path


def generate(out: Path, *, size: Size, seed: int, progress: Progress | None = None) -> DemoFiles:
    """Draw the demo and write it into ``out``; the same size and seed give the same bytes.

    Raises OSError where ``out`` cannot be written.
    """
    say = progress or _silent
    out.mkdir(parents=True, exist_ok=True)
    say("drawing the district")
    world = district.draw(size, seed)
    files = []
    for name, kind, frame, write in _plan(world, size, seed):
        say(f"writing {name}")
        write(out / name)
        files.append(DemoFile(kind, out / name, frame))
    _write_truth(world, out / "truth.json", size=size, seed=seed)
    top = SIZES[size].top
    named = "kunming.toml" if top.endswith("00") else "wuhua.toml"
    home = Path(str(resources.files("data.reference").joinpath(named)))
    return DemoFiles(tuple(files), AS_OF, out / "truth.json", top, home)


def _silent(_: str) -> None:
    """Nobody watches."""


_Step = tuple[str, Kind, str | None, Callable[[Path], None]]


def _plan(world: district.World, size: Size, seed: int) -> list[_Step]:
    """Name, kind, frame and writer of every file, in import order."""
    areas = district.areas_frame(world, SIZES[size], stream(seed, "areas"))
    posts = world.posts.rename(columns=_POST_HEADERS)
    hotline, reported = _sources(world, stream(seed, "hotline"))
    communities = world.divisions.codes.tolist()
    scores = counts.evaluations(communities, stream(seed, "evaluations"))
    title = "居民户数统计台账（演示数据）"
    return [
        ("areas.gpkg", Kind.AREAS, "wgs84", lambda path: writing.gpkg(areas, path)),
        ("grids.gpkg", Kind.GRIDS, "wgs84", lambda path: _write_grids(world, path)),
        ("网格岗位.csv", Kind.POSTS, None, lambda path: writing.table(posts, path)),
        ("compounds.gpkg", Kind.COMPOUNDS, "wgs84", lambda path: _write_compounds(world, path)),
        ("buildings.parquet", Kind.BUILDINGS, "wgs84",
         lambda path: writing.parquet(district.buildings_frame(world), path)),
        ("streets.gpkg", Kind.STREETS, None,
         lambda path: writing.gpkg(streets.frame(world.lattice, world.lots), path, metric=True)),
        ("facilities.gpkg", Kind.FACILITIES, "wgs84",
         lambda path: writing.gpkg(world.register.rows, path)),
        ("户数台账.xlsx", Kind.HOUSEHOLDS, None,
         lambda path: writing.spreadsheet(district.counts_frame(world), path, title)),
        ("dwellings.parquet", Kind.DWELLINGS, "wgs84",
         lambda path: writing.parquet(world.lettings.rows, path)),
        ("incidents.csv", Kind.INCIDENTS, "wgs84", lambda path: writing.table(reported, path)),
        ("热线事件_gcj02.csv", Kind.INCIDENTS, "gcj02",
         lambda path: writing.gcj02_table(hotline, path, _INCIDENT_HEADERS)),
        ("cameras.csv", Kind.CAMERAS, "wgs84",
         lambda path: writing.table(world.cameras.rows, path)),
        ("camera_status.csv", Kind.CAMERA_STATUS, None,
         lambda path: writing.table(world.cameras.observed, path)),
        ("private_places.gpkg", Kind.PRIVATE_PLACES, "wgs84",
         lambda path: writing.gpkg(world.private_places, path)),
        ("evaluations.csv", Kind.EVALUATIONS, None, lambda path: writing.table(scores, path)),
    ]  # fmt: skip


def _write_grids(world: district.World, path: Path) -> None:
    writing.gpkg(grids.frame(world.grids, world.divisions), path)


def _write_compounds(world: district.World, path: Path) -> None:
    entrances = frames.shapes_to_degrees(world.compounds.entrances)
    text = shapely.to_wkt(entrances, rounding_precision=7)
    writing.gpkg(district.compounds_frame(world).assign(entrances=text), path)


def _sources(world: district.World, rng: np.random.Generator) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The hotline's incidents under everyday names, and all others; times exact to the minute."""
    rows = incidents.frame(world.incidents)
    known = rows["category"].isin(_HOTLINE) & (rows["occurred_precision"] == "minute")
    chosen = known & ~rows["severe"] & (rng.random(len(rows)) < HOTLINE_SHARE / 0.6)
    hotline = rows[chosen].drop(columns=["occurred_precision", "preventable"])
    when = hotline["occurred_at"].dt.strftime("%Y/%m/%d %H:%M")
    hotline = hotline.assign(
        category=hotline["category"].map(_HOTLINE), source="12345", occurred_at=when, severe="否"
    )
    return hotline, rows[~chosen]


def _write_truth(world: district.World, path: Path, *, size: Size, seed: int) -> None:
    made = world.incidents
    head = {
        "size": size,
        "seed": seed,
        "counts": {
            "communities": len(world.divisions.codes),
            "grids": len(world.divisions.grid_codes),
            "compounds": len(world.compounds),
            "buildings": len(world.buildings),
            "facilities": len(world.register.rows),
            "incidents": len(made),
            "incidents_in_compounds": int((made.compound >= 0).sum()),
            "dwellings": len(world.lettings.rows),
            "cameras": len(world.cameras.rows),
            "households": int(world.households.sum()),
            "residents": int(world.residents.sum()),
        },
    }
    codes = world.divisions.codes.tolist()
    parts = {
        "compounds": truth.compounds_truth(world.compounds, made, world.lettings),
        "communities": truth.communities_truth(codes, world.households, world.register),
    }
    more = truth.further_faults(world.compounds, world.lettings, world.register)
    truth.write(path, head, parts, world.faults + more)
