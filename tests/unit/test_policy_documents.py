"""Source documents have a title in both languages, or the policy file is refused."""

from importlib.resources import files
from pathlib import Path

import pytest

from gis import policy
from gis.errors import BadPolicy
from maps import words

BUILTIN = Path(str(files("data.reference") / "policy.toml"))


def test_every_source_names_a_document_or_says_its_own_title():
    documents = policy.load(BUILTIN).documents
    assert set(documents) == {"S0", "S1", "S2", "S3", "S4", "L1", "L2", "M"}
    assert documents["S1"].zh == "云南省《关于加强和完善城乡社区治理的实施意见》"


@pytest.mark.parametrize(
    "title", ['"《意见》"', '{ zh = "《意见》" }', '{ zh = "", en = "x" }', "7"]
)
def test_a_title_in_one_language_is_refused_with_its_line(tmp_path, title):
    text = BUILTIN.read_text("utf-8")
    line = next(n for n, one in enumerate(text.splitlines(), 1) if one.startswith("S4 = "))
    lines = text.splitlines()
    lines[line - 1] = f"S4 = {title}"
    broken = tmp_path / "policy.toml"
    broken.write_text("\n".join(lines), "utf-8")
    with pytest.raises(BadPolicy, match=rf"line {line}: documents\.S4"):
        policy.load(broken)


def test_articles_are_called_by_what_they_ask():
    """Order 799: art. 13 asks for a sign, 14 for filing, 17 for days of retention."""
    assert [words.RULES[f"LAW-799-{article}"][1] for article in (13, 14, 17)] == [
        "Sign", "Filing", "Days of retention",
    ]  # fmt: skip
