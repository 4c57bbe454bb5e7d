"""Memory that a step has freed goes back to the machine before the next one begins."""

import ctypes
import gc
import os
from pathlib import Path

import pyarrow as pa

_STATM = Path("/proc/self/statm")  # Linux
_LITTLE_BYTES = 32 << 20


class _Walked:
    """What the process held when its objects were last walked, or less if it has shrunk since."""

    def __init__(self) -> None:
        self._held_bytes = 0

    def is_due(self) -> bool:
        resident_bytes = _resident_bytes()
        self._held_bytes = min(self._held_bytes, resident_bytes)
        return resident_bytes - self._held_bytes >= _LITTLE_BYTES

    def done(self) -> None:
        self._held_bytes = _resident_bytes()


_WALKED = _Walked()


def give_back() -> None:
    """Hand back what is free: the C library keeps it, and the next large step adds to it.

    Objects that hold only each other are looked for where the process has grown by 32 MiB since
    that was last done: all its objects are walked, which takes some tenths of a second. Where the
    C library has no ``malloc_trim`` (it is glibc's), what is free in its own store stays.
    """
    _trim()
    if _WALKED.is_due():
        gc.collect()
        _trim()
        _WALKED.done()


def _trim() -> None:
    pa.default_memory_pool().release_unused()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def _resident_bytes() -> int:
    """What the process holds of the machine's memory; 0 where the system does not say."""
    if not _STATM.exists():
        return 0
    pages = int(_STATM.read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
