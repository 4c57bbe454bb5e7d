"""Freed memory goes back to the machine."""

import platform
from pathlib import Path

import pytest

from gis.memory import give_back


def _resident_mib() -> float:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc keeps freed memory")
def test_what_is_free_between_things_in_use_is_handed_back():
    """Pieces too small for a mapping of their own; what stays lies among what goes."""
    pieces = [b"x" * 100_000 for _ in range(2_000)]
    stays = pieces[::50]
    del pieces
    before = _resident_mib()
    give_back()
    assert before - _resident_mib() > 100
    assert len(stays) == 40
