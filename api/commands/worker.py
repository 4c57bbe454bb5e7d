"""``wangge worker``: works on imports, runs and exports that were asked for over the web."""

import os
import signal
import sys
import threading
from pathlib import Path
from typing import Annotated

import typer

from api import jobs
from api.commands.common import group, house
from api.house import House
from api.output import say
from api.serving import logs
from api.worker_name import file_of, number
from gis.health import store as health

app = group()


@app.command()
def worker(
    attached: Annotated[
        bool, typer.Option("--attached", help="End when standard input closes.")
    ] = False,
    check: Annotated[
        bool,
        typer.Option(
            "--check", help="Only say whether this host's worker gives signs of life; 1 if not."
        ),
    ] = False,
    name: Annotated[
        str | None,
        typer.Option(help="Of several workers of a host, the name of each; default: the host's."),
    ] = None,
) -> None:
    """Work on the queue of jobs until interrupted. 处理后台任务。"""
    at = house()
    if check:
        _check(at, file_of(at.settings.home, name))
        return
    if attached:
        threading.Thread(target=_end_with_parent, name="parent", daemon=True).start()
    with at.store() as engine:
        logs.take_over()
        logs.logger().info("worker_started", at_once=at.settings.worker_jobs)
        jobs.work(at, engine, name=name)


def _check(at: House, file: Path) -> None:
    own, silence_s = number(file), at.settings.worker_silence_s
    with at.session() as session:
        alive = own is not None and health.worker_lives(session, own, silence_s=silence_s)
        others = health.workers(session, silence_s=silence_s) - alive
    if alive:
        said = f"处理进程 {file.name} 存活 / worker {file.name} gives signs of life"
    else:
        said = f"处理进程 {file.name} 没有存活 / worker {file.name} gives no sign of life"
    say(f"{said}; {others} 个其他的 / others that do: {others}")
    if not alive:
        raise typer.Exit(1)


def _end_with_parent() -> None:
    """Standard input is a pipe of the process that started us; it closes when that one dies."""
    while os.read(sys.stdin.fileno(), 1024):  # not buffered: a held buffer breaks the end of Python
        pass
    os.kill(os.getpid(), signal.SIGTERM)
