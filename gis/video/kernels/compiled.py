"""Numba's compiler with its results kept on disk wherever that is possible."""

import hashlib
import os
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import ParamSpec, TypeVar, cast

import numba

_P = ParamSpec("_P")
_R = TypeVar("_R")

_HERE = Path(__file__).parent
_KERNELS = ("visibility.py", "outlines.py", "depths.py")


def compiled(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """Compile without the interpreter lock held, and keep the machine code for the next start.

    Kernels call each other across files and numba looks at the date of one file only, so the folder
    is named by the contents of all. Where none can be written (a read-only container without a
    home) the code is compiled anew in every process; NUMBA_CACHE_DIR then names a place.
    """
    folder, settings = _folder(), vars(numba.config)  # its names are set at run time
    before = settings["CACHE_DIR"]
    try:
        settings["CACHE_DIR"] = before or folder
        made = numba.njit(cache=bool(before or folder), nogil=True)(function)
    finally:
        settings["CACHE_DIR"] = before
    return cast(Callable[_P, _R], made)


@cache
def _folder() -> str:
    """The first place that can be written: beside the source, else the user's cache; else none."""
    contents = b"".join((_HERE / name).read_bytes() for name in _KERNELS)
    name = f"kernels-{hashlib.sha256(contents).hexdigest()[:16]}"
    home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    for base in (_HERE / "__pycache__", Path(home) / "wangge"):
        try:
            (base / name).mkdir(parents=True, exist_ok=True)
        except OSError:
            continue
        if os.access(base / name, os.W_OK):
            return str(base / name)
    return ""
