"""Every page of the demo district in a real browser, checked against SQL of its own.

The expected counts and figures are asked of PostGIS here, by statements that share nothing with
those the pages are made from.
"""

import re
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest
from looks import INKED
from sqlalchemy import text

from api.files import outputs
from gis.db import sql
from gis.layers.model import layer
from gis.layers.service import Scope

pytestmark = pytest.mark.browser
PAGES = outputs.pages("all", internal=True)
OWN = {"combined": "rating"}  # the layer whose record is looked for; elsewhere the page's own

TRUTH = sql.parse(Path(__file__).with_name("demo_truth.sql").read_text("utf-8"), "demo_truth.sql")
COLOURS, STEPS = "red yellow green unrated", "1 2 3 4 5 6 missing"
CLASSES = {  # of each layer in the legend's order
    "rating": COLOURS,
    "risk": COLOURS,
    "coverage": "met below none unknown",
    "facilities": "open planned suspended closed",
    "grids": "within low high unknown",
    "grid_audit": "gap overlap sliver outside_community no_worker"
    " households_low households_high households_unknown",
    "rental": STEPS,
    "rental_h3": STEPS,
    "cameras": "working down repair planned unknown",
    "video_coverage": STEPS,
    "view_fields": "potential identify recognise observe detect",
    "blind_areas": "1 2 3 4 missing",
    "video_places": "seen dark partly unknown",
    "video_findings": "law working bare id field",
    "compounds": "commodity old urban_village resettlement unit_housing affordable",
    "incidents": "incidents",
}
# Held against a least value, and so never rounded up to it.
HELD = {"m2_per_100_households", "rented_per_100", "covered_percent"}
UNITS = {"m2_per_100_households": " m²", "required_m2": " m²", "gap_m2": " m²",
         "floor_area_m2": " m²", "area_m2": " m²", "rented_per_km2": "/km²",
         "covered_percent": " %", "seen_percent": " %", "length_m": " m",
         "direction_deg": "°"}  # fmt: skip


@dataclass(frozen=True)
class Truth:
    """What SQL says of one layer: rows by class in the legend's order, and one record."""

    counts: list[int]
    record: dict[str, Any]

    @property
    def figures(self) -> dict[str, str]:
        """The record's figures as a reader should see them."""
        return {
            name: written(name, value)
            for name, value in self.record.items()
            if name not in {"code", "name", "reason_zh"}
        }


def written(name: str, value: float | None) -> str:
    """Three figures or so, thousands set off, probabilities in percent, a dash for nothing."""
    if value is None:
        return "—"
    if name == "p_red":
        return f"{rounded(100 * value, 1, ROUND_FLOOR)}".removesuffix(".0") + " %"
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    words = f"{rounded(value, digits, ROUND_FLOOR if name in HELD else ROUND_HALF_UP):,}"
    return (words.rstrip("0").rstrip(".") if "." in words else words) + UNITS.get(name, "")


def rounded(value: float, digits: int, how: str) -> Decimal:
    return Decimal(round(value, 9)).quantize(Decimal(10) ** -digits, how)


def asked(session, name, values):
    clause = TRUTH[name]
    return session.execute(clause, {key: values[key] for key in clause.compile().params})


@pytest.fixture(scope="module")
def truth(demo_store) -> dict[str, Truth]:
    """SQL's answer for every layer."""
    found = {}
    with demo_store.begin() as session:
        day = session.execute(
            text("SELECT as_of FROM runs WHERE id = :id"), {"id": demo_store.runs["rating"]}
        ).scalar_one()
        assert day == date(2026, 9, 30)
        values = {
            **demo_store.runs, "day": day,
            "since": "2024-10-01 00:00+08", "until": "2026-10-01 00:00+08",
        }  # fmt: skip
        for name, classes in CLASSES.items():
            by_class = dict(asked(session, f"counts_{name}", values).all())
            assert set(by_class) <= set(classes.split()), name
            record = asked(session, f"known_{name}", values).mappings().one()
            found[name] = Truth([by_class.get(one, 0) for one in classes.split()], dict(record))
    return found


def write(demo_store, folder, scope):
    with demo_store.begin() as session:
        written, lacking = outputs.write_maps(session, demo_store.house, PAGES, scope, folder)
    assert lacking == {}
    return {path.stem: path for path in written}


@pytest.fixture(scope="module")
def pages(demo_store, tmp_path_factory):
    """Every page as ``wangge map all --internal`` writes it."""
    return write(demo_store, tmp_path_factory.mktemp("maps"), Scope(internal=True))


COUNTED = """name => [...document.querySelectorAll(`.layer[data-layer="${name}"] .entry`)]
    .map(one => Number(one.querySelector(".count").textContent.replaceAll(",", "")))"""
