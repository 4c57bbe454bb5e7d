-- Looks at a server that the settings name, before it is used.

-- name: role_and_extensions
-- One row: what the connected role may do, and what the database has.
SELECT current_user AS role, rolsuper, rolbypassrls, rolcreaterole,
       EXISTS (SELECT FROM pg_extension WHERE extname = 'postgis') AS has_postgis,
       EXISTS (SELECT FROM pg_extension WHERE extname = 'btree_gist') AS has_btree_gist,
       to_regnamespace('wangge') IS NOT NULL AS has_schema,
       EXISTS (SELECT FROM pg_namespace
               WHERE nspname = 'wangge' AND pg_has_role(nspowner, 'MEMBER'))
       OR EXISTS (SELECT FROM pg_class
                  WHERE relnamespace = to_regnamespace('wangge')
                        AND pg_has_role(relowner, 'MEMBER'))
       OR EXISTS (SELECT FROM pg_database
                  WHERE datname = current_database() AND pg_has_role(datdba, 'MEMBER')) AS is_owner
FROM pg_roles
WHERE rolname = current_user;
