"""What the walk through the product says to press is what the pages say."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GAP = r"(?:\{\w+\}|…|2026Q3)"  # what a page fills in, and how the text shows it


def labels(at):
    """Every word of the pages in one language, gaps alike."""
    found = set()
    for file in (ROOT / "api/web/words").glob("*.toml"):
        for both in tomllib.loads(file.read_text("utf-8")).values():
            found.add(re.sub(GAP, "…", both[at]))
    return found


@pytest.mark.parametrize(
    ("name", "quoted", "at"),
    [("walkthrough.zh-CN.md", r"“([^”]+)”", 0), ("walkthrough.md", r'"([^"]+)"', 1)],
)
def test_every_label_of_the_walk_is_on_a_page(name, quoted, at):
    text = (ROOT / "docs" / name).read_text("utf-8")
    said = re.findall(rf"{quoted}|\*\*([^*]+)\*\*", text)
    wanted = {re.sub(GAP, "…", one or other) for one, other in said}
    assert len(wanted) > 20
    assert wanted - labels(at) <= {"English"}  # the switch names the other language
