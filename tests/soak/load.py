"""200 people at once for two minutes: tiles, features, analysis, pages and one import.

    python tests/soak/load.py OUT.json [--home HOME --demo FOLDER] [--users 200] [--seconds 120]

Everybody has an account with a role in one community, one street or the district. Each answer is
held to the user's area: the features of a layer are exactly those that the whole district's list
has there, and no answer names a compound or grid elsewhere. Without --home a small demo is made.
"""

import argparse
import asyncio
import json
import os
import random
import re
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from api.house import House, transaction
from gis.access import administration
from gis.access.rights import Role
from gis.areas.levels import Level
from gis.areas.model import Area
from gis.publication import service as publication
from gis.publication.service import NotReady
from gis.runs.model import Analysis
from gis.runs.store import require_run
from gis.settings import Settings

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests" / "bench"))
from measure import memory_mib  # noqa: E402

WANGGE = str(Path(sys.executable).with_name("wangge"))
MOST_REQUESTS = 30_000
BUSY_SHARE = 0.01  # of the answers may be 503 with Retry-After
PLACE = re.compile(rb"(530102\d{6})\d{3}(?!\d)")  # in the codes of compounds and grids of the demo
ROLES = (Role.VIEWER, Role.GRID_WORKER, Role.GRID_SUPERVISOR, Role.PLANNER, Role.POLICE_LIAISON)
LAYERS = ("compounds", "rating")
ASKED = (  # kind, path
    *(("tile", f"/tiles/{n}/{{z}}/{{x}}/{{y}}.mvt") for n in ("rating", "compounds", "coverage")),
    *(("items", f"/api/v1/layers/{name}/features?limit=1000") for name in LAYERS),
    ("analysis", "/api/v1/results/coverage?level=community"),
    ("analysis", "/api/v1/results/rating"),
    ("page", "/map"), ("page", "/coverage-board"), ("page", "/help"),
)  # fmt: skip
WEIGHTS = (5, 5, 5, 2, 2, 2, 2, 1, 1, 1)


@dataclass
class Seen:
    """What came back, over all users."""

    ms: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    statuses: Counter[int] = field(default_factory=Counter)
    busy: int = 0
    faults: list[str] = field(default_factory=list)

    @property
    def requests(self) -> int:
        return sum(self.statuses.values())


@dataclass(frozen=True)
class Person:
    """One user: the area's prefix and the token."""

    area: str
    token: str

    def inside(self, code: str) -> bool:
        return code.startswith(self.area)


def people(house: House, count: int) -> list[Person]:
    """A steward of the district, then roles in a community, a street or the district, in turn."""
    with house.store() as engine, transaction(engine) as session:
        query = select(Area.code).where(Area.level == Level.COMMUNITY).order_by(Area.code)
        codes = session.scalars(query).all()
        places = [
            (codes[n % len(codes)], codes[n % len(codes)][:9], "")[n % 3] for n in range(count)
        ]
        crowd = [(Role.DATA_STEWARD, ""), *((ROLES[n % 5], area) for n, area in enumerate(places))]
        return [Person(area, _token(session, house, role, area)) for role, area in crowd]


def publish(house: House) -> None:
    """Let the newest quarter stand and publish it, so that viewers have something to ask for."""
    published_before = suppress(NotReady)
    with house.store() as engine, transaction(engine) as session, published_before:
        run = require_run(session, Analysis.RATING)
        cycle = publication.open_cycle(session, district=house.district, period=run.period)
        changed = publication.changes(session, cycle)["code"].tolist()
        publication.confirm(session, cycle.id, changed)
        publication.publish(session, cycle.id, issuer="五华区")


def _token(session: Session, house: House, role: Role, area: str) -> str:
    now = datetime.now(UTC)
    account = administration.add_without_password(
        session, f"u{secrets.token_hex(6)}", district=house.district, role=role,
        area_prefixes=[area], now=now,
    )  # fmt: skip
    return administration.issue_token(
        session, account, label="load", days=1, rules=house.settings.accounts, now=now
    )


