"""The proxy of docker-compose.yml in front of the service, without containers: Debian's Caddy with
the very Caddyfile, and `wangge migrate` and `wangge serve` with their secrets in files.
"""

import os
import shutil
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from gis.audit import store as trail

ROOT = Path(__file__).parents[2]
SITE = "grid.example.lan"
WANGGE = str(Path(sys.executable).with_name("wangge"))


@contextmanager
def process(*command, **environment):
    with subprocess.Popen(command, env={**os.environ, **environment}, cwd=ROOT) as running:
        try:
            yield running
        finally:
            running.terminate()


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return listening.getsockname()[1]


@pytest.fixture
def visit(store, home, tmp_path):
    """``visit(path, *options)`` is curl through the proxy with the CA's certificate."""
    if shutil.which("caddy") is None:
        pytest.skip("no Caddy here: apt-get install --no-install-recommends caddy")
    https, plain, health = free_port(), free_port(), free_port()
    for name, url in (("DATABASE_URL", store.urls.app), ("OWNER_URL", store.urls.owner)):
        (tmp_path / name).write_text(url)
    secrets = {"WANGGE_HOME": str(home), "WANGGE_DATABASE_URL_FILE": str(tmp_path / "DATABASE_URL")}
    owner = {**secrets, "WANGGE_OWNER_URL_FILE": str(tmp_path / "OWNER_URL")}
    subprocess.run([WANGGE, "migrate"], env={**os.environ, **owner}, cwd=ROOT, check=True)
    service = {
        **secrets, "WANGGE_PORT": str(plain), "WANGGE_PUBLIC_URL": f"https://{SITE}",
        "WANGGE_ALLOWED_HOSTS": f'["{SITE}"]', "FORWARDED_ALLOW_IPS": "127.0.0.1",
    }  # fmt: skip
    proxy = {
        "WANGGE_SITE": SITE, "WANGGE_HTTPS_PORT": str(https), "WANGGE_CA": str(tmp_path / "ca"),
        "WANGGE_APP": f"127.0.0.1:{plain}", "WANGGE_HEALTH_PORT": str(health),
        "HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path),
    }  # fmt: skip
    caddy = ("caddy", "run", "--config", "deploy/proxy/Caddyfile", "--adapter", "caddyfile")
    root = tmp_path / "ca" / "pki" / "authorities" / "local" / "root.crt"

    def curl(path, *options, ca=root, scheme="https"):
        known = ["--resolve", f"{SITE}:{https}:127.0.0.1", "--cacert", str(ca), "--max-time", "20"]
        url = f"{scheme}://{SITE}:{https}{path}"
        command = ["curl", "--silent", "--show-error", "--include", *known, *options, url]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    with process(WANGGE, "serve", **service), process(*caddy, **proxy):
        end_s = time.monotonic() + 60
        while "200" not in curl("/livez").stdout[:20] and time.monotonic() < end_s:
            time.sleep(0.2)
        yield curl


def test_people_reach_the_service_by_tls_alone(visit, store):
    alive = visit("/livez")
    assert alive.returncode == 0, alive.stderr
    head, _, body = alive.stdout.partition("\n\n")
    assert head.startswith("HTTP/2 200")
    assert "strict-transport-security: max-age=31536000" in head
    assert "x-content-type-options: nosniff" in head
    assert "ok" in body
    assert "200" in visit("/readyz").stdout[:20]
    assert "404" in visit("/metrics").stdout[:20]
    _, _, foreign = visit("/livez", "--header", "Host: other.example").stdout.partition("\n\n")
    assert foreign == ""  # not a site of this proxy

    assert visit("/livez", ca="/etc/ssl/certs/ca-certificates.crt").returncode == 60  # unknown CA
    assert "HTTP/1.0 400" in visit("/livez", scheme="http").stdout

    claimed = ("--interface", "127.0.0.2", "--header", "X-Forwarded-For: 203.0.113.9")
    wrong = ("--json", '{"login": "sysadmin", "password": "no such word"}')
    assert "401" in visit("/api/v1/auth/sign-in", *claimed, *wrong).stdout[:20]
    with store.begin() as session:
        (line,) = trail.page(session, trail.Asked(event="sign_in"), limit=10)
    assert (line["address"], line["result"]) == ("127.0.0.2", "refused")
