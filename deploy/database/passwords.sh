#!/bin/bash
# Gives the two roles their passwords from the secrets; runs once, when the database is made.
set -eu
for role in owner app; do
  psql --dbname="$POSTGRES_DB" --username="$POSTGRES_USER" --set=ON_ERROR_STOP=1 --quiet \
    --set=role="wangge_$role" --set=password="$(cat "/run/secrets/${role}_password")" <<'SQL'
ALTER ROLE :"role" PASSWORD :'password';
SQL
done
