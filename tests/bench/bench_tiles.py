"""Tiles and pages of features with row rights on, beside tipg without any and the bare statement.

One store, one table: 100,000 outlines; every tile asked for holds 1,000 features or more and is
made anew each time. Our service and tipg run as one uvicorn process each and are asked turn by turn
by the same eight clients; pgbench sends the tile's statement with as many.
"""

import http.client
import os
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median, quantiles
from typing import Any
from urllib.parse import quote

import psycopg2
from city import _postmaster
from measure import server_cpu_s

from api.house import House, transaction
from gis.access import administration
from gis.access.rights import Role
from gis.db import migrate
from gis.db.cluster import Cluster
from gis.db.cluster.binaries import find
from gis.db.cluster.urls import libpq_url
from gis.db.engine import make_engine
from gis.facts import service as facts
from gis.settings import Settings

CLIENTS, SECONDS, ROUNDS = 8, 3.0, 3
ZOOM, FEWEST, MOST_TILES = 14, 1_000, 8
AREA = "530102"
FILL = """
WITH file AS (
    INSERT INTO wangge.imports (area_code, kind, file_name, file_sha256, read, kept, repaired,
                                flagged, refused, summary)
    VALUES ('530102', 'compounds', 'bench', '0', 1, 1, 0, 0, 0, '{}') RETURNING id
)
INSERT INTO wangge.compounds (area_code, code, name, kind, households, households_as_of, gated,
                              valid_from, source_key, import_id, frame, geom)
SELECT '5301020' || lpad((n % 20)::text, 2, '0') || '001', 'XQ' || n, '小区' || n, 'commodity',
       300 + n % 900, '2026-06-30', true, '2020-01-01', 'XQ' || n, file.id, 'wgs84',
       ST_Multi(ST_Buffer(ST_SetSRID(ST_MakePoint(102.6 + (n % 316) * 0.00064,
                                                  25 + (n / 316) * 0.00064), 4326), 0.0002, 4))
FROM file, generate_series(0, 99999) AS n
"""
TILES = """
SELECT x, y, count(*) FROM (
    SELECT floor((ST_X(p) / 20037508.342789244 + 1) / 2 * 2 ^ %(z)s)::int AS x,
           floor((1 - ST_Y(p) / 20037508.342789244) / 2 * 2 ^ %(z)s)::int AS y
    FROM (SELECT ST_Centroid(geom_3857) AS p FROM wangge.compounds) AS points
) AS places GROUP BY x, y HAVING count(*) >= %(fewest)s ORDER BY x, y LIMIT %(most)s
"""
BARE = """
SELECT ST_AsMVT(shown, 'compounds', 4096, 'geom' ORDER BY shown.code)
FROM (
    SELECT place.code, place.name, place.kind, place.households,
           ST_AsMVTGeom(ST_Simplify(place.geom_3857, {half}, true),
                        ST_TileEnvelope({z}, {x}, {y}), 4096, 160, true) AS geom
    FROM wangge.compounds AS place
    WHERE place.geom_3857 && ST_TileEnvelope({z}, {x}, {y}, margin => 0.0390625)
      AND place.valid_from <= '2026-06-30'
      AND (place.valid_to IS NULL OR place.valid_to > '2026-06-30')
) AS shown;
"""
ALLOWED = """
BEGIN;
SELECT wangge.enter('bench', '{{530102}}', E'{{compounds\\x3aread}}');
SELECT wangge.tile_compounds({z}, {x}, {y}, '', '2026-06-30', NULL, 'community', 9);
COMMIT;
"""
_COLUMNS = "code,name,kind,households"


