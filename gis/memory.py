"""Memory that a step has freed goes back to the machine before the next one begins."""

import ctypes
import gc

import pyarrow as pa


def give_back() -> None:
    """Hand back what is free: the C library keeps it, and the next large step adds to it.

    Where the C library has no ``malloc_trim`` (it is glibc's) nothing happens.
    """
    gc.collect()
    pa.default_memory_pool().release_unused()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
