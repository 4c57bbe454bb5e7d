"""The solver in a process of its own, which ends at once when nobody waits for the plan any more.

HiGHS asks its callbacks too seldom for that: with 3,000 poses 4.6 s passed between two of them.
"""

import subprocess
import sys
import time
from tempfile import TemporaryFile

from gis.progress import Say
from gis.video.siting.programme import Answer, Programme

_BEAT_S = 0.25
_COMMAND = (sys.executable, "-P", "-m", "gis.video.siting.programme")


def answer(asked: Programme, say: Say) -> Answer:
    """Solve it, say how much of the time limit is spent, and end the process when ``say`` raises.

    Raises RuntimeError for a process that died.
    """
    with TemporaryFile() as sent:
        sent.write(asked.sent())
        sent.seek(0)
        pipe = subprocess.PIPE
        with subprocess.Popen(_COMMAND, stdin=sent, stdout=pipe, stderr=pipe) as solving:
            try:
                content, words = _heard(solving, float(asked.time_limit_s), say)
            except BaseException:
                solving.kill()
                raise
    if solving.returncode != 0:
        raise RuntimeError(f"the solver died: {words.decode(errors='replace')[-500:]}")
    return Answer.received(content)


def _heard(solving: "subprocess.Popen[bytes]", limit_s: float, say: Say) -> tuple[bytes, bytes]:
    """What the process writes and complains of."""
    begun_s = time.monotonic()
    while True:
        spent_s = min(time.monotonic() - begun_s, limit_s)
        say(spent_s / limit_s, f"求解，最多 {limit_s:g} 秒", f"solving, at most {limit_s:g} s")
        try:
            return solving.communicate(timeout=_BEAT_S)
        except subprocess.TimeoutExpired:
            continue
