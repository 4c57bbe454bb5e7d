"""Steps of a demo in a process each: what one takes of memory goes before the next begins."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from multiprocessing import get_context
from typing import Any, TypeVar

from sqlalchemy import Engine

from api.house import House

T = TypeVar("T")


@dataclass(frozen=True)
class Step:
    """A function of `api.demo.steps` by its name.

    Who only passes it on to another process does not load what it needs.
    """

    name: str

    def __call__(self, *given: Any, **named: Any) -> Any:
        """Take the step."""
        return getattr(import_module("api.demo.steps"), self.name)(*given, **named)


def apart(step: Callable[[], T]) -> T:
    """What ``step`` gives, which another process takes; step and result must be picklable."""
    with workshop() as other:
        return other.submit(step).result()


def here(step: Callable[[], T]) -> T:
    """What ``step`` gives, taken in this process."""
    return step()


def workshop() -> ProcessPoolExecutor:
    """One process that takes steps and ends with this one, however this one ends."""
    return ProcessPoolExecutor(
        1, mp_context=get_context("spawn"), initializer=_begin, initargs=(os.getpid(),)
    )


@contextmanager
def opened(house: House, engine: Engine | None) -> Iterator[Engine]:
    """The store by ``engine``; by connections of its own where another process takes a step."""
    if engine is not None:
        yield engine
        return
    with house.store() as own:
        yield own


def _begin(parent: int) -> None:
    threading.Thread(target=end_with, args=[parent], daemon=True).start()


def end_with(parent: int) -> None:
    """Work no further for a command that was killed: who repeats it does the same again."""
    while os.getppid() == parent:
        time.sleep(0.2)
    os._exit(1)