@dataclass
class Load:
    """What one side did: answers, the seconds they took, processor seconds of its processes."""

    answers: int = 0
    wall_s: float = 0.0
    cpu_s: float = 0.0
    latencies_s: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.answers / self.wall_s

    def as_json(self) -> dict[str, float]:
        """Rates and latencies, rounded."""
        told = {"per_s": round(self.rate, 1), "cpu_ms": round(1_000 * self.cpu_s / self.answers, 2)}
        if self.latencies_s:
            cut = quantiles(self.latencies_s, n=100)
            told |= {"p50_ms": round(1_000 * median(self.latencies_s), 1),
                     "p99_ms": round(1_000 * cut[98], 1)}  # fmt: skip
        return told


@dataclass(frozen=True)
class Side:
    """A server that answers on a loopback port; ``pids`` are its processes beside PostgreSQL's."""

    port: int
    pid: int
    headers: Mapping[str, str]


def measure(folder: Path, tipg: Path) -> dict[str, Any]:
    """``folder`` keeps the store, ``tipg`` is the Python that has tipg installed."""
    with _store(folder) as (cluster, postmaster), ExitStack() as servers:
        tiles = _tiles(cluster)
        ours = servers.enter_context(_ours(cluster, folder))
        theirs = servers.enter_context(_theirs(cluster, tipg))
        loads: dict[str, Load] = {}
        for number in range(1 + ROUNDS):
            for name, load in _round(cluster, postmaster, folder, tiles, ours, theirs):
                if number:  # in the first, connections are opened and our worker starts
                    _add(loads.setdefault(name, Load()), load)
        return _told(loads, tiles)


def _round(
    cluster: Cluster, postmaster: int, folder: Path, tiles: Sequence[tuple[int, int, int]],
    ours: Side, theirs: Side,
) -> Iterator[tuple[str, Load]]:  # fmt: skip
    """Each side for some seconds, one after the other."""
    here = [f"/tiles/compounds/{ZOOM}/{x}/{y}.mvt" for x, y, _ in tiles]
    there = [f"/collections/wangge.compounds/tiles/WebMercatorQuad/{ZOOM}/{x}/{y}"
             f"?properties={_COLUMNS}" for x, y, _ in tiles]  # fmt: skip
    items = "items?f=geojson&limit=1000"
    yield "ours", _ask(ours, here, postmaster)
    yield "tipg", _ask(theirs, there, postmaster)
    for name, script, role in (("rights", ALLOWED, "wangge_app"), ("bare", BARE, "postgres")):
        yield name, _pgbench(cluster, postmaster, folder, script, role, tiles)
    yield (
        "ours_items",
        _ask(ours, ["/ogc/collections/compounds/items?f=json&limit=1000"], postmaster),
    )
    yield "tipg_items", _ask(theirs, [f"/collections/wangge.compounds/{items}"], postmaster)
    known = {"If-None-Match": _tag(ours, here[0])}
    yield "ours_304", _ask(ours, here, postmaster, status=304, more=known)


def _told(loads: Mapping[str, Load], tiles: Sequence[tuple[int, int, int]]) -> dict[str, Any]:
    ratios = {
        "tiles_tipg": ("ours", "tipg", {"limit_at_least": 1.0}),
        "tiles_sql": ("ours", "bare", {"limit_at_least": 0.4}),
        "tiles_rights": ("bare", "rights", {"limit": 2.0}),
        "items_tipg": ("ours_items", "tipg_items", {"limit_at_least": 1.0}),
    }
    told: dict[str, Any] = {
        name: {"ratio": round(loads[one].rate / loads[other].rate, 3),
               "cpu_ratio": round(_cpu_s(loads[other]) / _cpu_s(loads[one]), 3), **limit}
        for name, (one, other, limit) in ratios.items()
    }  # fmt: skip
    figures = {name: load.as_json() for name, load in loads.items()}
    features = [count for _, _, count in tiles]
    return {**told, "tile_figures": {"clients": CLIENTS, "features": features, **figures}}


def _cpu_s(load: Load) -> float:
    return load.cpu_s / load.answers


def _add(to: Load, more: Load) -> None:
    to.answers += more.answers
    to.wall_s += more.wall_s
    to.cpu_s += more.cpu_s
    to.latencies_s += more.latencies_s


