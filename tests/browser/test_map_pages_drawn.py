"""What a page does under the hand, on invented frames; `test_demo_pages` checks all on SQL."""

import pytest
from looks import INKED

import maps
from maps.layers import SHEETS

pytestmark = pytest.mark.browser
PAGES = sorted(SHEETS)


@pytest.fixture(scope="module")
def pages(frames, inside):
    return {name: maps.build(name, frames, context=inside) for name in PAGES}


def painted(opened, frames, name="rating"):
    """Rows of a layer that have ink where they lie, of three."""
    some = [0, len(frames[name]) // 2, len(frames[name]) - 1]
    return opened.page.evaluate(INKED, [name, some])


def test_every_record_of_a_layer_is_painted_until_nothing_is(open_page, pages, frames):
    opened = open_page(pages["rating"])
    assert painted(opened, frames) == 3
    opened.page.evaluate("void L.Canvas.include({ _fillStroke() {} })")
    assert painted(opened, frames) == 0


def test_the_watch_sees_a_request(open_page, pages):
    opened = open_page(pages["rating"])
    opened.page.evaluate(
        "new Promise(done => { const i = new Image(); i.onerror = done;"
        " i.src = 'https://tiles.example/1.png'; })"
    )
    assert opened.complaints  # the page's own policy refuses it, and the console says so


def test_search_then_a_tap_shows_the_figures_rule_and_source(open_page, pages, frames):
    record = frames["rating"].iloc[31]
    opened = open_page(pages["rating"], size="phone")
    page = opened.page

    page.fill("#wg-query", record["code"].lower())
    page.click("#wg-results [role=option]")
    page.wait_for_selector("#wg-detail h2")
    page.evaluate("wangge.clear()")
    x, y = page.evaluate(
        """row => { const { index } = wangge.layers.get("rating");
        const at = wangge.map.latLngToContainerPoint([index.lat[row], index.lon[row]]);
        const box = wangge.map.getContainer().getBoundingClientRect();
        return [at.x + box.x, at.y + box.y]; }""",
        31,
    )
    page.touchscreen.tap(x, y)
    page.wait_for_selector("#wg-detail h2")

    shown = page.inner_text("#wg-detail")
    assert record["name"] in shown
    assert record["reason_zh"] in shown
    assert record["reason_en"] not in shown
    assert page.inner_text('[data-column="observed"] dd') == str(record["observed"])
    assert page.inner_text('[data-column="expected"] dd') == "9.25"
    assert page.inner_text('[data-column="relative_risk"] dd') == f"{record['relative_risk']:g}"
    for words in ("SAF-1", "小区三色管理", "80 %", "五发〔2018〕6号", "2026.3"):
        assert words in shown
    assert opened.complaints == []


def test_search_by_part_of_a_name_and_the_honest_nothing(open_page, pages):
    page = open_page(pages["combined"]).page
    page.fill("#wg-query", "花园196")
    assert "翠湖花园196号" in page.inner_text("#wg-results")
    page.fill("#wg-query", "不存在的名字")
    assert page.inner_text("#wg-results") == "没有找到"


def test_the_language_switches_everywhere(open_page, pages):
    page = open_page(pages["coverage"]).page
    page.evaluate("wangge.open('coverage', wangge.layers.get('coverage').index.key[3])")
    page.wait_for_selector("#wg-detail h2")
    assert page.inner_text("h1") == "服务设施覆盖"
    page.click("#wg-language")
    assert page.inner_text("h1") == "Facility coverage"
    assert page.get_attribute("html", "lang") == "en"
    assert page.get_attribute("#wg-query", "placeholder") == "Search name or code"
    text = page.inner_text("#wg-panel")
    assert "No facility" in text
    assert not any("\u4e00" <= sign <= "\u9fff" for sign in text)
    assert "No facility" in page.inner_text("#wg-detail")


def test_a_class_can_be_hidden_and_shown_again(open_page, pages):
    page = open_page(pages["rating"]).page
    row = page.evaluate("wangge.layers.get('rating').index.class.indexOf(0)")
    assert page.evaluate(INKED, ["rating", [row]]) == 1
    page.click('[data-class="0"]')
    assert page.evaluate(INKED, ["rating", [row]]) == 0
    page.click('[data-class="0"]')
    assert page.evaluate(INKED, ["rating", [row]]) == 1


def test_the_address_restores_place_layers_language_and_record(open_page, pages):
    first = open_page(pages["combined"]).page
    first.evaluate("wangge.show('grids', true)")
    first.evaluate("wangge.show('facilities', false)")
    first.click("#wg-language")
    first.evaluate("wangge.open('rating', 'XQ00031')")
    first.wait_for_selector("#wg-detail h2")
    fragment = first.evaluate("location.hash")

    second = open_page(pages["combined"], fragment=fragment).page
    second.wait_for_selector("#wg-detail h2")

    assert second.evaluate("location.hash") == fragment
    assert second.is_checked('[data-toggle="grids"]')
    assert not second.is_checked('[data-toggle="facilities"]')
    assert second.inner_text("h1") == "Combined map"


def test_several_records_under_one_place_are_all_reachable(open_page, pages):
    page = open_page(pages["combined"]).page
    page.evaluate("wangge.show('coverage', true)")
    page.evaluate(
        "(() => { const { index } = wangge.layers.get('rating');"
        " wangge.map.setView([index.lat[100], index.lon[100]], 16, { animate: false });"
        " wangge.select(wangge.under(wangge.map.getCenter(), 8), 0); })()"
    )
    page.wait_for_selector(".steps")
    assert "1 / 2" in page.inner_text(".steps")
    page.click(".step >> nth=1")
    page.wait_for_function(
        "() => document.querySelector('.detail-layer')?.innerText.includes('覆盖')"
    )


@pytest.mark.parametrize("name", ["cameras", "combined", "rental"])  # every kind of control
def test_a_finger_hits_every_control(open_page, pages, name):
    page = open_page(pages[name], size="phone").page
    too_small = """() => [...document.querySelectorAll(
            "button, input:not([type=checkbox]), label.layer-head")]
        .map(one => [one.id || one.className, one.getBoundingClientRect()])
        .filter(([, box]) => box.width > 0 && (box.height < 40 || box.width < 40))
        .map(([what, box]) => `${what} ${box.width}x${box.height}`)"""
    assert page.evaluate(too_small) == []
    page.click("#wg-open-panel")
    assert page.evaluate(too_small) == []
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= 390


def test_print_has_title_date_legend_and_hatches_and_leaves_no_trace(open_page, pages):
    page = open_page(pages["rating"]).page
    before = page.evaluate("[wangge.map.getZoom(), wangge.map.getSize().x, location.hash]")
    page.evaluate("wangge.print.enter()")
    assert page.evaluate("wangge.hatched")
    assert page.is_visible(".swatch .hatch >> nth=0")
    for kept in ("h1", "#wg-panel", ".badge.demo", ".north"):
        assert page.is_visible(kept)
    for gone in ("#wg-search", ".tools", ".zoom"):
        assert not page.is_visible(gone)
    assert "2026-09-30" in page.inner_text(".heading")
    assert page.pdf(prefer_css_page_size=True).startswith(b"%PDF")
    page.evaluate("wangge.print.leave()")
    assert page.evaluate("[wangge.map.getZoom(), wangge.map.getSize().x, location.hash]") == before


def test_no_sign_is_missing_in_the_fonts(open_page, pages):
    """Every sign of a page has a glyph of its own: none looks like that of an unassigned sign."""
    page = open_page(pages["combined"]).page
    missing = page.evaluate("""() => {
        const canvas = document.createElement("canvas");
        canvas.width = canvas.height = 40;
        const brush = canvas.getContext("2d", { willReadFrequently: true });
        const look = (sign) => {
            brush.clearRect(0, 0, 40, 40);
            brush.font = "24px " + getComputedStyle(document.body).fontFamily;
            brush.fillText(sign, 4, 30);
            return brush.getImageData(0, 0, 40, 40).data.join();
        };
        const tofu = look("\\u0378");
        if (tofu !== look("\\u0379")) return ["the test cannot tell a missing glyph"];
        const blank = look(" ");
        const signs = new Set(document.documentElement.textContent);
        return [...signs].filter((sign) => /[^\\s\\u0000-\\u001f]/.test(sign))
            .filter((sign) => look(sign) === tofu || look(sign) === blank);
    }""")
    assert missing == []
