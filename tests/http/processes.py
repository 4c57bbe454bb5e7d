"""Processes of `wangge serve` as the system sees them: its worker, and who still lives."""

import time
from pathlib import Path


def wait_for(found, what, seconds=300):
    end_s = time.monotonic() + seconds
    while not (value := found()):
        assert time.monotonic() < end_s, what
        time.sleep(0.1)
    return value


def workers_of(pid):
    """Ids of the worker processes that a process started."""
    threads = Path(f"/proc/{pid}/task").glob("*/children")
    return [
        int(child) for thread in threads for child in thread.read_text().split()
        if b"--attached" in Path(f"/proc/{child}/cmdline").read_bytes()
    ]  # fmt: skip


def lives(pid):
    try:
        return " Z " not in Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
