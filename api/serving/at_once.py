"""Dependencies that wait for nothing are asked on the event loop, not in a thread of the pool."""

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


def at_once(answer: Callable[P, R]) -> Callable[P, Awaitable[R]]:
    """``answer`` as a dependency of routes; the way to a thread and back costs more than it does.

    Only for what neither reads the store nor a file and does not compute for long.
    """

    @wraps(answer)
    async def asked(*args: P.args, **kwargs: P.kwargs) -> R:
        return answer(*args, **kwargs)

    return asked
