"""Numba's compiler with its results kept on disk wherever that is possible."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar, cast

import numba

_P = ParamSpec("_P")
_R = TypeVar("_R")


def compiled(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """Compile without the interpreter lock held, and keep the machine code for the next start.

    Numba keeps it beside the source, else in the user's cache folder, else where NUMBA_CACHE_DIR
    says. Where none can be written (a read-only container) it compiles anew in every process.
    """
    try:
        made = numba.njit(cache=True, nogil=True)(function)
    except RuntimeError:  # "no locator available": nowhere to write
        made = numba.njit(nogil=True)(function)
    return cast(Callable[_P, _R], made)
