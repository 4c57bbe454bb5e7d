"""Uses a store for the length of a command: the last user stops a cluster that nobody keeps."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gis.db.cluster.external import resolve_urls
from gis.db.cluster.layout import unkept
from gis.db.cluster.private import Cluster
from gis.db.cluster.urls import Urls
from gis.settings import Settings

_USERS = "pg.users"  # locked by every user together, by the one that stops the cluster alone
_KEPT = "pg.kept"  # present from `wangge up` to `wangge down`


@contextmanager
def lease(settings: Settings) -> Iterator[Urls]:
    """The store's URLs; a private cluster is started, and stopped when its last user leaves.

    A cluster that ``wangge up`` keeps goes on running. One whose user was killed runs until the
    next user leaves. Raises StoreUnavailable.
    """
    if settings.database_url is not None:
        yield resolve_urls(settings)
        return
    home = _home(settings)
    with (home / _USERS).open("w") as users:
        fcntl.flock(users, fcntl.LOCK_SH)  # waits while a cluster is being stopped
        try:
            yield Cluster(home).up()
        finally:
            _leave(users.fileno(), home)


def keep(settings: Settings) -> Urls:
    """Start the private cluster and let it run until `stop`."""
    home = _home(settings)
    with (home / _USERS).open("w") as users:
        fcntl.flock(users, fcntl.LOCK_SH)
        urls = Cluster(home).up()
        (home / _KEPT).touch()
    return urls


def stop(settings: Settings) -> None:
    """Stop the private cluster, whoever still uses it."""
    home = settings.home.absolute()
    (home / _KEPT).unlink(missing_ok=True)
    Cluster(home).down()


def _home(settings: Settings) -> Path:
    home = settings.home.absolute()
    try:
        home.mkdir(parents=True, exist_ok=True)
        (home / _USERS).touch()
    except OSError as error:
        raise unkept(home, error) from error
    return home


def _leave(users: int, home: Path) -> None:
    """Let go first and then ask to be alone: of those that leave together one always succeeds."""
    fcntl.flock(users, fcntl.LOCK_UN)
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:  # somebody else still works in the store and will stop it
        return
    if not (home / _KEPT).exists():
        Cluster(home).down()
