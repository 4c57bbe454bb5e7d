"""Rules of the house that a machine can keep."""

import ast
import doctest
import importlib
import importlib.metadata
import json
import re
import tomllib
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
    rooms = [path for name in PACKAGES for path in (ROOT / name).iterdir()
             if path.suffix == ".py" or (path / "__init__.py").exists()]  # fmt: skip
    names = [path.relative_to(ROOT).as_posix() for path in rooms if path.stem != "__init__"]
    assert sorted(name for name in names if f"`{name}`" not in page) == []


@pytest.mark.parametrize("path", [path for path in _sources() if ">>> " in path.read_text("utf-8")],
                         ids=lambda p: str(p.relative_to(ROOT)))  # fmt: skip
def test_examples_in_docstrings_answer_as_they_say(path):
    module = importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
    found = doctest.testmod(module, raise_on_error=False)
    assert (found.attempted > 0, found.failed) == (True, 0)


def test_tests_have_no_init():
    assert list((ROOT / "tests").rglob("__init__.py")) == []


SQL = re.compile(
    r"\s*(SELECT\s|INSERT INTO|UPDATE \w|DELETE FROM|WITH \w+ AS|CREATE [A-Z]|DROP [A-Z]"
    r"|ALTER [A-Z]|COPY |GRANT |REVOKE |SET LOCAL|ANALYZE |DO \$|TRUNCATE )"
)
HELD_ELSEWHERE = {  # statements outside of queries.sql, and why they are
    "api/worker_name.py": "of the queue's own table, through its library's connection",
    "data/ingest/staging.py": "a temporary table whose name and columns are those of the file",
    "data/export/pgsql.py": "what an office's own database is told, in a file",
    "gis/db/backup.py": "the owner's, through the bare driver",
    "gis/db/bulk.py": "COPY round a statement of a queries.sql",
    "gis/db/cluster/birth.py": "the superuser's, before there is a store",
    "gis/db/columns.py": "makes views and functions in migrations",
    "gis/db/contents.py": "of every table, by its name and columns",
    "gis/db/engine.py": "whether a connection lives, through the bare driver",
    "gis/db/rights.py": "makes policies in migrations",
    "gis/db/tile_functions.py": "makes functions in migrations",
    "gis/ogc/store.py": "a setting, no question",
    "gis/runs/append.py": "a temporary table whose name and columns are those of the results",
}


def test_sql_stays_in_queries_sql():
    found = {
        path.relative_to(ROOT).as_posix()
        for path in _sources()
        if "migrations" not in path.parts and any(map(SQL.match, _texts(path)))
    }
    assert found == set(HELD_ELSEWHERE)


ASKED_ELSEWHERE = {  # statements made or named outside of a store.py, and why they are
    "data/ingest/checks.py": "about a staged table whose columns are those of the file",
    "data/ingest/merge.py": "from that table into the one of the kind",
    "data/ingest/staging.py": "makes that table",
    "data/ingest/undo.py": "about the table of the kind, column by column",
    "gis/ogc/filters.py": "compiles the filter that a request brings",
    "gis/ogc/operators.py": "the functions that it chooses from",
}
MAKES_STATEMENTS = {"delete", "func", "insert", "literal_column", "select", "text", "update"}


def test_questions_are_asked_in_stores_alone():
    found = {
        path.relative_to(ROOT).as_posix()
        for path in _sources()
        if path.name not in {"store.py", "model.py"} and _asks(path)
    }
    assert {path for path in found if not path.startswith("gis/db/")} == set(ASKED_ELSEWHERE)


def _asks(path: Path) -> bool:
    """Whether a module makes statements of its own or runs those of a queries.sql."""
    for one in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(one, ast.ImportFrom):
            names, origin = {alias.name for alias in one.names}, str(one.module)
            if origin.split(".", maxsplit=1)[0] == "sqlalchemy" and names & MAKES_STATEMENTS:
                return True
            if origin == "gis.db.sql" or (origin == "gis.db" and "sql" in names):
                return True
    return False


def _texts(path: Path) -> list[str]:
    """Every string of a module but its docstrings; of an f-string the parts that are written."""
    tree = ast.parse(path.read_text("utf-8"))
    bare = {id(one.value) for one in ast.walk(tree) if isinstance(one, ast.Expr)}
    return [
        one.value
        for one in ast.walk(tree)
        if isinstance(one, ast.Constant) and isinstance(one.value, str) and id(one) not in bare
    ]


def test_the_order_inside_a_capability_is_held_in_every_one():
    rules = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]
    held = next(one for one in rules["contracts"] if one["name"].startswith("inside"))
    parts = {"service.py", "store.py", "analysis.py", "model.py"}
    folders = {path.parent for path in (ROOT / "gis").rglob("*.py") if path.name in parts}
    names = {
        ".".join(folder.relative_to(ROOT).parts)
        for folder in folders
        if sum((folder / part).exists() for part in parts) > 1
    }
    assert set(held["containers"]) == names


def test_migrations_follow_each_other_by_number():
    folder = ROOT / "gis" / "db" / "migrations" / "versions"
    files = sorted(folder.glob("[0-9]*.py"))
    after = re.compile(r'^down_revision = (?:"(\d{4})"|None)$', re.MULTILINE)
    said = [after.search(path.read_text("utf-8"))[1] for path in files]
    assert said == [None, *(path.name[:4] for path in files[:-1])]


def test_settings_are_read_late():
    late = re.compile(r"^\w+\s*=\s*Settings\(\)", re.MULTILINE)
    assert [str(path) for path in _sources() if late.search(path.read_text("utf-8"))] == []


def test_lock_files_name_no_registry():
    lock = json.loads((ROOT / "package-lock.json").read_text("utf-8"))
    assert [name for name, one in lock["packages"].items() if "resolved" in one] == []
    pins = "".join(path.read_text("utf-8") for path in sorted(ROOT.glob("constraints*.txt")))
    assert not re.search(r"https?://|--index-url|--find-links|file:", pins)
