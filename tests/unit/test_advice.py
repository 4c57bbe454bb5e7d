"""Which advice a plaque gives."""

from pathlib import Path

import pytest

from gis.errors import BadInput
from gis.publication import advice
from gis.safety.model import Category

BUILTIN = Path(__file__).parents[2] / "data" / "reference" / "advice.toml"


@pytest.fixture(scope="module")
def words():
    return advice.load(BUILTIN)


def test_every_kind_but_the_unspeakable_has_a_sentence(words):
    assert {one.value for one in Category} - set(words.kinds) == {"homicide", "other"}


def test_the_main_kinds_come_first_and_the_colour_last(words):
    found = words.sentences("red", ["other", "burglary", "fire", "theft", "noise"])
    assert found == (
        words.kinds["burglary"]["zh"], words.kinds["fire"]["zh"], words.kinds["theft"]["zh"],
        words.colours["red"]["zh"],
    )  # fmt: skip


def test_a_green_plaque_praises_and_warns_of_nothing(words):
    assert words.sentences("green", ["theft"]) == (words.colours["green"]["zh"],)
    assert "thanks" in words.sentences("green", [], language="en")[0]


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ("[kinds]\nsmoking = { zh = 'x', en = 'y' }", "smoking"),
        ("[colours]\nred = { zh = 'x', en = 'y' }", "no sentence for"),
        ("nonsense", "advice.toml"),
    ],
)
def test_a_broken_file_says_what_is_wrong(tmp_path, broken, reason):
    path = tmp_path / "advice.toml"
    path.write_text(broken, "utf-8")
    with pytest.raises(BadInput, match=reason):
        advice.load(path)


def test_one_language_is_not_enough(tmp_path):
    path = tmp_path / "advice.toml"
    lines = BUILTIN.read_text("utf-8").splitlines()
    at = next(n for n, line in enumerate(lines) if line.startswith("traffic"))
    lines[at] = 'traffic = { zh = "慢行" }'
    path.write_text("\n".join(lines), "utf-8")
    with pytest.raises(BadInput, match="traffic"):
        advice.load(path)
