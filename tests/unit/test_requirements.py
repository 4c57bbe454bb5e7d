"""The table of rules names every rule of the policy, and files that are there."""

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
