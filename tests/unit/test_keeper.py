"""The worker beside a service: started again with a growing pause, never two, ended with it."""

import subprocess
import threading
import time
from itertools import pairwise

from api.commands import keeper
from api.commands.keeper import Keeper


def test_a_worker_that_dies_at_once_is_started_again_after_growing_pauses(
    tmp_path, monkeypatch, capfd
):
    monkeypatch.setattr(keeper, "_FIRST_PAUSE_S", 0.05)
    monkeypatch.setattr(keeper, "_LOOK_S", 0.01)
    starts = tmp_path / "starts"
    program = (
        "import sys, time; sys.stderr.write('its log');"
        f"open({str(starts)!r}, 'a').write(f'{{time.time()}}\\n')"
    )
    with Keeper(program):
        while len(seen := _times(starts)) < 4:
            time.sleep(0.05)
    assert "its log" in capfd.readouterr().err
    waits_s = [later - earlier for earlier, later in pairwise(seen[:4])]
    assert all(waited >= least for waited, least in zip(waits_s, (0.05, 0.1, 0.2), strict=True))
    assert "keeper" not in {one.name for one in threading.enumerate()}, "it goes on for ever"


def test_a_worker_that_cannot_be_started_is_tried_again(tmp_path, monkeypatch):
    monkeypatch.setattr(keeper, "_FIRST_PAUSE_S", 0.01)
    starts, tries, popen = tmp_path / "starts", [], subprocess.Popen

    def refused_once(*asked, **how):
        tries.append(asked)
        if len(tries) == 1:
            raise BlockingIOError(11, "no process to be had")
        return popen(*asked, **how)

    monkeypatch.setattr(keeper.subprocess, "Popen", refused_once)
    with Keeper(f"open({str(starts)!r}, 'a').write('1\\n')"):
        while not _times(starts):
            time.sleep(0.02)
    assert len(tries) >= 2


def _times(path):
    return [float(one) for one in path.read_text().split()] if path.exists() else []