def path_of(template: str, rng: random.Random) -> str:
    """The path with a tile over the district: zoom 11 to 14 round 102.70 E, 25.05 N."""
    if "{z}" not in template:
        return template
    z = rng.randint(11, 14)
    x, y = (int(one * 2 ** (z - 11)) for one in (1608.25, 875.6))
    return template.format(z=z, x=x + rng.randint(-1, 1), y=y + rng.randint(-1, 1))


def held(person: Person, path: str, body: bytes, whole: dict[str, dict[str, str]]) -> str | None:
    """What is wrong with an answer, if anything."""
    foreign = {m[1].decode() for m in PLACE.finditer(body) if not person.inside(m[1].decode())}
    if foreign:
        return f"{path}: {sorted(foreign)[:3]} for somebody in {person.area}"
    name = path.split("/")[4] if path.startswith("/api/v1/layers/") else None
    if name:
        got = {one["id"] for one in json.loads(body)["features"]}
        wanted = {key for key, area in whole[name].items() if person.inside(area)}
        if got != wanted:
            return f"{path}: {len(got)} rows instead of {len(wanted)} in {person.area!r}"
    return None


async def live(client, person, whole, seen, *, until_s: float, rng: random.Random) -> None:
    """One user's two minutes: ask, look at it for a second or two, ask again."""
    headers = {"Authorization": f"Bearer {person.token}"}
    await asyncio.sleep(rng.uniform(0, 3))
    while time.monotonic() < until_s and seen.requests < MOST_REQUESTS:
        ((kind, template),) = rng.choices(ASKED, WEIGHTS)
        path = path_of(template, rng)
        begun = time.perf_counter()
        try:
            answer = await client.get(path, headers=headers)
        except httpx2.TimeoutException:
            seen.faults.append(f"{path}: no answer in a minute")
            seen.statuses[504] += 1
            continue
        seen.ms[kind].append(1_000 * (time.perf_counter() - begun))
        seen.statuses[answer.status_code] += 1
        if answer.status_code == 503 and "retry-after" in answer.headers:
            seen.busy += 1
        elif answer.status_code == 200:
            wrong = held(person, path, answer.content, whole)
            seen.faults += [wrong] if wrong else []
        elif answer.status_code not in {204, 304, 403}:
            seen.faults.append(f"{path}: {answer.status_code}")
        await asyncio.sleep(rng.uniform(1, 3))


async def bring(client, token: str, file: Path) -> str:
    """One import of incidents over the web; the state that its job ends in."""
    headers = {"Authorization": f"Bearer {token}"}
    sent = await _patiently(
        client, "POST", "/api/v1/imports", params={"kind": "incidents"}, headers=headers,
        files={"file": (file.name, file.read_bytes())},
    )  # fmt: skip
    here = f"/api/v1/imports/{sent['id']}"
    frame = {"frame": "wgs84"}
    await _patiently(client, "PUT", f"{here}/mapping", json=frame, headers=headers)
    await _patiently(client, "POST", f"{here}/commit", headers=headers)
    state = "queued"
    while state in {"queued", "running"}:
        await asyncio.sleep(1)
        state = (await _patiently(client, "GET", f"{here}/report", headers=headers))["state"]
    return state


async def _patiently(client, method: str, path: str, **said) -> dict:
    """The answer; a service that is busy is asked again when it says."""
    while (answer := await client.request(method, path, **said)).status_code == 503:
        await asyncio.sleep(float(answer.headers["retry-after"]))
    return answer.raise_for_status().json()


async def look(pid: int, memory: list[tuple[float, float]], until_s: float) -> None:
    """The service's resident memory, once a second."""
    while time.monotonic() < until_s:
        memory.append((time.monotonic(), memory_mib(pid, "VmRSS")))
        await asyncio.sleep(1)


