"""What the top floor hands down: settings, district, policy, and sessions on a ready store."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from api.policies import rulebook
from gis import district as districts
from gis import worktime
from gis.audit.entry import Origin
from gis.db import migrate
from gis.db.cluster.lease import lease
from gis.db.engine import make_engine
from gis.db.session import User, sessions
from gis.district import District
from gis.facts import service as facts
from gis.policy import Policy
from gis.settings import Settings
from gis.worktime import WorkTime

if TYPE_CHECKING:
    from gis.publication.advice import Advice

REFERENCE = Path(str(files("data.reference")))


@dataclass(frozen=True)
class House:
    """One installation: its settings, its district, read once, and its rules."""

    settings: Settings

    @cached_property
    def district(self) -> District:
        """The district of ``WANGGE_DISTRICT_FILE``; Wuhua without one."""
        return districts.load(self._district_file)

    @property
    def _district_file(self) -> Path:
        return self.settings.district_file or REFERENCE / "wuhua.toml"

    @property
    def policy(self) -> Policy:
        """The built-in rules with the values of the installation's own file laid over them.

        A file that was replaced counts from the next look on, in every process of the home.
        """
        return rulebook.in_force(REFERENCE / "policy.toml", rulebook.own_file(self.settings))

    @cached_property
    def work_time(self) -> WorkTime:
        """Working hours and public holidays, for due times.

        A ``holidays.toml`` beside the district file takes the place of the State Council's days.
        """
        own = self._district_file.with_name("holidays.toml")
        return worktime.load(
            own if own.exists() else REFERENCE / "holidays.toml", self.district.zone
        )

    @cached_property
    def advice(self) -> "Advice":
        """What plaques advise."""
        from gis.publication import advice  # noqa: PLC0415 - with all models; most commands need none

        return advice.load(REFERENCE / "advice.toml")

    @contextmanager
    def store(self, *, statement_timeout_ms: int = 0) -> Iterator[Engine]:
        """A ready store for the length of a command; a fresh private cluster is migrated.

        Raises StoreUnavailable, StoreNotReady for a server that is not migrated, and BadInput for
        the store of another district.
        """
        with lease(self.settings) as urls:
            engine = make_engine(urls.app, self.settings, statement_timeout_ms=statement_timeout_ms)
            try:
                if (now := migrate.current(engine)) != migrate.head():
                    self._migrate(urls.owner, now)
                with transaction(engine) as session:
                    facts.confirm(session, self.district)
                    rulebook.settle(self.settings.home, session)
                yield engine
            finally:
                engine.dispose()

    def _migrate(self, owner_url: str, now: str | None) -> None:
        if self.settings.database_url is not None:
            raise migrate.differs(now)
        migrate.upgrade(owner_url)

    @contextmanager
    def session(self, *, user: User | None = None) -> Iterator[Session]:
        """One session and one transaction of a command: commit on return, roll back on raise."""
        with self.store() as engine, transaction(engine, user=user) as session:
            yield session


@contextmanager
def transaction(engine: Engine, *, user: User | None = None) -> Iterator[Session]:
    """One transaction as ``user`` (the command itself by default)."""
    info = {"user": user or User.command(), "request": Origin.of_process()}
    with sessions(engine).begin(info=info) as session:
        yield session
