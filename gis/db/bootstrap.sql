-- Roles, extensions and rights of a store. A superuser runs it once in the store's database;
-- running it again changes nothing. The private cluster does so by itself; on a server of your own:
--
--   createdb --encoding=UTF8 --template=template0 wangge
--   psql --dbname=wangge --single-transaction --file=bootstrap.sql
--   psql --dbname=wangge --command='\password wangge_owner' --command='\password wangge_app'

-- Roles are shared by all databases of a server, so two stores may create them at the same moment.
DO $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('wangge bootstrap'));
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'wangge_owner') THEN
        CREATE ROLE wangge_owner LOGIN;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'wangge_app') THEN
        CREATE ROLE wangge_app LOGIN;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'wangge_reader') THEN
        CREATE ROLE wangge_reader NOLOGIN;
    END IF;
    EXECUTE format('ALTER DATABASE %I OWNER TO wangge_owner', current_database());
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format('GRANT CONNECT, TEMPORARY ON DATABASE %I TO wangge_app', current_database());
END
$$;

ALTER ROLE wangge_owner NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION;
ALTER ROLE wangge_app NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION;

-- Row rights bind the owner too. What must see every row belongs to a role that nobody logs in as:
-- backups take it on by SET ROLE, and functions that check the rights themselves (tiles, counts)
-- run as it. It may only read, and set the grid that a record lies in.
ALTER ROLE wangge_reader NOLOGIN NOSUPERUSER BYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION;
GRANT wangge_reader TO wangge_owner;

CREATE EXTENSION IF NOT EXISTS postgis SCHEMA public;
CREATE EXTENSION IF NOT EXISTS btree_gist SCHEMA public;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;

CREATE SCHEMA IF NOT EXISTS wangge AUTHORIZATION wangge_owner;
GRANT USAGE ON SCHEMA wangge TO wangge_app;
GRANT USAGE, CREATE ON SCHEMA wangge TO wangge_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA wangge TO wangge_reader;
GRANT SELECT ON ALL SEQUENCES IN SCHEMA wangge TO wangge_reader;

-- What a migration creates is nobody's until it says otherwise: gis.db.rights.protect() opens a table
-- together with its row rights, a function is granted by name. So a restore, which makes everything
-- anew, opens no more than there was.
ALTER DEFAULT PRIVILEGES FOR ROLE wangge_owner REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE wangge_owner IN SCHEMA wangge
REVOKE EXECUTE ON FUNCTIONS FROM wangge_app;
ALTER DEFAULT PRIVILEGES FOR ROLE wangge_owner IN SCHEMA wangge
REVOKE ALL ON TABLES FROM wangge_app;
ALTER DEFAULT PRIVILEGES FOR ROLE wangge_owner IN SCHEMA wangge
GRANT SELECT ON TABLES TO wangge_reader;
ALTER DEFAULT PRIVILEGES FOR ROLE wangge_owner IN SCHEMA wangge
GRANT SELECT ON SEQUENCES TO wangge_reader;

-- Functions that could change who one is, run a text as a statement, stop or watch other sessions,
-- wait, keep data outside the tables, or tell of rows that one may not see. An expression in a
-- filter must not reach them.
DO $$
DECLARE
    one regprocedure;
BEGIN
    FOR one IN
        SELECT oid FROM pg_proc
        WHERE pronamespace IN ('pg_catalog'::regnamespace, 'public'::regnamespace) AND (
            proname IN (
                'set_config', 'pg_sleep', 'pg_sleep_for', 'pg_sleep_until', 'ts_stat',
                'pg_cancel_backend', 'pg_terminate_backend', 'pg_stat_get_activity',
                'pg_stat_get_backend_activity', 'pg_logical_emit_message', 'pg_export_snapshot',
                'loread', 'lowrite', 'st_estimatedextent', 'st_findextent', '_postgis_stats',
                '_postgis_selectivity', '_postgis_join_selectivity', '_postgis_index_extent'
            )
            OR proname ~ '^(cursor|database|query|schema|table)_to_xml'
            OR proname ~ '^(dblink|lo_|pg_(read|ls|stat|create|drop|replication|logical)_(file|dir|slot))'
            OR oid = 'ts_rewrite(tsquery, text)'::regprocedure
        )
    LOOP
        EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC, wangge_app', one);
    END LOOP;
END
$$;
GRANT EXECUTE ON FUNCTION set_config(text, text, boolean) TO wangge_owner, wangge_reader;
-- A backup is dumped and counted in one and the same snapshot.
GRANT EXECUTE ON FUNCTION pg_export_snapshot() TO wangge_owner, wangge_reader;