async def run(url: str, pid: int, asked: argparse.Namespace, crowd: list[Person]) -> dict:
    """Everybody at once; the first of ``crowd`` is the steward of the whole district."""
    rng, seen, memory = random.Random(1), Seen(), []
    limits = httpx2.Limits(max_connections=asked.users + 10)
    async with httpx2.AsyncClient(base_url=url, timeout=60, limits=limits) as client:
        steward = {"Authorization": f"Bearer {crowd[0].token}"}
        whole = {}
        for name in LAYERS:
            told = await client.get(f"/api/v1/layers/{name}/features?limit=10000", headers=steward)
            rows = told.raise_for_status().json()["features"]
            whole[name] = {one["id"]: one["properties"]["area_code"] for one in rows}
        before = memory_mib(pid, "VmRSS")
        begun = time.monotonic()
        until_s = begun + asked.seconds
        lives = [
            live(client, one, whole, seen, until_s=until_s, rng=random.Random(rng.random()))
            for one in crowd[1:]
        ]
        incidents = asked.demo / "files" / "incidents.csv"
        imported, *_ = await asyncio.gather(
            bring(client, crowd[0].token, incidents), look(pid, memory, until_s), *lives
        )
    half = begun + asked.seconds / 2
    peaks = [max(m for at, m in memory if (at < half) is first) for first in (True, False)]
    return report(seen, imported, [before, *peaks, memory_mib(pid, "VmRSS")], asked)


def report(seen: Seen, imported: str, memory: list[float], asked: argparse.Namespace) -> dict:
    """Figures and the verdict."""
    before, first, second, after = (round(one) for one in memory)
    failed = sum(n for code, n in seen.statuses.items() if code >= 500) - seen.busy
    return {
        "users": asked.users, "seconds": asked.seconds, "requests": seen.requests,
        "statuses": dict(sorted(seen.statuses.items())), "busy_503": seen.busy,
        "faults": len(seen.faults), "first_faults": seen.faults[:10], "import": imported,
        "ms": {kind: {f"p{q}": round(float(np.percentile(ms, q))) for q in (50, 95, 99)}
               | {"n": len(ms)} for kind, ms in sorted(seen.ms.items())},
        "rss_mib": {"before": before, "peak_first_half": first, "peak_second_half": second,
                    "after": after},
        "load_average": [round(one, 1) for one in os.getloadavg()],
        "passed": failed == 0 and not seen.faults and imported == "done"
        and seen.busy <= BUSY_SHARE * seen.requests and second <= 1.2 * first,
    }  # fmt: skip


def main() -> int:
    """Make what is missing, serve it, run the crowd; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--home", type=Path)
    parser.add_argument("--demo", type=Path)
    parser.add_argument("--users", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=120)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="wangge-load-") as folder:
        Path(folder).chmod(0o755)  # root's server runs as another account
        if asked.home is None:
            asked.home, asked.demo = Path(folder, "home"), Path(folder, "demo")
        environment = {**os.environ, "WANGGE_HOME": str(asked.home.absolute())}
        if not asked.demo.exists():
            command = [WANGGE, "demo", "--size", "small", "--out", str(asked.demo)]
            subprocess.run(command, env=environment, check=True)
        told = _served(asked, environment)
    asked.out.write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    sys.stderr.write(json.dumps(told, ensure_ascii=False, indent=1) + "\n")
    return 0 if told["passed"] else 1


def _served(asked: argparse.Namespace, environment: dict[str, str]) -> dict:
    house = House(Settings(_env_file=None, home=asked.home.absolute()))
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    serve = [WANGGE, "serve"]
    with subprocess.Popen(
        serve, env={**environment, "WANGGE_PORT": str(port)}, stderr=subprocess.DEVNULL
    ) as service:
        try:
            _wait(url)
            publish(house)
            return asyncio.run(run(url, service.pid, asked, people(house, asked.users)))
        finally:
            service.terminate()


def _wait(url: str) -> None:
    end_s = time.monotonic() + 120
    while time.monotonic() < end_s:
        try:
            if httpx2.get(f"{url}/readyz", timeout=5).status_code == 200:
                return
        except httpx2.HTTPError:
            time.sleep(0.5)
    raise TimeoutError("the service did not start")


if __name__ == "__main__":
    sys.exit(main())
