"""The moment at which somebody waits for a lock that a session of the test holds."""

import time
from collections.abc import Callable

from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

# The holder asks for itself: a wait that another test or another database brings about is not its.
_BLOCKED = text(
    "SELECT EXISTS (SELECT FROM pg_locks"
    " WHERE NOT granted AND pg_blocking_pids(pid) @> ARRAY[pg_backend_pid()])"
)


def until_blocked(
    holder: Session | Connection,
    ended: Callable[[], object] = lambda: False,
    *,
    seconds: float = 20,
) -> None:
    """Return once another backend waits for a row, a table or a key that ``holder`` holds.

    ``ended`` says whether the other side has ended; that it did without waiting is an error.
    """
    end_s = time.monotonic() + seconds
    while not holder.scalar(_BLOCKED):
        assert not ended(), "the other side has ended and did not wait for the lock"
        assert time.monotonic() < end_s, f"nobody waited for the lock in {seconds} s"
        time.sleep(0.01)
