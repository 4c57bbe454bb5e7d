"""Uses a store for the length of a command: the last user stops a cluster started on demand."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gis.db.cluster.external import resolve_urls
from gis.db.cluster.private import Cluster
from gis.db.cluster.urls import Urls
from gis.settings import Settings

_USERS = "pg.users"  # every user holds it shared
_ON_DEMAND = "pg.on-demand"  # present while the running cluster was started by a lease


@contextmanager
def lease(settings: Settings) -> Iterator[Urls]:
    """The store's URLs; a private cluster that nobody had started is stopped again.

    A cluster started by ``wangge up`` keeps running. With several users at once the last one to
    leave stops it. Raises StoreUnavailable.
    """
    if settings.database_url is not None:
        yield resolve_urls(settings)
        return
    home = settings.home.absolute()
    home.mkdir(parents=True, exist_ok=True)
    cluster = Cluster(home)
    with (home / _USERS).open("w") as users:
        fcntl.flock(users, fcntl.LOCK_SH)
        if cluster.status().state != "running":
            (home / _ON_DEMAND).touch()
        try:
            yield cluster.up()
        finally:
            _leave(users.fileno(), cluster, home / _ON_DEMAND)


def keep(settings: Settings) -> Urls:
    """Start the private cluster and let it run until ``wangge down``."""
    home = settings.home.absolute()
    home.mkdir(parents=True, exist_ok=True)
    urls = Cluster(home).up()
    (home / _ON_DEMAND).unlink(missing_ok=True)
    return urls


def _leave(users: int, cluster: Cluster, on_demand: Path) -> None:
    if not on_demand.exists():
        return
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:  # somebody else still works in the store and will stop it
        return
    cluster.down()
    on_demand.unlink(missing_ok=True)
