"""Rules of the house that a machine can keep."""

import importlib
import importlib.metadata
import json
import re
from pathlib import Path

import pytest

import gis.errors
from api.errors import STATUS

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("gis", "api", "maps", "data")


def _sources() -> list[Path]:
    return [path for name in PACKAGES for path in sorted((ROOT / name).rglob("*.py"))]


def _subclasses(kind: type) -> set[type]:
    return {kind} | {found for sub in kind.__subclasses__() for found in _subclasses(sub)}


@pytest.mark.parametrize("name", PACKAGES)
def test_packages_are_ours(name):
    assert Path(importlib.import_module(name).__file__).is_relative_to(ROOT)


def test_no_other_distribution_brings_our_packages():
    owners = importlib.metadata.packages_distributions()
    assert {owner for name in PACKAGES for owner in owners.get(name, [])} <= {"wangge"}


def test_every_domain_error_has_a_status():
    for path in (path for path in _sources() if "migrations" not in path.parts):
        importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
    nearest = {kind: next((k for k in kind.__mro__ if k in STATUS), None)
               for kind in _subclasses(gis.errors.GisError) - {gis.errors.GisError}}  # fmt: skip
    assert [kind.__name__ for kind, found in nearest.items() if found is None] == []


@pytest.mark.parametrize("path", _sources(), ids=lambda p: str(p.relative_to(ROOT)))
def test_files_are_short_and_say_what_they_hold(path):
    text = path.read_text(encoding="utf-8")
    assert text.lstrip().startswith('"""'), "a module says in its docstring what belongs there"
    if "migrations" not in path.parts:
        assert text.count("\n") <= 300


def test_the_architecture_page_names_every_room():
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    rooms = [path for name in ("gis", "api") for path in (ROOT / name).iterdir()
             if path.suffix == ".py" or (path / "__init__.py").exists()]  # fmt: skip
    names = [path.relative_to(ROOT).as_posix() for path in rooms if path.stem != "__init__"]
    assert sorted(name for name in names if f"`{name}`" not in page) == []


def test_tests_have_no_init():
    assert list((ROOT / "tests").rglob("__init__.py")) == []


def test_sql_stays_in_queries_sql():
    bad = re.compile(r"""f["']{1,3}\s*(SELECT|INSERT|UPDATE|DELETE|WITH)\b""")
    assert [str(path) for path in _sources() if bad.search(path.read_text("utf-8"))] == []


def test_settings_are_read_late():
    late = re.compile(r"^\w+\s*=\s*Settings\(\)", re.MULTILINE)
    assert [str(path) for path in _sources() if late.search(path.read_text("utf-8"))] == []


def test_lock_files_name_no_registry():
    lock = json.loads((ROOT / "package-lock.json").read_text("utf-8"))
    assert [name for name, one in lock["packages"].items() if "resolved" in one] == []
    pins = "".join(path.read_text("utf-8") for path in sorted(ROOT.glob("constraints*.txt")))
    assert not re.search(r"https?://|--index-url|--find-links|file:", pins)
