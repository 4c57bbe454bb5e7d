"""Which server the settings name; a server of one's own is checked before it is used."""

from sqlalchemy import Connection, create_engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from gis.db import sql
from gis.db.cluster.private import Cluster
from gis.db.cluster.urls import Urls, with_driver
from gis.errors import StoreUnavailable
from gis.settings import Settings

_BOOTSTRAP_ZH = "请由超级用户在该数据库中运行 gis/db/bootstrap.sql"
_BOOTSTRAP = "let a superuser run gis/db/bootstrap.sql in that database"
_SQL = sql.load("gis.db.cluster")


def resolve_urls(settings: Settings) -> Urls:
    """The server of ``WANGGE_DATABASE_URL``, or the home's private cluster, which is started.

    Raises
    ------
    StoreUnavailable
        The server cannot be reached, lacks PostGIS, or its role may do more than it should.
    """
    if settings.database_url is None:
        return Cluster(settings.home).up()
    app = with_driver(settings.database_url, "WANGGE_DATABASE_URL")
    owner = with_driver(settings.owner_url, "WANGGE_OWNER_URL") if settings.owner_url else ""
    engine = create_engine(app, poolclass=NullPool, connect_args={"connect_timeout": 10})
    try:
        with engine.connect() as connection:
            _check(connection)
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", error)).strip()
        raise StoreUnavailable(
            f"WANGGE_DATABASE_URL 无法使用 / WANGGE_DATABASE_URL cannot be used: {reason}"
        ) from error
    finally:
        engine.dispose()
    return Urls(app=app, owner=owner)


def _check(connection: Connection) -> None:
    found = connection.execute(_SQL["role_and_extensions"]).one()
    if not (found.has_postgis and found.has_btree_gist):
        raise StoreUnavailable(
            f"WANGGE_DATABASE_URL 的数据库没有 PostGIS：请在服务器上安装，并{_BOOTSTRAP_ZH} / "
            "the server of WANGGE_DATABASE_URL has no PostGIS in this database; "
            f"install it there (`sudo apt-get install postgresql-postgis`) and {_BOOTSTRAP}"
        )
    if not found.has_schema:
        raise StoreUnavailable(
            f"WANGGE_DATABASE_URL 的数据库没有模式 wangge：{_BOOTSTRAP_ZH} / "
            f"the database of WANGGE_DATABASE_URL has no schema wangge; {_BOOTSTRAP}"
        )
    excess = {
        ("是超级用户", "is a superuser"): found.rolsuper,
        ("绕过行级权限", "bypasses row-level security"): found.rolbypassrls,
        ("可创建角色", "may create roles"): found.rolcreaterole,
        ("是数据库所有者", "owns the store"): found.is_owner,
    }
    if faults := [fault for fault, present in excess.items() if present]:
        zh, en = zip(*faults, strict=True)
        raise StoreUnavailable(
            f"WANGGE_DATABASE_URL 的角色 {found.role} {'、'.join(zh)}，按区域的权限将失效："
            f"请改用角色 wangge_app（{_BOOTSTRAP_ZH}） / "
            f"the role {found.role} of WANGGE_DATABASE_URL {' and '.join(en)}, so rights per "
            f"area would not hold; use the role wangge_app ({_BOOTSTRAP} makes it)"
        )
