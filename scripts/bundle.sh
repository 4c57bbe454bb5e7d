#!/usr/bin/env bash
# Gathers all that an installation without any network needs into one folder: wheels held to their
# hashes, browser libraries, Debian packages, the source at HEAD, and install.sh.
# Usage: scripts/bundle.sh FOLDER    (DEBS=no: the list of Debian packages without the files)
set -euo pipefail
cd "$(dirname "$0")/.."
folder=$(realpath -m "${1:-out/bundle}")
venv=${VENV:-.venv}
packages=(postgresql-postgis postgresql-client fontconfig fonts-noto-cjk python3 python3-venv)

say() { printf '\033[1m[bundle]\033[0m %s\n' "$*" >&2; }

rm -rf "$folder"
mkdir -p "$folder/wheels" "$folder/debs"

say "source at $(git rev-parse --short HEAD)"
git archive --format=tar.gz --output="$folder/source.tar.gz" HEAD
git rev-parse HEAD >"$folder/COMMIT"

say "wheels"
{ echo "setuptools>=77"; "$venv/bin/python" -c '
import sys, tomllib
with open("pyproject.toml", "rb") as file:
    print(*tomllib.load(file)["project"]["dependencies"], sep="\n")'
} | "$venv/bin/uv" pip compile - --constraint constraints.txt --generate-hashes --no-emit-index-url \
  --no-header --quiet --python "$venv/bin/python" -o "$folder/requirements.txt"
"$venv/bin/python" -m pip download --quiet --disable-pip-version-check --require-hashes --only-binary :all: \
  --dest "$folder/wheels" -r "$folder/requirements.txt"

say "browser libraries"
tar --create --gzip --file "$folder/browser.tar.gz" node_modules

# An empty list of installed packages, so that all that a bare Debian of this release needs is named.
say "Debian packages"
apt=(apt-get -qq -y -o Dir::State::status=/dev/null -o APT::Install-Recommends=0)
"${apt[@]}" --print-uris install "${packages[@]}" >"$folder/debian-packages.txt"
if [ "${DEBS:-yes}" = yes ]; then
  mkdir -p "$folder/debs/partial"
  "${apt[@]}" -o Dir::Cache::archives="$folder/debs" -o APT::Sandbox::User=root --download-only install "${packages[@]}" >/dev/null
  rm -rf "$folder/debs/partial" "$folder/debs/lock"
fi

cp scripts/install.sh "$folder/install.sh"
(cd "$folder" && find . -type f ! -name SHA256SUMS -print0 | sort -z | xargs -0 sha256sum >SHA256SUMS)
say "$folder: $(du -sh "$folder" | cut -f1)"
