"""Who works in the store: sessions name their user, and the application's role can do no more
than it should."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError, ProgrammingError

from gis.db.engine import make_engine, one_by_one
from gis.db.session import NoUser, User, sessions
from gis.errors import StoreUnavailable
from gis.settings import Settings

SECRET = {"account_secrets", "former_passwords", "tokens", "web_sessions"}
STREET = User(id="lin", area_prefixes=("530102001", "530102002"))


def user_in(session):
    return session.scalar(text("SELECT user_id FROM wangge.identity()"))


def test_a_transaction_belongs_to_its_user(store):
    with store.begin(STREET) as session:
        assert user_in(session) == "lin"
        prefixes = session.scalar(text("SELECT area_prefixes FROM wangge.identity()"))
        assert prefixes == ["530102001", "530102002"]


def test_the_user_is_gone_from_the_connection_with_the_transaction(store):
    with store.begin(STREET):
        pass
    with store.engine.connect() as pooled:
        assert not user_in(pooled)


def test_every_transaction_of_a_session_belongs_to_the_user(store):
    with sessions(store.engine)(info={"user": STREET}) as session:
        assert user_in(session) == "lin"
        session.rollback()
        assert user_in(session) == "lin"
        with session.begin_nested():
            assert user_in(session) == "lin"


@pytest.mark.parametrize("info", [{}, {"user": None}, {"user": "lin"}])
def test_a_session_without_a_user_does_nothing(store, info):
    with sessions(store.engine)(info=info) as session, pytest.raises(NoUser):
        session.execute(text("SELECT 1"))


def test_what_was_written_before_a_raise_is_rolled_back(store):
    def fail_half_way():
        with store.begin() as session:
            session.execute(text("CREATE TEMP TABLE t (i int) ON COMMIT PRESERVE ROWS"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_half_way()
    with store.begin() as session:
        assert session.scalar(text("SELECT to_regclass('pg_temp.t')")) is None


def test_the_command_sees_the_whole_district():
    assert User.command().area_prefixes == ("",)


def test_the_session_speaks_utf8_and_utc_in_schema_wangge(db):
    assert db.scalar(text("SELECT current_user")) == "wangge_app"
    assert db.scalar(text("SHOW search_path")) == "wangge,public"
    assert db.scalar(text("SHOW TimeZone")) == "UTC"
    assert db.scalar(text("SHOW client_encoding")) == "UTF8"
    assert db.scalar(text("SHOW application_name")) == "wangge"
    assert db.scalar(text("SELECT CAST('网格 🏘' AS text)")) == "网格 🏘"


def test_the_application_may_write_rows_and_temporary_tables(db):
    every = db.scalars(
        text(
            "SELECT oid::regclass::text FROM pg_class WHERE relkind = 'r'"
            " AND relnamespace = 'wangge'::regnamespace"
        )
    ).all()
    assert len(every) > 1
    for table in every:
        for right in ("SELECT", "INSERT", "UPDATE", "DELETE"):
            kind = "any_column" if right == "SELECT" else "table"  # test_columns.py: some apart
            asked = text(f"SELECT has_{kind}_privilege(:table, :right)")
            may = db.scalar(asked, {"table": table, "right": right})
            kept = table == "rating_inputs" and right == "UPDATE"  # what was rated from stays so
            assert may or kept or table in {"alembic_version", *SECRET}, (table, right)
    db.execute(text("CREATE TEMP TABLE staging (geom geometry(Point, 4326))"))


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE wangge.mine ()",
        "CREATE TABLE public.mine ()",
        "DROP TABLE wangge.areas",
        "ALTER TABLE wangge.areas DISABLE TRIGGER ALL",
        "CREATE ROLE friend",
        "SET ROLE wangge_owner",
        "SET ROLE postgres",
        "COPY (SELECT 1) TO '/dev/null'",
    ],
)
def test_the_application_may_not(db, statement):
    with pytest.raises(ProgrammingError, match=r"permission denied|must be"):
        db.execute(text(statement))


def test_the_application_has_no_special_power_and_owns_nothing(db):
    powers = db.execute(
        text(
            "SELECT rolsuper, rolbypassrls, rolcreatedb, rolcreaterole, rolreplication"
            " FROM pg_roles WHERE rolname = current_user"
        )
    ).one()
    assert not any(powers)
    owned = text("SELECT count(*) FROM pg_class WHERE pg_get_userbyid(relowner) = current_user")
    assert db.scalar(owned) == 0


def test_a_store_is_closed_to_the_public(store):
    with store.begin() as session:
        granted = session.scalars(
            text(
                "SELECT acl.privilege_type FROM pg_database, aclexplode(datacl) AS acl"
                " WHERE datname = current_database() AND acl.grantee = 0"
            )
        ).all()
    assert granted == []


def test_a_long_statement_is_stopped(store):
    settings = Settings(_env_file=None, statement_timeout_ms=100)
    engine = make_engine(store.urls.app, settings)
    with sessions(engine).begin(info={"user": STREET}) as session:
        with pytest.raises(DBAPIError, match="statement timeout"):
            session.execute(text("SELECT count(*) FROM generate_series(1, 1000000000)"))
        session.rollback()
    engine.dispose()


def test_a_command_sets_its_own_limit(store):
    engine = make_engine(store.urls.app, Settings(_env_file=None), statement_timeout_ms=0)
    with engine.connect() as connection:
        assert connection.scalar(text("SHOW statement_timeout")) == "0"
    engine.dispose()


def test_an_error_of_the_statement_stays_what_it_is(db):
    db.execute(text("CREATE TEMP TABLE t (i int PRIMARY KEY)"))
    with pytest.raises(IntegrityError):
        db.execute(text("INSERT INTO t VALUES (1), (1)"))


def test_a_server_that_cannot_be_reached_is_a_clear_error(home):
    url = f"postgresql+psycopg2://wangge_app:secret@/wangge?host={home}"
    engine = make_engine(url, Settings(_env_file=None))
    with pytest.raises(StoreUnavailable, match="cannot be reached") as error:
        engine.connect()
    assert "secret" not in str(error.value)


def test_statements_one_by_one_are_a_transaction_each_and_the_next_user_has_one_again(store):
    now = text("SELECT now(), pg_backend_pid()")
    with one_by_one(store.engine) as connection:
        (first, pid), (second, _) = connection.execute(now).one(), connection.execute(now).one()
    assert first < second
    with store.begin() as session:
        assert session.execute(now).one() == session.execute(now).one()
        assert session.scalar(text("SELECT pg_backend_pid()")) == pid


def test_no_turn_to_the_server_ends_what_goes_one_by_one(store, cluster):
    """Who asks is looked up like this before every request."""
    last = text("SELECT query FROM pg_stat_activity WHERE pid = :pid")
    with one_by_one(store.engine) as connection:
        pid = connection.scalar(text("SELECT pg_backend_pid() AS mine"))
    admin = make_engine(cluster.url("postgres", "postgres"), Settings(_env_file=None))
    with admin.connect() as watch:
        assert watch.scalar(last, {"pid": pid}) == "SELECT pg_backend_pid() AS mine"
    admin.dispose()


def test_a_connection_that_dies_while_it_goes_one_by_one_is_told_as_such(store, cluster):
    admin = make_engine(cluster.url("postgres", "postgres"), Settings(_env_file=None))

    def ask_after_its_end():
        with one_by_one(store.engine) as connection, admin.connect() as watch:
            pid = connection.scalar(text("SELECT pg_backend_pid()"))
            watch.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})
            connection.execute(text("SELECT 1"))

    with pytest.raises(StoreUnavailable):
        ask_after_its_end()
    with store.begin() as session:
        assert session.scalar(text("SELECT 1")) == 1
    admin.dispose()


def test_the_pool_replaces_connections_that_have_died(store, cluster):
    with store.begin() as session:
        first = session.scalar(text("SELECT pg_backend_pid()"))
    admin = make_engine(cluster.url("postgres", "postgres"), Settings(_env_file=None))
    with admin.connect() as connection:
        connection.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": first})
    admin.dispose()
    with store.begin() as session:
        assert session.scalar(text("SELECT pg_backend_pid()")) != first


def test_the_pool_replaces_connections_that_were_closed_on_our_side(store):
    with store.engine.connect() as one:
        driver = one.connection.dbapi_connection
    driver.close()
    with store.begin() as session:
        assert session.scalar(text("SELECT 1")) == 1


def test_a_connection_is_asked_whether_it_lives_after_a_rest_of_half_a_minute(store, cluster):
    asked = text("SELECT query_start FROM pg_stat_activity WHERE pid = :pid")
    admin = make_engine(cluster.url("postgres", "postgres"), Settings(_env_file=None))
    with store.engine.connect() as one:
        pid, known = one.connection.dbapi_connection.info.backend_pid, one.connection.info

    def last_asked(*, rested_s):
        known["rests_since_s"] -= rested_s
        with store.engine.connect() as same, admin.connect() as watch:
            assert same.connection.dbapi_connection.info.backend_pid == pid
            return watch.scalar(asked, {"pid": pid})

    first = last_asked(rested_s=0)
    assert last_asked(rested_s=29) == first
    assert last_asked(rested_s=31) > first
    admin.dispose()