# -- the store and the servers --------------------------------------------------------------


@contextmanager
def _store(folder: Path) -> Iterator[tuple[Cluster, int]]:
    """The bench's own private cluster, filled once."""
    cluster = Cluster((folder / "home").absolute())
    (folder / "home").mkdir(parents=True, exist_ok=True)
    urls = cluster.up()
    migrate.upgrade(urls.owner)
    settings = Settings(_env_file=None, home=folder / "home")
    engine = make_engine(urls.app, settings)
    with transaction(engine) as session:
        facts.claim(session, House(settings).district)
    engine.dispose()
    with closing(psycopg2.connect(_admin(cluster))) as admin, admin.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM wangge.compounds")
        if cursor.fetchone() == (0,):
            cursor.execute(FILL)
        cursor.execute("ANALYZE wangge.compounds")
        admin.commit()
    try:
        yield cluster, _postmaster(cluster)
    finally:
        cluster.down()


def _admin(cluster: Cluster) -> str:
    return libpq_url(cluster.url("postgres"))


def _tiles(cluster: Cluster) -> list[tuple[int, int, int]]:
    with closing(psycopg2.connect(_admin(cluster))) as admin, admin.cursor() as cursor:
        cursor.execute(TILES, {"z": ZOOM, "fewest": FEWEST, "most": MOST_TILES})
        found: list[tuple[int, int, int]] = cursor.fetchall()
    assert found, "no tile holds enough features"
    return found


@contextmanager
def _ours(cluster: Cluster, folder: Path) -> Iterator[Side]:
    settings = Settings(_env_file=None, home=folder / "home")
    engine, now = make_engine(cluster.url("wangge_app"), settings), datetime.now(UTC)
    with transaction(engine) as session:
        account = administration.add_without_password(
            session, f"bench{time.time_ns()}", district=House(settings).district, role=Role.VIEWER,
            area_prefixes=[AREA], now=now,
        )  # fmt: skip
        token = administration.issue_token(
            session, account, label="bench", days=1, rules=settings.accounts, now=now
        )
    engine.dispose()
    port = _free()
    environment = {"WANGGE_HOME": str(folder / "home"), "WANGGE_PORT": str(port)}
    command = [str(Path(sys.executable).with_name("wangge")), "serve"]
    headers = {"Authorization": f"Bearer {token}"}
    with _running(command, environment, port, headers, "/livez") as side:
        yield side


@contextmanager
def _theirs(cluster: Cluster, python: Path) -> Iterator[Side]:
    port, url = _free(), cluster.url("postgres")
    host = re.search(r"host=([^&]+)", url)
    secret = re.search(r"//([^@]*)@", url)
    assert host is not None
    assert secret is not None
    environment = {
        "DATABASE_URL": f"postgresql://{secret[1]}@{quote(host[1], safe='%')}/wangge",
        "TIPG_DB_SCHEMAS": '["wangge"]', "TIPG_CATALOG_TTL": "0",
        "TIPG_TABLE_CONFIG__WANGGE_COMPOUNDS__PK": "id",
        "TIPG_TABLE_CONFIG__WANGGE_COMPOUNDS__GEOMCOL": "geom_3857",
    }  # fmt: skip
    command = [str(python), "-m", "uvicorn", "tipg.main:app", "--port", str(port),
               "--log-level", "warning", "--no-access-log"]  # fmt: skip
    with _running(command, environment, port, {}, "/healthz") as side:
        yield side


@contextmanager
def _running(
    command: Sequence[str], environment: Mapping[str, str], port: int, headers: Mapping[str, str],
    alive: str,
) -> Iterator[Side]:  # fmt: skip
    silent = subprocess.DEVNULL  # the log is written all the same
    with subprocess.Popen(command, env={**os.environ, **environment}, stdout=silent) as server:
        side = Side(port, server.pid, {"Accept-Encoding": "identity", **headers})
        try:
            _wait(side, alive)
            yield side
        finally:
            server.terminate()


