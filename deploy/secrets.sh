#!/bin/sh
# Makes the secrets that docker-compose.yml hands to the containers; those that exist stay.
# Usage: deploy/secrets.sh [FOLDER]    (default: deploy/secrets)
set -eu
folder=${1:-"$(dirname "$0")/secrets"}
umask 077
mkdir -p "$folder"
cd "$folder"
for name in superuser_password owner_password app_password oidc_client_secret keycloak_admin; do
  [ -s "$name" ] || head -c 24 /dev/urandom | od -An -v -tx1 | tr -d ' \n' >"$name"
done
at='@/wangge?host=/var/run/postgresql'
printf 'postgresql://wangge_app:%s%s' "$(cat app_password)" "$at" >database_url
printf 'postgresql://wangge_owner:%s%s' "$(cat owner_password)" "$at" >owner_url
chmod 444 ./*  # the folder is closed; the containers' accounts must read the files
