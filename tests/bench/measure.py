"""What a piece of work costs: wall time, processor time of client and server, peak memory."""

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_LOOK_EVERY_S = 0.05


@dataclass(frozen=True)
class Cost:
    """Seconds: wall, processor time of this process, processor time of the whole server."""

    wall_s: float = 0.0
    client_cpu_s: float = 0.0
    server_cpu_s: float = 0.0

    @property
    def cpu_s(self) -> float:
        """Client and server together: what a busy machine does not stretch."""
        return self.client_cpu_s + self.server_cpu_s

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(
            self.wall_s + other.wall_s,
            self.client_cpu_s + other.client_cpu_s,
            self.server_cpu_s + other.server_cpu_s,
        )

    def as_json(self) -> dict[str, float]:
        """Rounded to the millisecond."""
        return {name: round(value, 3) for name, value in asdict(self).items()}


class Meter:
    """Measures blocks of work against the private server whose postmaster is ``postmaster``."""

    def __init__(self, postmaster: int) -> None:
        self.postmaster = postmaster

    @contextmanager
    def measure(self) -> Iterator[list[Cost]]:
        """The list holds the block's cost when the block has ended."""
        found: list[Cost] = []
        begun = (time.perf_counter(), time.process_time(), server_cpu_s(self.postmaster))
        yield found
        ended = (time.perf_counter(), time.process_time(), server_cpu_s(self.postmaster))
        found.append(Cost(*(b - a for a, b in zip(begun, ended, strict=True))))


def server_cpu_s(postmaster: int) -> float:
    """Processor time of the server so far: of its processes and of those that have ended."""
    own = _stat(postmaster)
    living = sum(sum(_stat(pid)[11:13]) for pid in children(postmaster))
    return (sum(own[11:15]) + living) / _TICKS_PER_S


def children(pid: int) -> list[int]:
    """Ids of the child processes of ``pid``."""
    try:
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except FileNotFoundError:
        return []


def _stat(pid: int) -> list[int]:
    """Fields of /proc/PID/stat from the state on; 11 to 14 are utime, stime, cutime, cstime."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return [0] * 16
    return [0, *(int(word) for word in text.rsplit(")", 1)[1].split()[1:16])]


def memory_mib(pid: int | str, name: str) -> float:
    """A line of /proc/PID/status in MiB: ``VmHWM`` is the peak, ``RssAnon`` what is its own."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return next((int(x.split()[1]) / 1024 for x in lines if x.startswith(f"{name}:")), 0.0)


def run_command(
    arguments: Sequence[str], *, environment: Mapping[str, str], postmaster: int
) -> dict[str, Any]:
    """Run ``wangge`` with ``arguments`` in a process of its own and watch its memory.

    ``client_peak_mib`` is the peak resident memory of the command, ``backend_peak_mib`` the most
    that the server's processes held together beside the shared buffers, looked at twenty times a
    second, ``output`` what the command printed. Raises CalledProcessError.
    """
    with tempfile.NamedTemporaryFile(suffix=".json") as report, Meter(postmaster).measure() as cost:
        child = [sys.executable, __file__, report.name, *arguments]
        peaks = [0.0]
        ended = threading.Event()
        watcher = threading.Thread(target=_watch, args=(postmaster, peaks, ended))
        watcher.start()
        done = subprocess.run(
            child, env={**os.environ, **environment}, capture_output=True, text=True, check=False
        )
        ended.set()
        watcher.join()
        if done.returncode:
            sys.stderr.write(done.stderr)
            done.check_returncode()
        own = json.loads(Path(report.name).read_text())
    return {
        **cost[0].as_json(),
        "client_cpu_s": round(own["cpu_s"], 3),
        "client_peak_mib": round(own["peak_mib"]),
        "backend_peak_mib": round(peaks[0]),
        "output": done.stdout,
    }


def _watch(postmaster: int, peaks: list[float], ended: threading.Event) -> None:
    idle = _anonymous_mib(postmaster)
    while not ended.wait(_LOOK_EVERY_S):
        peaks[0] = max(peaks[0], _anonymous_mib(postmaster) - idle)


def _anonymous_mib(postmaster: int) -> float:
    return sum(memory_mib(pid, "RssAnon") for pid in children(postmaster))


def machine() -> dict[str, Any]:
    """What ran it: processor, memory, versions, commit and the load before the benches began."""
    import geopandas
    import shapely

    cpu = Path("/proc/cpuinfo").read_text().split("model name", 1)[-1].split("\n", 1)[0]
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty", "--abbrev=12"],
        cwd=Path(__file__).parent, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return {
        "cpu": cpu.strip(" \t:"),
        "cores": os.cpu_count(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "python": sys.version.split()[0],
        "geopandas": geopandas.__version__,
        "geos": shapely.geos_version_string,
        "commit": commit.stdout.strip() or None,
        "load_average_before": [round(load, 2) for load in os.getloadavg()],
    }


def _run_cli(report: Path, arguments: list[str]) -> None:
    """The command itself; what it cost is written when it ends, however it ends."""
    from api.cli import main

    sys.argv = ["wangge", *arguments]
    try:
        main()
    finally:
        cost = {"peak_mib": memory_mib("self", "VmHWM"), "cpu_s": time.process_time()}
        report.write_text(json.dumps(cost))


if __name__ == "__main__":
    _run_cli(Path(sys.argv[1]), sys.argv[2:])
