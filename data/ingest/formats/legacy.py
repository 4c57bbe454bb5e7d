"""Workbooks of before 2007: their reader holds every sheet from corner to corner, filled or not.

A cell that claims to stand far out makes it ask for more memory than there is, and that ends the
process. So it is tried first in a process that may have little.
"""

import signal
import subprocess
import sys
from pathlib import Path

from data.ingest.refusal import refuse

_BYTES = 2 << 30  # as much as any command may take
_SECONDS = 300
_FULL = 12  # ENOMEM
# A reader in Rust aborts for want of memory, and a system that has none kills.
_TOO_LARGE = {_FULL, -signal.SIGABRT, -signal.SIGKILL}
_TRY = """
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, (int(sys.argv[2]),) * 2)
from python_calamine import CalamineError, CalamineWorkbook
try:
    CalamineWorkbook.from_path(sys.argv[1])
except (CalamineError, OSError):
    pass  # the reader says it again
except MemoryError:
    sys.exit(int(sys.argv[3]))
"""


def check(path: Path) -> None:
    """Raise ImportRefused ``sheet_too_large`` for a workbook that does not fit.

    ``file_broken`` for one at which the reader fails otherwise.
    """
    command = [sys.executable, "-I", "-c", _TRY, str(path.absolute()), str(_BYTES)]
    command.append(str(_FULL))
    try:
        tried = subprocess.run(command, capture_output=True, timeout=_SECONDS, check=False)
    except subprocess.TimeoutExpired as exc:
        raise too_large(path) from exc
    if tried.returncode in _TOO_LARGE:
        raise too_large(path)
    if tried.returncode != 0:
        raise broken(path)


def too_large(path: Path) -> Exception:
    """The refusal of a workbook whose sheets reach too far."""
    return refuse(
        "sheet_too_large",
        path,
        "工作表范围过大（远处有零散单元格）；请删除多余的行列后重试",
        "has a sheet whose cells lie too far apart; delete what stands far out",
    )


def broken(path: Path) -> Exception:
    """The refusal of a workbook that cannot be read."""
    return refuse(
        "file_broken", path, "工作簿损坏或加密，无法打开", "is a broken or encrypted workbook"
    )
