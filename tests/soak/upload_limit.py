"""A file of 2 GiB over loopback: taken in whole, one byte more refused, memory and disk bounded.

    python tests/soak/upload_limit.py OUT.json [MIB]

`wangge serve` runs as a process of its own; the bytes are made on the way and never held. Exit
code 1 where an answer, the memory of the service or what is left on disk is not as it should be.
"""

import hashlib
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import store_of_its_own

from api.house import House, transaction
from gis.access import administration
from gis.access.rights import Role

BLOCK = os.urandom(1 << 20)
GROWTH_MIB = 128  # what the service may hold more while a file passes through
HEAD = (
    b'--wangge\r\nContent-Disposition: form-data; name="file"; filename="big.csv"\r\n'
    b"Content-Type: text/csv\r\n\r\n"
)
TAIL = b"\r\n--wangge--\r\n"
FORM = {"content-type": "multipart/form-data; boundary=wangge"}


def main(out: Path, mib: int) -> int:
    """Send, measure, write the figures; returns the exit code."""
    with store_of_its_own.house(upload_max_bytes=mib << 20, allowed_hosts=["127.0.0.1"]) as house:
        token = _token(house)
        with _served(house) as (service, url):
            headers = {"Authorization": f"Bearer {token}", **FORM}
            with httpx2.Client(base_url=url, headers=headers, timeout=600) as client:
                told = {name: one(client, service.pid, house, mib) for name, one in STEPS.items()}
    whole = all(one["as_it_should"] for one in told.values())
    out.write_text(json.dumps({"mib": mib, **told, "whole": whole}, indent=1) + "\n", "utf-8")
    sys.stdout.write(out.read_text("utf-8"))
    return 0 if whole else 1


def _accepted(client: httpx2.Client, pid: int, house: House, mib: int) -> dict[str, Any]:
    """Exactly the limit: taken, its digest right, removed again on request."""
    digest = hashlib.sha256()
    for _ in range(mib):
        digest.update(BLOCK)
    answer, told = _sent(client, pid, mib << 20, length=True)
    body = answer.json()
    stored = _left(house)
    removed = client.delete(f"/api/v1/imports/{body['id']}").status_code
    return told | {
        "stored_bytes": stored,
        "left_bytes": _left(house),
        "as_it_should": answer.status_code == 201 and body["sha256"] == digest.hexdigest()
        and stored == mib << 20 and removed == 200 and _left(house) == 0
        and told["growth_mib"] < GROWTH_MIB,
    }  # fmt: skip


def _announced(client: httpx2.Client, pid: int, house: House, mib: int) -> dict[str, Any]:
    """More than the limit and says so: refused before anything is stored."""
    answer, told = _sent(client, pid, (mib << 20) + (1 << 20), length=True)
    return told | _refused(answer, told, house)


def _unannounced(client: httpx2.Client, pid: int, house: House, mib: int) -> dict[str, Any]:
    """One byte more than the limit, in chunks of unstated number: refused, nothing stays."""
    answer, told = _sent(client, pid, (mib << 20) + 1, length=False)
    return told | _refused(answer, told, house)


def _refused(answer: httpx2.Response | None, told: dict[str, Any], house: House) -> dict[str, Any]:
    left = _left(house)
    refused = answer is not None and answer.status_code == 413
    return {
        "left_bytes": left,
        "as_it_should": refused and left == 0 and told["growth_mib"] < GROWTH_MIB,
    }


STEPS = {"accepted": _accepted, "announced": _announced, "unannounced": _unannounced}


def _sent(
    client: httpx2.Client, pid: int, size_bytes: int, *, length: bool
) -> tuple[httpx2.Response | None, dict[str, Any]]:
    """The answer, and status, seconds and how much the service's resident memory grew."""
    more = {"content-length": str(size_bytes + len(HEAD) + len(TAIL))} if length else {}
    with _watched(pid) as peak:
        begun = time.monotonic()
        idle = peak[0]
        try:
            answer = client.post(
                "/api/v1/imports", params={"kind": "areas"}, headers=more,
                content=_stream(size_bytes),
            )  # fmt: skip
        except httpx2.TransportError as exc:  # the service hung up while we still sent
            sys.stderr.write(f"{exc!r}\n")
            answer = None
        taken_s = time.monotonic() - begun
    return answer, {
        "status": answer and answer.status_code, "seconds": round(taken_s, 1),
        "idle_mib": round(idle), "growth_mib": round(peak[0] - idle),
    }  # fmt: skip


def _stream(size_bytes: int) -> Iterator[bytes]:
    yield HEAD
    for _ in range(size_bytes // len(BLOCK)):
        yield BLOCK
    yield BLOCK[: size_bytes % len(BLOCK)]
    yield TAIL


@contextmanager
def _watched(pid: int) -> Iterator[list[float]]:
    """The most resident memory of a process in MiB, looked at ten times a second."""
    peak, over = [_resident_mib(pid)], threading.Event()

    def watch() -> None:
        while not over.wait(0.1):
            peak[0] = max(peak[0], _resident_mib(pid))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield peak
    finally:
        over.set()
        watcher.join()


def _resident_mib(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS:"))


def _left(house: House) -> int:
    files = (house.settings.home / "uploads").rglob("*")
    return sum(one.stat().st_size for one in files if one.is_file())


@contextmanager
def _served(house: House) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    given = {
        "WANGGE_HOME": house.settings.home, "WANGGE_DATABASE_URL": house.settings.database_url,
        "WANGGE_UPLOAD_MAX_BYTES": house.settings.upload_max_bytes, "WANGGE_PORT": port,
    }  # fmt: skip
    command = [sys.executable, "-c", "from api.cli import main; main()", "serve"]
    environment = os.environ | {name: str(value) for name, value in given.items()}
    with subprocess.Popen(command, env=environment) as service:
        url = f"http://127.0.0.1:{port}"
        try:
            _wait(url)
            yield service, url
        finally:
            service.terminate()


def _wait(url: str) -> None:
    end_s = time.monotonic() + 300
    while time.monotonic() < end_s:
        try:
            if httpx2.get(f"{url}/readyz").status_code == 200:
                return
        except httpx2.TransportError:
            pass
        time.sleep(0.2)
    raise TimeoutError("the service did not start")


def _token(house: House) -> str:
    now = datetime.now(UTC)
    with house.store() as engine, transaction(engine) as session:
        account = administration.add_without_password(
            session, "soak", district=house.district, role=Role.DATA_STEWARD,
            area_prefixes=[""], now=now,
        )  # fmt: skip
        return administration.issue_token(
            session, account, label="soak", days=1, rules=house.settings.accounts, now=now
        )


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 2_048))
