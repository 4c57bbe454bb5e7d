"""The simulation: its figures are those of the documentation, its errors are counted rightly."""

import re
from pathlib import Path

import numpy as np
import pytest
from rating_simulation import World, _errors, built_in_rules, compare

from gis.safety.rules import GREEN, RED, YELLOW

RULES = built_in_rules()
PAGE = Path(__file__).parents[2] / "docs" / "methods" / "safety.md"


def test_the_page_shows_what_the_call_gives():
    found = compare(RULES, rng=np.random.default_rng(1))
    rows = re.findall(
        r"^\| (raw rate|percentile|SAF-1[^|]*?) \|([\d. |]+)\|$", PAGE.read_text(), re.M
    )
    shown = {name: [float(cell) for cell in cells.split("|")] for name, cells in rows}
    assert set(shown) == set(found.index)
    columns = ["flips_per_year", "changes_per_year", "red_right", "red_found", "missed"]
    for name, cells in shown.items():
        assert cells[:5] == pytest.approx(found.loc[name, columns].tolist(), abs=0.006)


def test_the_same_seed_gives_the_same_district():
    world = World(compounds=200, years=4)
    first, second = (compare(RULES, rng=np.random.default_rng(7), world=world) for _ in range(2))
    assert first.equals(second)


def test_errors_by_hand():
    # three compounds over five quarters; only the first is truly high
    shown = np.array([[RED] * 4 + [YELLOW], [GREEN] * 5, [RED] * 5])
    high = np.array([[True] * 5, [False] * 5, [False] * 5])
    found = _errors(shown, high)
    assert found["flips_per_year"] == pytest.approx(1 / 3)
    assert found["changes_per_year"] == pytest.approx(4 / 12)
    assert found["red_right"] == pytest.approx(4 / 9)
    assert found["red_found"] == pytest.approx(4 / 5)
    assert found["missed"] == found["green_wrong"] == 0
