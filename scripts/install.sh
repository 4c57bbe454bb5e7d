#!/usr/bin/env bash
# Installs from the bundle that it lies in, without any network: checks every file, installs the
# Debian packages that are missing, then the software into FOLDER.
# Usage: ./install.sh FOLDER
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
folder=${1:?"usage: install.sh FOLDER"}

say() { printf '\033[1m[install]\033[0m %s\n' "$*" >&2; }

say "checking the bundle"
(cd "$here" && sha256sum --check --quiet --strict SHA256SUMS)

needed=()
for package in postgresql-postgis fontconfig fonts-noto-cjk python3-venv; do
  dpkg-query --show --showformat='${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed || needed+=("$package")
done
if [ ${#needed[@]} -gt 0 ]; then
  say "Debian packages: ${needed[*]}"
  files=()
  for file in "$here"/debs/*.deb; do
    [ -e "$file" ] || { say "they are not in this bundle; install them and come back"; exit 1; }
    name=$(dpkg-deb --field "$file" Package)
    dpkg-query --show --showformat='${db:Status-Status}\n' "$name" 2>/dev/null | grep -qx installed || files+=("$file")
  done
  [ "$(id -u)" = 0 ] || { say "run this as an administrator: ${needed[*]} are missing"; exit 1; }
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-download --no-install-recommends "${files[@]}"
fi

say "software in $folder"
mkdir -p "$folder"
tar --extract --gzip --file "$here/source.tar.gz" --directory "$folder"
tar --extract --gzip --file "$here/browser.tar.gz" --directory "$folder"
python3 -m venv "$folder/.venv"
pip=("$folder/.venv/bin/python" -m pip --quiet --disable-pip-version-check install --no-index)
"${pip[@]}" --find-links "$here/wheels" --require-hashes -r "$here/requirements.txt"
"${pip[@]}" --no-deps --no-build-isolation --editable "$folder"
(cd "$folder" && .venv/bin/python -m compileall -q gis api maps data)  # who serves may not write here
say "done: $folder/.venv/bin/wangge"
