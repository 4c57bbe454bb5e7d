"""Suppression against an attacker who solves linear programmes over everything that is shown."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from gis.rental.suppression import hidden_cells

K = 5
ADMIN = ("district", "community", "grid", "compound")
HEXES = ("r8", "r9")


def attack(pieces, shown, labels, level):
    """Smallest and largest value that a cell may have: all that is told, and that counts are >= 0.

    Told is every shown sum, and of a hidden one that it is not zero, which would be shown.
    """
    rows, values, hidden = [], [], []
    for seen, names in shown.items():
        for name in names:
            inside = (pieces[seen] == name).to_numpy()
            rows.append(inside.astype(float))
            values.append(pieces.loc[inside, "rented"].sum())
        for name in set(pieces[seen].dropna()) - set(names):
            hidden.append(-(pieces[seen] == name).to_numpy().astype(float))
    target = (pieces[level] == labels).to_numpy().astype(float)
    found = [
        linprog(
            sign * target,
            A_eq=np.array(rows) if rows else None,
            b_eq=values or None,
            A_ub=np.array(hidden) if hidden else None,
            b_ub=-np.ones(len(hidden)) if hidden else None,
        )
        for sign in (1, -1)
    ]
    assert all(result.status in (0, 3) for result in found), [r.message for r in found]
    low = found[0].fun
    return low, (np.inf if found[1].status == 3 else -found[1].fun)


def shown_cells(pieces, hidden, levels):
    return {level: sorted(set(pieces[level].dropna()) - set(hidden[level])) for level in levels}


def protect(pieces, admin=ADMIN, hexes=HEXES):
    return hidden_cells(pieces, value="rented", hierarchies=(admin, hexes), below=K)


def one_tree(counts, parents):
    """Cells of two levels under one district."""
    names, let = zip(*counts.items(), strict=True)
    return pd.DataFrame({"district": "D", "grid": parents, "compound": names, "rented": let})


def test_a_small_compound_takes_its_only_neighbour_along():
    pieces = one_tree({"a": 3, "b": 40}, ["g", "g"])
    hidden = protect(pieces, ("district", "grid", "compound"), ())
    assert set(hidden["compound"]) == {"a", "b"}  # 43 - 40 would say 3
    assert hidden["grid"].empty


def test_the_smallest_neighbour_is_taken():
    pieces = one_tree({"a": 3, "b": 40, "c": 9, "d": 12}, ["g"] * 4)
    hidden = protect(pieces, ("district", "grid", "compound"), ())
    assert set(hidden["compound"]) == {"a", "c"}


def test_zero_is_shown_and_enough_hidden_neighbours_need_no_more():
    pieces = one_tree({"a": 3, "b": 2, "c": 9, "d": 0}, ["g"] * 4)
    hidden = protect(pieces, ("district", "grid", "compound"), ())
    assert set(hidden["compound"]) == {"a", "b"}


def test_two_cells_of_one_dwelling_hide_a_third():
    pieces = one_tree({"a": 1, "b": 1, "c": 9}, ["g"] * 3)  # 11 - 9 = 2 would say 1 and 1
    hidden = protect(pieces, ("district", "grid", "compound"), ())
    assert set(hidden["compound"]) == {"a", "b", "c"}


def test_a_hexagon_gives_a_compound_away_without_any_grid():
    pieces = pd.DataFrame(
        {
            "district": "D",
            "compound": ["a", "b", "c", "d"],
            "r8": ["x", "x", "y", "y"],
            "rented": [3, 20, 4, 50],
        }
    )
    only_admin = protect(pieces, ("district", "compound"), ())
    assert set(only_admin["compound"]) == {"a", "c"}  # together 7, and neither follows
    both = protect(pieces, ("district", "compound"), ("r8",))
    shown = shown_cells(pieces, both, ("district", "compound", "r8"))
    low, high = attack(pieces, shown, "a", "compound")
    assert high - low > 0.5
    assert len(both["r8"]) or len(both["compound"]) > 2  # x - b would say 3


def test_the_rest_of_a_grid_outside_all_compounds_is_protected():
    pieces = one_tree({"a": 30, None: 2, "c": 9}, ["g", "g", "h"])
    hidden = protect(pieces, ("district", "grid", "compound"), ())
    shown = shown_cells(pieces, hidden, ("district", "grid", "compound"))
    assert not ("g" in shown["grid"] and "a" in shown["compound"])  # 32 - 30 would say 2


def test_parts_of_one_dwelling_each_are_not_all_that_is_hidden():
    """Five are hidden under 5, and each of them is told not to be zero: each would be one."""
    pieces = one_tree(dict.fromkeys("abcde", 1) | {"f": 9}, ["g"] * 6)
    hidden = protect(pieces, ("district", "grid", "compound"), ())
    assert set(hidden["compound"]) == set("abcdef")


def test_nothing_let_nothing_hidden():
    pieces = one_tree({"a": 0, "b": 0}, ["g", "g"])
    hidden = protect(pieces, ("district", "grid", "compound"), ())
    assert all(found.empty for found in hidden.values())


def test_cells_named_by_the_caller_are_protected_whatever_their_count():
    pieces = one_tree({"a": 30, "b": 40, "c": 50}, ["g", "g", "h"])
    hidden = hidden_cells(
        pieces,
        value="rented",
        hierarchies=(("district", "grid", "compound"), ()),
        below=K,
        also={"compound": pd.Index(["a"])},
    )
    assert set(hidden["compound"]) == {"a", "b"}


@st.composite
def worlds(draw, split):
    """Dwellings scattered over small nested worlds; with ``split`` compounds may cross grids."""
    size, most = draw(st.integers(1, 14)), draw(st.sampled_from([1, 2, 9]))
    pick = st.integers(0, 5)
    rows = []
    for _ in range(size):
        compound, place, count = draw(pick), draw(pick), draw(st.integers(0, most))
        grid = draw(st.integers(0, 3)) if split else compound // 2
        rows.append(
            {
                "district": "D",
                "community": f"m{grid // 2}",
                "grid": f"g{grid}",
                "compound": None if draw(st.integers(0, 7)) == 0 else f"c{compound}",
                "r8": f"r{place // 2}",
                "r9": f"s{place}",
                "rented": count,
            }
        )
    keys = [*ADMIN, *HEXES]
    return pd.DataFrame(rows).groupby(keys, dropna=False, as_index=False)["rented"].sum()


def assert_safe(pieces):
    pieces = pieces[pieces["rented"] > 0].reset_index(drop=True)
    levels = (*ADMIN, *HEXES)
    hidden = protect(pieces)
    if pieces.empty:
        return
    shown = shown_cells(pieces, hidden, levels)
    for level in levels:
        totals = pieces.groupby(level)["rented"].sum()
        assert all(totals[name] >= K for name in shown[level])
        for name in hidden[level]:
            low, high = attack(pieces, shown, name, level)
            assert high - low > 1e-6, (level, name, low, high)


@settings(max_examples=60, deadline=None)
@given(worlds(split=False))
def test_no_hidden_cell_can_be_computed(pieces):
    assert_safe(pieces)


@settings(max_examples=60, deadline=None)
@given(worlds(split=True))
def test_no_hidden_cell_can_be_computed_when_compounds_cross_grids(pieces):
    assert_safe(pieces)


@settings(max_examples=60, deadline=None)
@given(worlds(split=False))
def test_what_is_hidden_under_a_shown_cell_adds_up_to_k(pieces):
    hidden = protect(pieces)
    for upper, lower in (("district", "community"), ("community", "grid"), ("r8", "r9")):
        below = pieces[pieces[lower].isin(hidden[lower]) & ~pieces[upper].isin(hidden[upper])]
        sums = below.groupby(upper)["rented"].sum()
        assert (sums >= K).all()


def test_the_attacker_of_this_test_does_find_what_is_not_protected():
    pieces = one_tree({"a": 3, "b": 40}, ["g", "g"])
    low, high = attack(pieces, {"grid": ["g"], "compound": ["b"]}, "a", "compound")
    assert (low, high) == (pytest.approx(3), pytest.approx(3))
