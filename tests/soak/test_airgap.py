"""The bundle of `make bundle` installs and works in a network namespace without any route."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
UNREACHABLE = """
import socket
try:
    socket.create_connection(("192.0.2.1", 443), timeout=2)
except OSError as error:
    assert error.errno == 101, error  # network is unreachable
else:
    raise SystemExit("there is a way out")
"""


def alone(*command, **environment):
    """Run in a network namespace of its own: no interface but a loopback that is down."""
    kept = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", **environment}
    return subprocess.run(
        ["unshare", "--net", *command], env=kept, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bundle") / "bundle"
    environment = {**os.environ, "DEBS": "no"}  # this machine has the packages
    subprocess.run([ROOT / "scripts" / "bundle.sh", folder], env=environment, check=True)
    return folder


@pytest.mark.timeout(900)
def test_the_bundle_alone_installs_and_the_demo_runs(bundle, run_directory):
    assert alone("python3", "-c", UNREACHABLE).returncode == 0
    target, home = run_directory / "airgap", run_directory / "airgap-home"
    installed = alone("bash", str(bundle / "install.sh"), str(target))
    assert installed.returncode == 0, installed.stderr
    demo = alone(
        str(target / ".venv" / "bin" / "wangge"), "demo", "--size", "small",
        "--out", str(target / "out"), WANGGE_HOME=str(home),
    )  # fmt: skip
    try:
        assert demo.returncode == 0, demo.stderr
        summary = json.loads((target / "out" / "summary.json").read_text("utf-8"))
        assert summary["counts"]["dwellings"] > 1_000
        assert all((target / "out" / path).exists() for path in summary["maps"])
    finally:
        alone(str(target / ".venv" / "bin" / "wangge"), "down", WANGGE_HOME=str(home))
        shutil.rmtree(target)


def test_a_changed_file_stops_the_installation(bundle, tmp_path):
    broken = tmp_path / "bundle"
    shutil.copytree(bundle, broken)
    wheel = next((broken / "wheels").iterdir())
    wheel.write_bytes(wheel.read_bytes() + b"x")
    refused = alone("bash", str(broken / "install.sh"), str(tmp_path / "target"))
    assert refused.returncode != 0
    assert wheel.name in refused.stdout + refused.stderr
    assert not (tmp_path / "target").exists()
