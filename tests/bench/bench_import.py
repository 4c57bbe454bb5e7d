"""Import of incidents against a bare COPY of the same rows into the same table with its indexes.

Both run on a private PostGIS of their own, in a city of 1,764 communities with 21,168 grids and
20,000 compounds. Reading the CSV file, checks, assignment and the merge count for the import; the
bare COPY gets the finished rows (codes included) from a file. Prints one JSON object:
``ratio``, ``seconds``, ``stages``, ``copy_seconds``, ``rows``, ``rss_mib`` (peak of the importing
process). On a busy machine ``cpu_ratio`` says more: processor time of client and server together.

    python tests/bench/bench_import.py [ROWS]
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import psycopg2
import pyarrow as pa
import shapely
from pyarrow import csv
from sqlalchemy import text

from data.ingest.service import import_file, import_source
from data.ingest.types import Chunk, FileFacts, Kind, Options, Source
from gis import district as districts
from gis.db import migrate
from gis.db.cluster import Cluster
from gis.db.cluster.urls import libpq_url
from gis.db.engine import make_engine
from gis.db.session import User, sessions
from gis.settings import Settings

WUHUA = districts.load(Path(districts.__file__).parents[1] / "data/reference/wuhua.toml")
WEST, SOUTH, EAST, NORTH = 102.50, 24.95, 102.80, 25.45
ACROSS = 42  # communities per side: 1,764, as many as Kunming has
COLUMNS = (
    "source_key, import_id, frame, area_code, grid_code, compound_code, occurred_at,"
    " occurred_precision, category, severe, preventable, source, geom"
)


def lattice(nx: int, ny: int, bends: int, rng: np.random.Generator) -> Iterator[tuple]:
    """Cells of a grid of nx by ny with crooked borders that neighbours share: (i, j, polygon)."""
    xs, ys = np.linspace(WEST, EAST, nx + 1), np.linspace(SOUTH, NORTH, ny + 1)

    def border(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        along = np.linspace(0, 1, bends + 2)[1:-1, None]
        across = np.array([[a[1] - b[1], b[0] - a[0]]]) * rng.uniform(-0.12, 0.12, (bends, 1))
        return np.vstack([a, a + (b - a) * along + across, b])

    at = np.dstack(np.meshgrid(xs, ys, indexing="ij"))
    flat = {(i, j): border(at[i, j], at[i + 1, j]) for i in range(nx) for j in range(ny + 1)}
    tall = {(i, j): border(at[i, j], at[i, j + 1]) for i in range(nx + 1) for j in range(ny)}
    for i in range(nx):
        for j in range(ny):
            sides = (flat[i, j], tall[i + 1, j], flat[i, j + 1][::-1], tall[i, j][::-1])
            ring = np.vstack([side[:-1] for side in sides])
            yield i, j, shapely.make_valid(shapely.Polygon(ring))


def polygons_only(geom: shapely.Geometry) -> shapely.Geometry:
    """What make_valid may leave beside polygons is dropped."""
    parts = [part for part in shapely.get_parts(geom) if part.geom_type == "Polygon"]
    return shapely.MultiPolygon(parts)


def city(rng: np.random.Generator) -> dict[Kind, pd.DataFrame]:
    """Communities, grids and compounds."""
    code = {
        (i, j): f"530102{n // 999 + 1:03d}{n % 999 + 1:03d}"
        for n, (i, j) in enumerate(np.ndindex(ACROSS, ACROSS))
    }
    areas = [(code[i, j], polygons_only(g)) for i, j, g in lattice(ACROSS, ACROSS, 60, rng)]
    grids, count = [], dict.fromkeys(code.values(), 0)
    for i, j, geom in lattice(4 * ACROSS, 3 * ACROSS, 6, rng):
        community = code[i // 4, j // 3]
        count[community] += 1
        grids.append((f"{community}{count[community]:03d}", polygons_only(geom)))
    x, y = rng.uniform(WEST, EAST, 20_000), rng.uniform(SOUTH, NORTH, 20_000)
    half = rng.uniform(0.0003, 0.0008, 20_000)
    boxes = shapely.multipolygons(
        shapely.box(x - half, y - half, x + half, y + half), indices=np.arange(20_000)
    )
    return {
        Kind.AREAS: pd.DataFrame(areas, columns=["code", "geom"]).assign(name="社区"),
        Kind.GRIDS: pd.DataFrame(grids, columns=["code", "geom"]),
        Kind.COMPOUNDS: pd.DataFrame(
            {"code": [f"C{n:05d}" for n in range(20_000)], "name": "小区", "kind": "old"}
        ).assign(geom=boxes),
    }


def source_of(frame: pd.DataFrame) -> Source:
    """Rows of a frame as reading hands them over."""
    frame = frame.assign(row=np.arange(1, len(frame) + 1))
    names = tuple(frame.columns)
    facts = FileFacts(
        Path("city"), "00" * 32, "memory", None, None, "wgs84", names, {}, (), len(frame), "code"
    )
    return Source(facts, iter([Chunk(frame, (), len(frame))]))


def write_incidents(path: Path, rows: int, centres: np.ndarray, rng: np.random.Generator) -> None:
    """A CSV file as a police system exports it; six of ten incidents lie around compounds."""
    anywhere = rng.uniform((WEST, SOUTH), (EAST, NORTH), (rows, 2))
    around = centres[rng.integers(0, len(centres), rows)] + rng.normal(0, 0.0005, (rows, 2))
    lon, lat = np.where(rng.random((rows, 1)) < 0.6, around, anywhere).round(6).T
    minutes = rng.integers(0, 3 * 365 * 1440, rows).astype("timedelta64[m]")
    moments = (np.datetime64("2023-01-01T00:00") + minutes).astype("datetime64[s]").astype(str)
    names = np.array(["盗窃", "入室盗窃", "电信诈骗", "打架斗殴", "噪音扰民", "纠纷", "火灾"])
    table = {
        "警情编号": np.char.add("JQ", np.char.zfill(np.arange(rows).astype(str), 8)),
        "发生时间": np.char.replace(moments, "T", " "),
        "警情类别": names[rng.integers(0, len(names), rows)],
        "经度": lon,
        "纬度": lat,
    }
    csv.write_csv(pa.table(table), path)


def run_import(url: str, path: Path) -> dict[str, object]:
    """The import alone, in the process that is measured."""
    engine = make_engine(url, Settings(_env_file=None), statement_timeout_ms=0)
    begun: dict[str, float] = {}

    def watch(stage: str, _done: int, _rows: int | None) -> None:
        begun.setdefault(stage, time.perf_counter())

    start = time.perf_counter()
    with sessions(engine).begin(info={"user": User.command()}) as session:
        report = import_file(
            session, path, Kind.INCIDENTS, Options(frame="wgs84"), WUHUA, progress=watch
        )
        cpu = cpu_seconds(session.scalar(text("SELECT pg_backend_pid()")))
    end = time.perf_counter()
    begun["read"] = start
    marks = [*begun.values(), end]
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "seconds": end - start,
        "stages": {name: b - a for name, a, b in zip(begun, marks, marks[1:], strict=False)},
        "cpu_seconds": usage.ru_utime + usage.ru_stime + cpu,
        "rss_mib": usage.ru_maxrss / 1024,
        "inserted": report.inserted,
    }


def cpu_seconds(pid: int) -> float:
    """Processor time of a server process on this machine."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def bare_copy(url: str, path: Path) -> tuple[float, float]:
    """Seconds, wall and processor of the server, of COPY of the rows into the emptied table."""
    with psycopg2.connect(libpq_url(url)) as connection, connection.cursor() as cursor:
        with path.open("wb") as file:
            cursor.copy_expert(f"COPY wangge.incidents ({COLUMNS}) TO STDOUT", file)
        cursor.execute("TRUNCATE wangge.incidents")
    with psycopg2.connect(libpq_url(url)) as connection, connection.cursor() as cursor:
        start = time.perf_counter()
        with path.open("rb") as file:
            cursor.copy_expert(f"COPY wangge.incidents ({COLUMNS}) FROM STDIN", file)
        connection.commit()
        seconds = time.perf_counter() - start
        cursor.execute("SELECT pg_backend_pid()")
        return seconds, cpu_seconds(cursor.fetchone()[0])