# Rows of a layer, of which some that have a place are chosen evenly.
CHOSEN = """([name, most]) => {
    const layer = wangge.layers.get(name);
    wangge.show(name, true);
    const drawable = [...layer.index.lon.keys()].filter(row => layer.index.lon[row] !== null);
    const step = Math.max(1, Math.floor(drawable.length / most));
    const some = drawable.filter((_, i) => i % step === 0).slice(0, most);
    const held = layer.point ? drawable.length : layer.leaflet.getLayers().length;
    return { some, held, drawable: drawable.length };
}"""
PLACE = """([name, key]) => {
    const layer = wangge.layers.get(name);
    const row = wangge.row(layer, key);
    const at = wangge.map.latLngToContainerPoint([layer.index.lat[row], layer.index.lon[row]]);
    const box = wangge.map.getContainer().getBoundingClientRect();
    return [at.x + box.x, at.y + box.y];
}"""


def check(opened, name, size, truth):
    """The page is quiet, draws and counts what SQL holds, and finds and answers for a record."""
    page = opened.page
    drawn = page.evaluate("[...wangge.layers.keys()]")
    for one in drawn:
        assert page.evaluate(COUNTED, one) == truth[one].counts, one
        seen = page.evaluate(CHOSEN, [one, 3])
        assert seen["held"] == seen["drawable"] > 0, one
        assert page.evaluate(INKED, [one, seen["some"]]) == len(seen["some"]) > 0, one
    own = OWN.get(name, name)
    look_up(page, own, truth[own].record)
    answers(page, own, truth[own])
    page.evaluate("wangge.clear()")
    for other in set(drawn) - {own}:
        page.evaluate("name => wangge.show(name, false)", other)
    x, y = page.evaluate(PLACE, [own, truth[own].record["code"]])
    (page.touchscreen.tap if size == "phone" else page.mouse.click)(x, y)
    turn_to(page, truth[own].record["code"])
    answers(page, own, truth[own])
    speaks_english(page, own)
    assert opened.left_the_machine == []
    assert [url for url in opened.requests if url.startswith("http")] == []
    assert opened.complaints == []


def look_up(page, own, record):
    """Find the record by its code in the search field, and open it."""
    page.fill("#wg-query", record["code"])
    page.wait_for_selector("#wg-results [role=option]")
    found = page.locator("#wg-results [role=option]").filter(
        has_text=re.compile(f"{re.escape(layer(own).zh)}.* · {re.escape(record['code'])}")
    )
    found.first.click()
    page.wait_for_selector("#wg-detail h2")


def turn_to(page, code):
    """Where several records lie under the finger, step to the one meant."""
    page.wait_for_selector("#wg-detail h2")
    for _ in range(12):
        if page.evaluate("wangge.selected.key") == code:
            return
        page.click("#wg-detail .step >> nth=1")
        page.wait_for_timeout(50)
    raise AssertionError(f"a click does not reach {code}")


def answers(page, own, truth):
    """The details show the record's own words and figures."""
    words = page.inner_text("#wg-detail")
    assert page.inner_text("#wg-detail h2") == truth.record["name"]
    assert truth.record.get("reason_zh", "") in words
    shown = {
        name: page.inner_text(f'#wg-detail [data-column="{name}"] :is(dd, td)')
        for name in truth.figures
    }
    assert shown == truth.figures


def speaks_english(page, own):
    """One press turns title, legend and details to English and leaves no Chinese in them."""
    page.click("#wg-language")
    assert page.get_attribute("html", "lang") == "en"
    assert page.inner_text(".detail-layer") == layer(own).en
    heads = page.locator("h1, #wg-detail th, #wg-detail dt").all_inner_texts()
    heads += page.locator("#wg-panel :is(.layer-name, .legend-title):visible").all_inner_texts()
    assert not any("\u4e00" <= sign <= "\u9fff" for sign in "".join(heads))


@pytest.mark.parametrize("size", ["desk", pytest.param("phone", marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_of_the_demo_says_what_sql_says(open_page, pages, truth, name, size):
    check(open_page(url=pages[name].as_uri(), size=size), name, size, truth)


@pytest.fixture(scope="module")
def emptied(demo_store, tmp_path_factory):
    nowhere = Scope(internal=True, area_prefix="530102999")
    return write(demo_store, tmp_path_factory.mktemp("emptied"), nowhere)


@pytest.mark.parametrize("name", [
    name if name in ("rating", "cameras") else pytest.param(name, marks=pytest.mark.slow)
    for name in PAGES
])  # fmt: skip
def test_the_same_check_fails_on_an_emptied_layer(open_page, emptied, truth, name):
    with pytest.raises(AssertionError):
        check(open_page(url=emptied[name].as_uri()), name, "desk", truth)
