"""Which server the settings name, and which servers are refused."""

import psycopg2
import pytest

from gis.db.cluster import Cluster, resolve_urls
from gis.db.cluster.urls import libpq_url, with_driver
from gis.errors import StoreUnavailable
from gis.settings import Settings


def named(url, owner=None):
    return Settings(_env_file=None, database_url=url, owner_url=owner)


def test_without_a_url_the_private_cluster_of_the_home_is_started(home):
    urls = resolve_urls(Settings(_env_file=None))
    assert Cluster(home).status().state == "running"
    assert urls == Cluster(home).up()


def test_a_server_of_ones_own_is_used_as_it_is(store):
    urls = resolve_urls(named(libpq_url(store.urls.app), libpq_url(store.urls.owner)))
    assert urls == store.urls


def test_migrations_of_a_server_need_its_owner(store):
    assert resolve_urls(named(store.urls.app)).owner == ""


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg2"])
def test_the_driver_may_be_left_out(scheme):
    url = with_driver(f"{scheme}://wangge_app:p%40ss@db.local:5433/wangge", "X")
    assert url == "postgresql+psycopg2://wangge_app:p%40ss@db.local:5433/wangge"


@pytest.mark.parametrize(
    "url", ["wangge", "sqlite:///x", "mysql://a:secret@b/c", "postgresql://a:secret@b:port/c"]
)
def test_other_urls_are_refused_without_showing_them(url):
    with pytest.raises(StoreUnavailable, match="not a PostgreSQL URL") as error:
        resolve_urls(named(url))
    assert "secret" not in str(error.value)


def test_a_role_that_may_do_more_than_it_should_is_refused(cluster, store):
    with pytest.raises(StoreUnavailable, match=r"postgres .* is a superuser and .* owns the store"):
        resolve_urls(named(cluster.url("postgres", store.engine.url.database)))
    with pytest.raises(StoreUnavailable, match=r"wangge_owner .* owns the store"):
        resolve_urls(named(store.urls.owner))


def test_a_role_that_bypasses_row_level_security_is_refused(home):
    cluster = Cluster(home)
    urls = cluster.up()
    admin = psycopg2.connect(libpq_url(cluster.url("postgres")))
    with admin, admin.cursor() as cursor:
        cursor.execute("ALTER ROLE wangge_app BYPASSRLS")
    admin.close()
    with pytest.raises(StoreUnavailable, match="bypasses row-level security"):
        resolve_urls(named(urls.app))


def test_a_database_without_postgis_is_refused_with_the_remedy(cluster):
    with pytest.raises(StoreUnavailable, match=r"no PostGIS .*bootstrap\.sql"):
        resolve_urls(named(cluster.url("wangge_app", "postgres")))


def test_a_server_that_is_not_there_is_refused(home):
    with pytest.raises(StoreUnavailable, match="WANGGE_DATABASE_URL cannot be used") as error:
        resolve_urls(named(f"postgresql://wangge_app:secret@/wangge?host={home}"))
    assert "secret" not in str(error.value)
