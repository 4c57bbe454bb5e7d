"""The one legend: complete, in two languages, and told apart without colour or with less of it."""

import math
import re
from itertools import combinations, pairwise

import numpy as np
import pytest

from gis import legend
from gis.facilities.model import FacilityStatus, Verdict
from gis.layers.model import REGISTRY
from gis.safety.rules import Colour

LEGENDS = [one for one in vars(legend).values() if isinstance(one, legend.Legend)]
RAMPS = [one for one in vars(legend).values() if isinstance(one, legend.Ramp)]
SHAPES = {"circle", "square", "triangle", "diamond", "cross", "star"}
HATCHES = {"none", "forward", "backward", "cross", "dots", "horizontal", "dense"}

# Machado, Oliveira & Fernandes (2009), IEEE TVCG 15(6), severity 1.0, on linear RGB.
BLINDNESS = {
    "protanopia": [
        [0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
    "none": np.eye(3),
}  # fmt: skip


def linear(colour):
    rgb = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def lab(rgb):
    """CIE L*a*b* (D65) of linear sRGB."""
    xyz = np.array(
        [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750],
         [0.0193339, 0.1191920, 0.9503041]]
    ) @ np.clip(rgb, 0, 1) / [0.95047, 1, 1.08883]  # fmt: skip
    f = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def delta_e(one, other):
    """CIEDE2000, as Sharma, Wu & Dalal (2005) write it down."""
    (l1, a1, b1), (l2, a2, b2) = one, other
    mean_c = (math.hypot(a1, b1) + math.hypot(a2, b2)) / 2
    g = 0.5 * (1 - math.sqrt(mean_c**7 / (mean_c**7 + 25**7)))
    c1, c2 = math.hypot(a1 * (1 + g), b1), math.hypot(a2 * (1 + g), b2)
    h1, h2 = (math.degrees(math.atan2(b, a * (1 + g))) % 360 for a, b in ((a1, b1), (a2, b2)))
    turn = (h2 - h1 + 180) % 360 - 180 if c1 * c2 else 0
    dl, dc = l2 - l1, c2 - c1
    dh = 2 * math.sqrt(c1 * c2) * math.sin(math.radians(turn / 2))
    ml, mc = (l1 + l2) / 2, (c1 + c2) / 2
    mh = h1 + h2 if not c1 * c2 else (h1 + turn / 2) % 360
    t = (
        1 - 0.17 * math.cos(math.radians(mh - 30)) + 0.24 * math.cos(math.radians(2 * mh))
        + 0.32 * math.cos(math.radians(3 * mh + 6)) - 0.20 * math.cos(math.radians(4 * mh - 63))
    )  # fmt: skip
    sl = 1 + 0.015 * (ml - 50) ** 2 / math.sqrt(20 + (ml - 50) ** 2)
    sc, sh = 1 + 0.045 * mc, 1 + 0.015 * mc * t
    rt = (
        -2 * math.sqrt(mc**7 / (mc**7 + 25**7))
        * math.sin(math.radians(60 * math.exp(-(((mh - 275) / 25) ** 2))))
    )  # fmt: skip
    return math.sqrt((dl / sl) ** 2 + (dc / sc) ** 2 + (dh / sh) ** 2 + rt * dc / sc * dh / sh)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [  # pairs 1, 7, 17 and 25 of the table of Sharma, Wu & Dalal (2005)
        ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
        ((50, 0, 0), (50, -1, 2), 2.3669),
        ((50, 2.5, 0), (73, 25, -18), 27.1492),
        ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
    ],
)
def test_the_measure_of_this_test_is_right(one, other, expected):
    assert delta_e(one, other) == pytest.approx(expected, abs=5e-5)


def smallest(colours):
    return min(
        delta_e(lab(np.array(matrix) @ linear(a)), lab(np.array(matrix) @ linear(b)))
        for matrix in BLINDNESS.values()
        for a, b in combinations(colours, 2)
    )


def test_red_yellow_and_green_are_told_apart_by_the_colour_blind():
    assert (legend.RED, legend.YELLOW, legend.GREEN) == ("#A50026", "#FFD92F", "#66C2A5")
    assert smallest((legend.RED, legend.YELLOW, legend.GREEN)) > 24
    assert smallest(("#FF0000", "#FFFF00", "#00FF00")) < 24  # the usual three are not


@pytest.mark.parametrize("one", LEGENDS, ids=lambda one: one.key)
def test_a_class_is_never_colour_alone(one):
    for attribute in ("value", "zh", "en", "shape"):
        found = [getattr(entry, attribute) for entry in one.entries]
        assert all(found)
        assert attribute == "shape" or len(set(found)) == len(found), attribute
    looks = [(entry.shape, entry.hatch, entry.fill) for entry in one.entries]
    assert len(set(looks)) == len(looks)
    for entry in one.entries:
        assert entry.shape in SHAPES
        assert entry.hatch in HATCHES
        assert re.fullmatch("#[0-9A-F]{6}", entry.fill)
        assert re.search("[一-鿿]", entry.zh)
        assert entry.en.isascii()


@pytest.mark.parametrize(
    ("one", "values"),
    [
        (legend.RATING, Colour), (legend.COVERAGE, Verdict), (legend.FACILITY, FacilityStatus),
    ],
    ids=lambda one: getattr(one, "key", ""),
)  # fmt: skip
def test_every_value_of_the_store_has_its_entry(one, values):
    assert {entry.value for entry in one.entries} == {value.value for value in values}


def test_colours_of_the_rating_have_shapes_and_hatches_of_their_own():
    for attribute in ("shape", "hatch"):
        found = [getattr(entry, attribute) for entry in legend.RATING.entries]
        assert len(set(found)) == len(found)


def test_what_is_not_known_gets_the_last_entry():
    assert legend.RATING.entry("red").fill == legend.RED
    assert legend.RATING.entry(None) is legend.RATING.entries[-1]
    assert legend.RATING.entry("mauve").value == "unrated"


@pytest.mark.parametrize("one", RAMPS, ids=lambda one: one.key)
def test_a_ramp_darkens_step_by_step(one):
    assert list(one.bounds) == sorted(set(one.bounds))
    assert len(one.bounds) == len(one.fills)
    lightness = [lab(linear(fill))[0] for fill in one.fills]
    assert lightness == sorted(lightness, reverse=True)
    assert min(a - b for a, b in pairwise(lightness)) > 4
    entries = one.entries()
    assert len(entries) == len(one.bounds) + 1
    assert entries[-1] is one.missing
    assert entries[0].zh.startswith(f"{one.bounds[0]:g} – {one.bounds[1]:g}")
    assert entries[-2].zh.startswith(f"≥ {one.bounds[-1]:g}")


@pytest.mark.parametrize("layer", REGISTRY, ids=lambda layer: layer.name)
def test_the_column_of_a_layers_legend_is_one_of_its_columns(layer):
    column = getattr(layer.legend, "column", None)
    assert column is None or column in {one.name for one in layer.columns}


@pytest.mark.parametrize("layer", REGISTRY, ids=lambda layer: layer.name)
def test_names_for_shapefiles_are_short_and_unique(layer):
    short = [column.short for column in layer.columns]
    assert len(set(short)) == len(short)
    assert all(re.fullmatch("[a-z0-9_]{1,10}", name) for name in short)
    assert {layer.key, layer.label} <= {column.name for column in layer.columns}
