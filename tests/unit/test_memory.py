"""Freed memory goes back to the machine."""

import gc
import platform
from pathlib import Path

import pytest

from gis.memory import give_back

pytestmark = pytest.mark.skipif(
    platform.libc_ver()[0] != "glibc", reason="only glibc keeps freed memory"
)


def _resident_mib() -> float:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


@pytest.fixture
def walks():
    """How often all objects are walked."""
    begun = []

    def heard(phase, told):
        if phase == "start" and told["generation"] == 2:
            begun.append(told)

    gc.callbacks.append(heard)
    yield begun
    gc.callbacks.remove(heard)


def test_what_is_free_between_things_in_use_is_handed_back():
    """Pieces too small for a mapping of their own; what stays lies among what goes."""
    pieces = [b"x" * 100_000 for _ in range(2_000)]
    stays = pieces[::50]
    del pieces
    before = _resident_mib()
    give_back()
    assert before - _resident_mib() > 100
    assert len(stays) == 40


def test_what_holds_only_itself_is_handed_back():
    give_back()
    ring = [b"x" * 100_000 for _ in range(2_000)]
    ring.append(ring)
    before = _resident_mib()
    del ring
    give_back()
    assert before - _resident_mib() > 100


def test_a_process_that_has_not_grown_is_not_walked(walks):
    give_back()
    walks.clear()
    give_back()
    assert walks == []
    more = b"x" * (40 << 20)
    give_back()
    assert len(walks) == 1
    assert len(more) == 40 << 20
