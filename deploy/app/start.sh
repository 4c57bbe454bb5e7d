#!/bin/sh
# Builds the store's URLs from the secrets, migrates, and hands over to the wangge command.
set -eu
encode() { python -c 'import sys, urllib.parse as u; print(u.quote(sys.stdin.read().strip(), safe=""))' <"$1"; }
base='@/wangge?host=/var/run/postgresql'
export WANGGE_DATABASE_URL="postgresql://wangge_app:$(encode /run/secrets/app_password)$base"
export WANGGE_OWNER_URL="postgresql://wangge_owner:$(encode /run/secrets/owner_password)$base"
wangge migrate
unset WANGGE_OWNER_URL
exec wangge "$@"
