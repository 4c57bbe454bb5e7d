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
-- run as it. It may only read.
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

-- What a migration creates is at once usable by the application, and by nobody else.
ALTER DEFAULT PRIVILEGES FOR ROLE wangge_owner IN SCHEMA wangge
GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO wangge_app;
ALTER DEFAULT PRIVILEGES FOR ROLE wangge_owner IN SCHEMA wangge
GRANT USAGE, SELECT ON SEQUENCES TO wangge_app;
ALTER DEFAULT PRIVILEGES FOR ROLE wangge_owner IN SCHEMA wangge
GRANT SELECT ON TABLES TO wangge_reader;
ALTER DEFAULT PRIVILEGES FOR ROLE wangge_owner IN SCHEMA wangge
GRANT SELECT ON SEQUENCES TO wangge_reader;
ALTER DEFAULT PRIVILEGES FOR ROLE wangge_owner REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE wangge_owner IN SCHEMA wangge
GRANT EXECUTE ON FUNCTIONS TO wangge_app;
