"""Tables of the documentation: every rule of the policy, with files and tests that are there."""

import re
from pathlib import Path

from gis import policy

ROOT = Path(__file__).parents[2]
TABLE = (ROOT / "docs" / "requirements.md").read_text("utf-8")


def test_every_rule_of_the_policy_is_in_the_table():
    rules = {rule for rule, _ in policy.load(ROOT / "data" / "reference" / "policy.toml").terms}
    told = {
        name.strip()
        for row in re.findall(r"^\| ([A-Z][^|]*) \|", TABLE, re.MULTILINE)
        for name in row.split(",")
    }
    assert rules - told == set()


def test_what_the_table_names_is_there():
    paths = re.findall(r"`([a-z/_.-]+/[a-z_.-]+\.(?:py|md|toml))`", TABLE)
    assert len(paths) > 70
    assert [path for path in paths if not (ROOT / path).is_file()] == []


def test_every_check_value_names_the_test_that_holds_it():
    told = (ROOT / "docs" / "methods.md").read_text("utf-8").partition("## Check values")[2]
    held = re.findall(r"`(tests/[a-z0-9_/]+\.py)::(test_[a-z0-9_]+)`", told)
    assert len(held) >= told.count("\n| ") - 1
    for path, name in held:
        assert f"def {name}(" in (ROOT / path).read_text("utf-8"), name