def _wait(side: Side, path: str) -> None:
    end_s = time.monotonic() + 120
    while time.monotonic() < end_s:
        try:
            if _get(http.client.HTTPConnection("127.0.0.1", side.port), side, path) == 200:
                return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"nothing answers {path}")


def _free() -> int:
    with socket.create_server(("127.0.0.1", 0)) as one:
        return int(one.getsockname()[1])


# -- asking --------------------------------------------------------------------------------


def _get(
    connection: http.client.HTTPConnection, side: Side, path: str, more: Mapping[str, str] = {}
) -> int:  # fmt: skip
    connection.request("GET", path, headers={**side.headers, **more})
    answer = connection.getresponse()
    answer.read()
    return answer.status


def _tag(side: Side, path: str) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", side.port)
    connection.request("GET", path, headers=dict(side.headers))
    answer = connection.getresponse()
    answer.read()
    return answer.headers["ETag"]


def _ask(
    side: Side, paths: Sequence[str], postmaster: int, *, status: int = 200,
    more: Mapping[str, str] = {},
) -> Load:  # fmt: skip
    """`CLIENTS` connections ask for the paths in turn for some seconds."""
    _get(http.client.HTTPConnection("127.0.0.1", side.port), side, paths[0], more)
    load, lock = Load(), threading.Lock()
    begun, cpu_s = time.perf_counter(), _cpu_of(side, postmaster)
    end_s = begun + SECONDS

    def client(number: int) -> None:
        connection, found = http.client.HTTPConnection("127.0.0.1", side.port), []
        while time.perf_counter() < end_s:
            at = time.perf_counter()
            path = paths[(number + len(found)) % len(paths)]
            assert _get(connection, side, path, more) == status, path
            found.append(time.perf_counter() - at)
        with lock:
            load.latencies_s += found

    threads = [threading.Thread(target=client, args=(number,)) for number in range(CLIENTS)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    load.wall_s = time.perf_counter() - begun
    load.cpu_s = _cpu_of(side, postmaster) - cpu_s
    load.answers = len(load.latencies_s)
    return load


def _cpu_of(side: Side, postmaster: int) -> float:
    """Processor seconds of the server and of PostgreSQL behind it so far."""
    words = Path(f"/proc/{side.pid}/stat").read_text().rsplit(")", 1)[1].split()
    own_s = (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")
    return own_s + server_cpu_s(postmaster)


def _pgbench(
    cluster: Cluster, postmaster: int, folder: Path, script: str, role: str,
    tiles: Sequence[tuple[int, int, int]],
) -> Load:  # fmt: skip
    """The statement of each tile, chosen at random, by as many connections."""
    half_m = 40075016.685578488 / 2**ZOOM / 512 / 2
    with tempfile.TemporaryDirectory(dir=folder) as place:
        files = []
        for number, (x, y, _) in enumerate(tiles):
            file = Path(place) / f"tile{number}.sql"
            file.write_text(script.format(z=ZOOM, x=x, y=y, half=half_m))
            files += ["-f", str(file)]
        command = [
            find().program("pgbench"),
            "-n",
            "-M",
            "prepared",
            "-c",
            str(CLIENTS),
            "-j",
            "2",
            "-T",
            f"{SECONDS:.0f}",
            *files,
            libpq_url(cluster.url(role)),
        ]
        cpu_s = server_cpu_s(postmaster)
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    count = re.search(r"transactions actually processed: (\d+)", done.stdout)
    rate = re.search(r"^tps = ([\d.]+)", done.stdout, re.MULTILINE)
    assert count is not None, done.stdout
    assert rate is not None, done.stdout
    answers = int(count[1])
    return Load(answers, answers / float(rate[1]), server_cpu_s(postmaster) - cpu_s)
