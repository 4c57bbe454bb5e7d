"""How the two roles of a store are reached."""

from dataclasses import dataclass, field
from typing import Literal

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from gis.errors import StoreUnavailable

Role = Literal["postgres", "wangge_owner", "wangge_app"]
DATABASE = "wangge"
PORT = 5432  # only names the socket file; nothing listens on the network


@dataclass(frozen=True)
class Urls:
    """SQLAlchemy URLs with passwords, hidden from ``repr``.

    ``app`` is for all work. ``owner`` is for migrations alone; it is empty for a server of one's
    own without ``WANGGE_OWNER_URL``.
    """

    app: str = field(repr=False)
    owner: str = field(repr=False)


def socket_url(socket_dir: str, role: Role, password: str, database: str) -> str:
    """URL of a role of the private cluster, over its socket directory."""
    url = URL.create(
        "postgresql+psycopg2",
        username=role,
        password=password,
        database=database,
        query={"host": socket_dir, "port": str(PORT)},
    )
    return url.render_as_string(hide_password=False)


def with_driver(url: str, setting: str) -> str:
    """The URL with the driver psycopg2, for which ``postgres://`` and ``postgresql://`` also stand.

    Raises
    ------
    StoreUnavailable
        It is no PostgreSQL URL; the message names ``setting`` and never the URL, which may hold
        a password.
    """
    scheme, separator, rest = url.partition("://")
    if separator and scheme in {"postgres", "postgresql", "postgresql+psycopg2"}:
        try:
            parsed = make_url(f"postgresql+psycopg2://{rest}")
            return parsed.render_as_string(hide_password=False)
        except (ArgumentError, ValueError):
            pass
    raise StoreUnavailable(
        f"{setting} 应形如 postgresql://wangge_app:password@host:5432/wangge / "
        f"{setting} is not a PostgreSQL URL like postgresql://wangge_app:password@host:5432/wangge"
    )


def libpq_url(url: str) -> str:
    """The URL as libpq, ADBC and the PostgreSQL programs understand it."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