def main(rows: int) -> dict[str, object]:
    """Build the city, import, copy, compare."""
    rng = np.random.default_rng(20260721)
    with tempfile.TemporaryDirectory(prefix="wangge-bench-") as folder:
        home = Path(folder)
        home.chmod(0o755)
        cluster = Cluster(home / "home")
        urls = cluster.up()
        try:
            migrate.upgrade(urls.owner)
            engine = make_engine(urls.app, Settings(_env_file=None), statement_timeout_ms=0)
            places = city(rng)
            with sessions(engine).begin(info={"user": User.command()}) as session:
                for kind, frame in places.items():
                    import_source(session, source_of(frame), kind, WUHUA)
            engine.dispose()
            centres = shapely.get_coordinates(shapely.centroid(places[Kind.COMPOUNDS]["geom"]))
            write_incidents(home / "incidents.csv", rows, centres, rng)
            command = [sys.executable, __file__, "--import", str(home / "incidents.csv")]
            done = subprocess.run(
                command, input=urls.app, capture_output=True, text=True, check=False
            )
            if done.returncode:
                sys.exit(done.stderr)
            measured = json.loads(done.stdout)
            admin = cluster.url("postgres")  # the table's own owner may not COPY under row rights
            copy_seconds, copy_cpu_seconds = bare_copy(admin, home / "incidents.copy")
        finally:
            cluster.remove()
    assert measured.pop("inserted") == rows
    return {
        "ratio": measured["seconds"] / copy_seconds,
        "cpu_ratio": measured["cpu_seconds"] / copy_cpu_seconds,
        **measured,
        "copy_seconds": copy_seconds,
        "copy_cpu_seconds": copy_cpu_seconds,
        "rows": rows,
        "cores": os.cpu_count(),
    }


if __name__ == "__main__":
    if sys.argv[1:2] == ["--import"]:
        answer = run_import(sys.stdin.read(), Path(sys.argv[2]))
    else:
        answer = main(int(sys.argv[1]) if sys.argv[1:] else 1_000_000)
    sys.stdout.write(json.dumps(answer) + "\n")
