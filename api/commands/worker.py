"""``wangge worker``: works on imports, runs and exports that were asked for over the web."""

import os
import signal
import sys
import threading
from typing import Annotated

import typer

from api import jobs
from api.commands.common import group, house
from api.house import House
from api.output import say
from api.serving import logs
from gis.health import store as health

app = group()


@app.command()
def worker(
    attached: Annotated[
        bool, typer.Option("--attached", help="End when standard input closes.")
    ] = False,
    check: Annotated[
        bool,
        typer.Option("--check", help="Only say whether a worker gives signs of life; 1 if none."),
    ] = False,
) -> None:
    """Work on the queue of jobs until interrupted. 处理后台任务。"""
    at = house()
    if check:
        _check(at)
        return
    if attached:
        threading.Thread(target=_end_with_parent, name="parent", daemon=True).start()
    with at.store() as engine:
        logs.take_over()
        logs.logger().info("worker_started", at_once=at.settings.worker_jobs)
        jobs.work(at, engine)


def _check(at: House) -> None:
    with at.session() as session:
        alive = health.workers(session, silence_s=at.settings.worker_silence_s)
    say(f"存活的处理进程 {alive} 个 / workers that give signs of life: {alive}")
    if not alive:
        raise typer.Exit(1)


def _end_with_parent() -> None:
    """Standard input is a pipe of the process that started us; it closes when that one dies."""
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGTERM)
