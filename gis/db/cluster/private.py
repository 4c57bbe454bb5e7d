"""The private cluster: a PostgreSQL server of one home, reachable over a socket file alone."""

import os
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import psycopg2

from gis.db.cluster import birth, server
from gis.db.cluster.account import Account, account_for
from gis.db.cluster.binaries import Binaries, find
from gis.db.cluster.layout import Layout, unkept, write_private
from gis.db.cluster.server import Server
from gis.db.cluster.tuning import configuration
from gis.db.cluster.urls import DATABASE, Role, Urls, socket_url
from gis.errors import StoreUnavailable

_LOCK_S = 300.0
_ANSWER_S = 60.0


@dataclass(frozen=True)
class ClusterStatus:
    """What there is; no clock and no process id, so two looks with nothing between are equal."""

    state: Literal["absent", "stopped", "running"]
    home: Path
    data_directory: Path
    postgresql: int | None


class Cluster:
    """The private cluster of a home directory.

    Everything lies in the home: data, socket, passwords, log. What cannot be there (a socket below
    a long path, data that the account ``postgres`` must enter when root's folder is closed) has a
    private directory elsewhere.

    Parameters
    ----------
    home : Path
        Made when it is missing.
    settings : mapping of str, optional
        PostgreSQL settings that replace ours.
    """

    def __init__(self, home: Path, settings: Mapping[str, str] | None = None) -> None:
        self._layout = Layout(Path(os.path.abspath(home)))
        self._settings = dict(settings or {})

    def up(self) -> Urls:
        """Start the server if it is not running, making the cluster first if there is none.

        Safe to call from several processes at once; the second finds the first one's server.

        Raises
        ------
        StoreUnavailable
            With the reason and the remedy. A cluster that was there is unchanged, and a new one
            is made from the beginning the next time.
        """
        with self._explained():
            account_for(self._layout.data)
            self._layout.make_home()
            with self._layout.locked(patience_s=_LOCK_S):
                return self._up()

    def down(self) -> None:
        """Stop the server; nothing happens when it is not running."""
        with self._explained():
            if self.status().state == "absent":
                return
            with self._layout.locked(patience_s=_LOCK_S):
                account = account_for(self._layout.data)
                if server.is_running(self._layout.data, account):
                    self._server(account).stop()

    def status(self) -> ClusterStatus:
        """What there is and whether it runs."""
        with self._explained():
            data = self._layout.data
            if not data.exists():
                return ClusterStatus("absent", self.home, data, None)
            running = server.is_running(data, account_for(data))
            state: Literal["running", "stopped"] = "running" if running else "stopped"
            return ClusterStatus(state, self.home, data, _major(data))

    def remove(self) -> None:
        """Stop the server and delete the cluster with all its data; the home stays."""
        self.down()
        data = self._layout.data
        outside = data.parent != self.home
        shutil.rmtree(data.parent if outside else data, ignore_errors=True)
        for socket_dir in self._layout.socket_places:
            shutil.rmtree(socket_dir, ignore_errors=True)
        for path in (self._layout.pointer, self._layout.passwords_file):
            path.unlink(missing_ok=True)

    @property
    def home(self) -> Path:
        """The home, absolute."""
        return self._layout.home

    @property
    def log(self) -> Path:
        """The server's log."""
        return self._layout.log

    def url(self, role: Role, database: str = DATABASE) -> str:
        """URL of a role of the running server, for a database of its own too."""
        socket_dir = server.socket_in_use(self._layout.data)
        return socket_url(socket_dir, role, self._layout.passwords()[role], database)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """What the operating system refuses is the store's being unavailable."""
        try:
            yield
        except OSError as error:
            raise unkept(self.home, error) from error

    def _up(self) -> Urls:
        data = self._layout.data
        account = account_for(data)
        end_s = time.monotonic() + _ANSWER_S
        while server.is_running(data, account):
            if self._answers(final=time.monotonic() > end_s):
                break
            time.sleep(0.1)  # it recovers from the crash of a session, or dies just now
        else:
            self._start(account)
        return Urls(app=self.url("wangge_app"), owner=self.url("wangge_owner"))

    def _start(self, account: Account) -> None:
        if not self._layout.data.exists():
            durable = self._settings.get("fsync") != "off"
            birth.make_data(self._layout, account, find(), durable=durable)
        engine = self._server(account)
        socket_dir = self._layout.socket_directory(account)
        for left_behind in socket_dir.glob(".s.PGSQL.*"):
            left_behind.unlink()
        settings = engine.data / "wangge.conf"
        write_private(settings, configuration(socket_dir, self._settings))
        account.own(settings)
        engine.start()
        try:
            birth.make_database(self.url("postgres", "postgres"), self._layout.passwords())
        except BaseException:
            engine.stop()
            raise

    def _server(self, account: Account) -> Server:
        return Server(self._layout, account, self._binaries())

    def _binaries(self) -> Binaries:
        return find(major=_major(self._layout.data))

    def _answers(self, *, final: bool) -> bool:
        """Whether the running server takes connections; it then has a complete database."""
        try:
            birth.make_database(self.url("postgres", "postgres"), self._layout.passwords())
        except psycopg2.OperationalError as error:
            if final:
                raise StoreUnavailable(
                    f"数据库无应答 / the store does not answer: {error}"
                ) from error
            return False
        return True


def _major(data: Path) -> int:
    """The major version that can read ``data``."""
    return int((data / "PG_VERSION").read_text("ascii"))
