"""The containers keep to the rules of docs/deployment.md, and settings may come from files."""

import re
import stat
import subprocess
from pathlib import Path

import pytest
import yaml

from api.uploads.uploading import FORM_BYTES
from gis.settings import Settings

ROOT = Path(__file__).parents[2]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
SERVICES = COMPOSE["services"]


@pytest.mark.parametrize("name", SERVICES)
def test_a_container_may_nothing_that_it_need_not(name):
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not {"privileged", "cap_add", "user", "devices", "pid", "ipc"} & service.keys()
    assert all(not volume.startswith(("/", ".")) for volume in service.get("volumes", []))


def test_nothing_but_443_is_open():
    assert {n: s["ports"] for n, s in SERVICES.items() if "ports" in s} == {"proxy": ["443:443"]}
    outside = {name for name, one in COMPOSE["networks"].items() if not (one or {}).get("internal")}
    assert outside == {"outside"}
    assert [n for n, s in SERVICES.items() if outside & set(s.get("networks", ()))] == ["proxy"]
    assert all("networks" in s or s["network_mode"] == "none" for s in SERVICES.values())


def test_a_sign_on_service_outside_opens_a_way_out_for_the_app_and_none_in():
    more = yaml.safe_load((ROOT / "deploy" / "outside-sign-on.yml").read_text("utf-8"))
    assert more == {
        "services": {"app": {"networks": ["inside", "way_out"]}}, "networks": {"way_out": {}}
    }  # fmt: skip


def test_the_service_never_sees_the_owners_password():
    holders = [name for name, s in SERVICES.items() if "owner_url" in s.get("secrets", [])]
    assert holders == ["migrate"]


@pytest.mark.parametrize("name", [n for n in SERVICES if n != "migrate"])
def test_what_runs_for_long_says_whether_it_is_healthy(name):
    assert SERVICES[name]["healthcheck"]["test"][0] == "CMD"


@pytest.mark.parametrize(("server", "answers", "healthy"), [
    ("1", True, True), ("1", False, False),
    ("47", True, False),  # the one that the image starts to make a new database
    (None, True, False),
])  # fmt: skip
def test_a_database_that_is_still_being_made_is_not_healthy(tmp_path, server, answers, healthy):
    """Else the migration would come before the roles and their passwords, and all would end."""
    program = tmp_path / "pg_isready"
    program.write_text(f"#!/bin/sh\nexit {0 if answers else 2}\n")
    program.chmod(0o755)
    if server is not None:
        (tmp_path / "postmaster.pid").write_text(f"{server}\n/var/lib/postgresql/data\n")
    first, *words = SERVICES["database"]["healthcheck"]["test"]
    assert first == "CMD"
    asked = [word.replace("$$", "$") for word in words]
    around = {"PGDATA": str(tmp_path), "PATH": f"{tmp_path}:/usr/bin:/bin"}
    done = subprocess.run(asked, env=around, check=False, capture_output=True)
    assert (done.returncode == 0) is healthy


@pytest.mark.parametrize(
    "file", sorted(ROOT.glob("deploy/*/Dockerfile")), ids=lambda f: f.parts[-2]
)
def test_an_image_ends_as_an_ordinary_user(file):
    users = re.findall(r"^USER (\d+)$", file.read_text("utf-8"), re.MULTILINE)
    assert users
    assert int(users[-1]) >= 999


def test_every_file_that_an_image_copies_is_there():
    for file in ROOT.glob("deploy/*/Dockerfile"):
        for source in re.findall(r"^COPY (?!--from)(?:--\S+ )?(.+) \S+$", file.read_text(), re.M):
            assert all((ROOT / one).exists() for one in source.split()), (file, source)


def test_the_proxy_lets_through_the_largest_file_that_the_service_takes():
    (told,) = re.findall(r"max_size (\d+)MiB", (ROOT / "deploy/proxy/Caddyfile").read_text("utf-8"))
    assert int(told) << 20 >= Settings(_env_file=None).upload_max_bytes + FORM_BYTES


def test_secrets_are_made_once_and_stay(tmp_path):
    folder = tmp_path / "secrets"
    for _ in range(2):
        subprocess.run([ROOT / "deploy" / "secrets.sh", folder], check=True)
        made = {file.name: file.read_text() for file in folder.iterdir()}
    subprocess.run([ROOT / "deploy" / "secrets.sh", folder], check=True)
    assert {file.name: file.read_text() for file in folder.iterdir()} == made
    assert made.keys() == COMPOSE["secrets"].keys()
    assert len(set(made.values())) == len(made)
    assert made["app_password"] in made["database_url"]
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_setting_may_come_from_a_file(tmp_path, monkeypatch):
    secret, hosts = tmp_path / "url", tmp_path / "hosts"
    secret.write_text("postgresql://wangge_app:x@/wangge\n")
    hosts.write_text('["grid.example.lan"]')
    monkeypatch.setenv("WANGGE_DATABASE_URL_FILE", str(secret))
    monkeypatch.setenv("WANGGE_ALLOWED_HOSTS_FILE", str(hosts))
    found = Settings(_env_file=None)
    assert found.database_url == "postgresql://wangge_app:x@/wangge"
    assert found.allowed_hosts == ("grid.example.lan",)
    monkeypatch.setenv("WANGGE_DATABASE_URL", "postgresql://wangge_app:y@/wangge")
    assert ":y@" in (Settings(_env_file=None).database_url or "")


def test_a_file_that_is_not_there_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("WANGGE_OWNER_URL_FILE", str(tmp_path / "none"))
    with pytest.raises(OSError, match="none"):
        Settings(_env_file=None)


@pytest.mark.parametrize("readme", ["README.md", "README.zh-CN.md"])
def test_the_readmes_name_every_setting(readme):
    text = (ROOT / readme).read_text("utf-8")
    table = "\n".join(line for line in text.splitlines() if line.startswith("| `WANGGE_"))
    named = set(re.findall(r"`WANGGE_([A-Z_]+)`", table))
    assert named == {name.upper() for name in Settings.model_fields}
