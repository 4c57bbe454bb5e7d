"""Seconds by step of a demo, for its summary."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from api.output import say


@dataclass
class Clock:
    """Seconds by step, in the order in which they ended."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Measure one step and say how long it took."""
        started = time.perf_counter()
        yield
        self.note(name, time.perf_counter() - started)

    def note(self, name: str, seconds: float) -> None:
        """Say how long a step took."""
        self.seconds[name] = round(seconds, 2)
        say(f"  {name:<10} {self.seconds[name]:>7.2f} s")
