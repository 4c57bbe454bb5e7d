"""Main tasks of planner and police liaison in a real browser, by real clicks, in both languages."""

import json
import re
from html import escape

import pytest
from looks import IN_BOTH, MAIN_TASK, is_sound, sign_in
from serving import account_of, serving, token_of
from sqlalchemy import text

from api import analyses
from gis.access.rights import Role
from gis.runs.model import Analysis

pytestmark = pytest.mark.browser
# A corner that two grids of the drawing share, off the community's outline, and both as polygons.
SHARED = """() => {
    const { map, grids } = document.querySelector('[data-grid-editor]').wangge;
    const flat = (one) => (one[0] instanceof L.LatLng ? [one] : one.flatMap(flat));
    const spots = new Map();
    for (const layer of grids.getLayers()) {
        for (const { lat, lng } of flat(layer.getLatLngs()).flat()) {
            const key = lat.toFixed(8) + ' ' + lng.toFixed(8);
            spots.set(key, (spots.get(key) || new Set()).add(layer.index));
        }
    }
    const [key, owners] = [...spots].sort((a, b) => b[1].size - a[1].size)[0];
    const [lat, lng] = key.split(' ').map(Number);
    map.setView([lat, lng], 18, { animate: false });
    const at = map.latLngToContainerPoint([lat, lng]);
    return { x: at.x, y: at.y, owners: owners.size };
}"""
# Where the grid at an index spans the map: two points outside it, left and right of its middle.
ACROSS = """index => {
    const { map, grids } = document.querySelector('[data-grid-editor]').wangge;
    const layer = grids.getLayers().find((one) => one.index === index);
    map.fitBounds(layer.getBounds().pad(0.4), { animate: false });
    const box = layer.getBounds();
    const at = (...spot) => Object.values(map.latLngToContainerPoint(spot));
    const mid = box.getCenter().lat, by = (box.getEast() - box.getWest()) * 0.08;
    return [at(mid, box.getWest() - by), at(mid, box.getEast() + by)];
}"""

# From left to right where each number beside a bar stands, and the dashed line of the threshold.
DRAWN_PX = """() => {
    const chart = echarts.getInstanceByDom(document.querySelector('[data-bars]'));
    const all = chart.getZr().storage.getDisplayList().map((one) => {
        const box = one.getBoundingRect().clone();
        if (one.transform) box.applyTransform(one.transform);
        return { text: one.style.text, dashed: one.style.lineDash === 'dashed',
                 from: box.x, to: box.x + box.width };
    });
    const { length } = chart.getOption().series[0].data;
    const last = all.findLastIndex((one) => one.dashed);
    return { line: all[last], numbers: all.slice(last - length, last) };
}"""


@pytest.fixture(scope="module")
def place(own_demo):
    """(address, tokens, login and password): the service over a demo of the module's own."""
    with serving(own_demo.urls, role=None, serve_internal=True) as client:
        who = {
            "planner": Role.PLANNER, "police": Role.POLICE_LIAISON, "second": Role.POLICE_LIAISON,
            "supervisor": Role.GRID_SUPERVISOR, "steward": Role.DATA_STEWARD,
        }  # fmt: skip
        yield (
            str(client.base_url).rstrip("/"),
            {name: token_of(own_demo.urls, role) for name, role in who.items()},
            account_of(own_demo.urls, Role.GRID_SUPERVISOR),
        )


@pytest.fixture
def browse(open_served, place):
    """Open a page as somebody."""
    base, tokens, _ = place

    def opened(path, size="desk", language="zh", who="planner"):
        return open_served(base, path, size, language, token=tokens[who])

    return opened


def on_map(page, x, y):
    """Page coordinates of a point of the drawing map."""
    box = page.locator(".draw-map").bounding_box()
    return box["x"] + x, box["y"] + y


def seen(page, language, zh, en):
    page.wait_for_selector(f"text={zh if language == 'zh' else en}")


@pytest.fixture(scope="module")
def spot(own_demo):
    """A point inside the first community: code, longitude, latitude."""
    asked = text("""SELECT code, ST_X(ST_PointOnSurface(geom)) AS lon,
                    ST_Y(ST_PointOnSurface(geom)) AS lat
                    FROM wangge.areas WHERE level = 'community' ORDER BY code LIMIT 1""")
    with own_demo.begin() as session:
        return session.execute(asked).one()


@pytest.mark.parametrize("standard", [30, 3])
def test_no_number_of_the_chart_lies_on_the_thresholds_line(browse, standard):
    """Values on both sides of it, up to twenty times as large, drawn as the page draws its own."""
    page = browse("/coverage-board", "phone")
    values = [0, 1, 20.5, 23.9, 26.3, 29.9, 30, 30.1, 60]

    def other(route):
        told = {"threshold": standard, "line": "30 m²", "names": [*"abcdefghi"], "values": values,
                "fills": ["#FFD92F"] * len(values)}  # fmt: skip
        drawn = f'data-bars="{escape(json.dumps(told, ensure_ascii=False))}"'
        body = re.sub(r'data-bars="[^"]*"', drawn, route.fetch().text())
        route.fulfill(content_type="text/html", body=body)

    page.route("**/coverage-board", other)
    page.reload()
    page.wait_for_selector("html[data-chart-ready]", state="attached")
    drawn = page.evaluate(DRAWN_PX)
    assert [float(one["text"]) for one in drawn["numbers"]] == values
    line = drawn["line"]
    on_it = [
        one for one in drawn["numbers"] if one["to"] > line["from"] and one["from"] < line["to"]
    ]
    assert on_it == []


def luminance(colour):
    """Relative luminance of ``rgb(…)``, as WCAG 2.2 defines it."""
    parts = [int(one) / 255 for one in re.findall(r"\d+", colour)[:3]]
    linear = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_the_drawing_maps_are_as_dark_as_the_page_and_their_lines_are_seen(
    open_served, place, spot, theme
):
    """Lines have the contrast of 3 to 1 that WCAG 2.2 asks of what is no text (1.4.11)."""
    base, tokens, _ = place
    for path in ("/facilities/new", f"/grids/{spot.code}"):
        page = open_served(base, path, "desk", "zh", theme, token=tokens["planner"])
        page.wait_for_selector("html[data-draw-ready]", state="attached")
        box = page.locator(".draw-map")
        ground = luminance(box.evaluate("one => getComputedStyle(one).backgroundColor"))
        assert (ground < 0.1) == (theme == "dark")
        lines = set(box.locator("path").evaluate_all(
            "all => all.map((one) => getComputedStyle(one).stroke)"
        ))  # fmt: skip
        assert len(lines) > 1
        for line in map(luminance, lines):
            assert (max(line, ground) + 0.05) / (min(line, ground) + 0.05) >= 3


@IN_BOTH
def test_a_gap_leads_to_a_facility_drawn_on_the_map(browse, spot, size, language):
    page = browse("/coverage-board", size, language)
    page.locator("tbody a").first.click()
    seen(page, language, "五发〔2018〕6号", "FAC-1")
    page.goto(page.url.partition("/coverage-board")[0] + "/facilities")
    page.click("a[href='/facilities/new']")
    page.wait_for_selector("html[data-draw-ready]", state="attached")
    page.evaluate(
        "at => document.querySelector('[data-draw]').wangge.map.setView(at, 19, {animate: false})",
        [spot.lat, spot.lon],
    )
    page.locator(".draw-map").scroll_into_view_if_needed()
    page.click(".leaflet-pm-icon-polygon")
    box = page.locator(".draw-map").bounding_box()
    middle = box["width"] / 2, box["height"] / 2
    for east, south in ((-40, -30), (40, -30), (40, 30), (-40, -30)):
        page.mouse.click(*on_map(page, middle[0] + east, middle[1] + south))
    page.wait_for_function("() => document.getElementById('f-geom').value.includes('Polygon')")
    page.fill("[name=name]", f"和平文化站 {language}")
    page.select_option("[name=function]", "culture")
    page.click("button[value=check]")
    page.wait_for_selector(".preview")
    assert spot.code in page.inner_text(".preview")
    is_sound(page)
    if page.locator("[name=sure]").count():
        page.check("[name=sure]")
    page.click("button[value=save]")
    seen(page, language, "已保存", "Saved")


@MAIN_TASK
def test_a_scenario_stands_beside_today(browse, spot, size, language):
    page = browse("/scenarios", size, language)
    page.fill("[name=name]", f"新建方案 {language}")
    page.click("form[action='/scenarios'] button")
    page.wait_for_url("**/scenarios/*")
    before = page.locator(".figures").inner_text()
    drawn = "() => document.querySelectorAll('.pick-map canvas').length === 2"
    page.wait_for_function(drawn)  # compounds and the communities' outlines
    page.select_option("[name=kind]", "add")
    page.select_option("[name=community]", spot.code)
    page.fill("[name=area_m2]", "5000")
    page.fill("form[action$='/changes'] [name=name]", "新服务站")
    page.click("form[action$='/changes'] button")
    page.wait_for_selector(".list li form")
    assert page.locator(".figures").inner_text() != before
    assert "5,000" in page.inner_text(f"tr[data-key='{spot.code}']")
    is_sound(page)
    page.click("a[href$='/walking'][role=button]")
    seen(page, language, "平均距离，现状", "mean walk, today")
    is_sound(page)
    page.go_back()
    page.click("form[action$='/share'] button")
    seen(page, language, "取消共享", "Stop sharing")
    asked = []
    page.once("dialog", lambda one: (asked.append(one.message), one.dismiss()))
    page.click("form[action$='/delete'] button")
    assert asked == [page.get_attribute("form[action$='/delete']", "data-sure")]
    assert page.locator(".list li form").count()  # it is there still
    page.once("dialog", lambda one: one.accept())
    with page.expect_navigation(url="**/scenarios"):
        page.click("form[action$='/delete'] button")
    assert page.locator(f"text=新建方案 {language}").count() == 0


@IN_BOTH
def test_a_grid_is_split_moved_saved_and_set_back(browse, own_demo, size, language):
    asked = text("SELECT code FROM wangge.areas WHERE level = 'community' ORDER BY code DESC")
    with own_demo.begin() as session:
        community = session.scalars(asked).all()[0 if language == "zh" else 1]
    page = browse("/grids", size, language)
    page.fill("[name=q]", community)
    page.wait_for_url(f"**q={community}**")
    page.click(f"a[href='/grids/{community}']")
    page.wait_for_selector("html[data-draw-ready]", state="attached")
    count = page.locator("[data-grid-rows] tr").count()

    page.locator("[data-grid-rows] button").first.click()
    page.click("[data-pen=split]")
    page.locator(".draw-map").scroll_into_view_if_needed()
    (left, right) = page.evaluate(ACROSS, 0)
    page.mouse.click(*on_map(page, *left))
    page.mouse.dblclick(*on_map(page, *right))
    page.wait_for_selector(f"[data-grid-rows] tr:nth-child({count + 1})")
    is_sound(page)

    page.locator("[data-grid-rows] tr").nth(1).locator("input").first.fill("北半")
    page.click("button[value=check]")
    page.wait_for_selector("[data-change=new]")
    is_sound(page)
    page.click("button[value=save]")
    seen(page, language, "已保存为新版本", "Saved as a new version")
    assert page.locator("[data-grid-rows] tr").count() == count + 1
    with own_demo.begin() as session:
        assert session.scalar(text("SELECT count(*) FROM wangge.grids WHERE name = '北半'")) == 1
    page.click("form[action$='/undo'] button")
    seen(page, language, "已撤销", "Undone")
    assert page.locator("[data-grid-rows] tr").count() == count


def test_a_corner_takes_the_neighbours_along(browse, own_demo):
    asked = text("""SELECT area_code FROM wangge.grids
                    WHERE area_code NOT IN (SELECT area_code FROM wangge.grid_findings)
                    GROUP BY area_code HAVING count(*) >= 4 ORDER BY area_code LIMIT 1""")
    with own_demo.begin() as session:
        community = session.scalar(asked)
    page = browse(f"/grids/{community}")
    page.wait_for_selector("html[data-draw-ready]", state="attached")
    corner = page.evaluate(SHARED)
    assert corner["owners"] > 1
    page.click("[data-pen=move]")
    page.mouse.move(*on_map(page, corner["x"], corner["y"]))
    page.mouse.down()
    page.mouse.move(*on_map(page, corner["x"] + 20, corner["y"] + 20), steps=6)
    page.mouse.up()
    page.wait_for_selector("[data-pen=back]:not([disabled])")
    page.click("[data-pen=move]")
    page.click("button[value=check]")
    page.wait_for_selector("[data-change=redrawn]")
    assert page.locator("[data-change=redrawn]").count() == corner["owners"]
    assert page.locator(".findings .bad").all_inner_texts() == []


@pytest.fixture(scope="module")
def rated(own_demo, demo_store):
    """Two quarters rated, so that colours change."""
    for period in ("2026Q2", "2026Q3"):
        with own_demo.begin() as session:
            when = analyses.asked(session, demo_store.house, period=period, as_of=None)
            analyses.run(session, demo_store.house, Analysis.RATING, when)


def _all_confirmed(page):
    """Turns to red one by one, on the page with their reasons; the rest together."""
    while page.locator("#alone a").count():
        page.click("#alone a")
        page.click("form[action$='/confirm'] button")
        page.wait_for_selector(".steps")
    if page.locator("form[action$='/confirm'] button").count():
        page.click("form[action$='/confirm'] button")
        page.wait_for_load_state()


@pytest.mark.parametrize(
    ("size", "language", "period"),
    [("phone", "zh", "2026Q2"), ("desk", "en", "2026Q3")],
)
def test_a_quarter_goes_from_review_to_plaque(browse, place, rated, size, language, period):
    page = browse(f"/ratings?period={period}", size, language, "police")
    page.click("form[action='/ratings'] button")
    page.wait_for_selector(".steps")
    link = page.locator("tbody a").first
    link.click()
    page.wait_for_selector("form[action*='/ask/']")
    address = page.url
    page.fill("form[action*='/ask/'] [name=reason]", "派出所核实：两起为同一事件的重复登记")
    page.click("form[action*='/ask/'] button")
    page.wait_for_selector(".reason")
    assert page.locator("button[value=approve]").count() == 0  # nobody approves the own wish
    second = browse(address.removeprefix(place[0]), size, language, "second")
    second.click("button[value=approve]")
    second.wait_for_load_state()
    page.goto(address.partition("/ratings")[0] + f"/ratings?period={period}")
    _all_confirmed(page)
    is_sound(page)
    page.fill("#publish [name=issuer]", "五华区公安分局")
    page.check("#publish [name=sure]")
    page.click("#publish button")
    page.wait_for_selector("main a[href^='/plaques']")
    page.click("main a[href^='/plaques']")
    page.wait_for_function("() => document.querySelector('img.paper')?.naturalWidth > 400")
    page.select_option("[name=area]", index=1)
    page.click("form[action='/plaques'] button")
    page.wait_for_load_state()
    with page.expect_download() as kept:
        page.click("a[href*='.pdf']")
    assert kept.value.suggested_filename.endswith(".pdf")
    printed = page.request.get(place[0] + page.get_attribute("a[href*='.pdf']", "href"))
    assert printed.body().startswith(b"%PDF")
    page.goto(f"{place[0]}/map?columns=name&columns=plaque")
    assert page.locator("[data-go] td .chip[data-value=green]").count()
    code = address.rpartition("/")[2]
    other = browse(f"/places/compound/{code}", size, language, "supervisor")
    told = other.inner_text("#plaque")  # without the logins of who decided
    decided = {"zh": "经复核由两人认定", "en": "decided by two people"}[language]
    for said in (period, "五华区公安分局", decided):
        assert said in told
    is_sound(other)
    other.goto(f"{place[0]}/today")
    figure = other.locator("a.figure[href='/map?hung=other']")
    count = int(figure.locator(".figure-value").inner_text())
    figure.click()
    assert f"{count}" in other.inner_text(".table-foot [role=status]")
    assert other.locator("[data-go] tbody tr").count() == min(count, 50) > 0


def test_pages_of_visits_and_dangers_open_without_a_network(chromium, place):
    """By a session's cookie, as on a phone; nothing stays on the device of who signed out."""
    base, _, (login, password) = place
    context = chromium.new_context(viewport={"width": 390, "height": 844})
    page = context.new_page()
    sign_in(page, base, login, password)
    page.locator("form[action='/visits/add'] button").first.click()
    page.wait_for_url("**/visits")
    note = page.get_attribute(".walk a[href^='/notes/']", "href")
    for path in ("/visits", "/dangers", "/dangers/new"):
        page.goto(base + path)
        page.wait_for_selector("html[data-kept=true]", state="attached")
    context.set_offline(True)
    for path in ("/visits", note, "/dangers", "/dangers/new?lon=102.7&lat=25"):
        page.goto(base + path)
        page.wait_for_selector("html[data-ready]", state="attached")
        assert page.locator("[data-offline]").is_visible()
        assert page.locator("h1").count() == 1
    context.set_offline(False)
    page.goto(f"{base}/visits")
    page.locator("header details.drop").last.locator("summary").click()
    page.click("form[action='/sign-out'] button")
    page.wait_for_url("**/sign-in")
    page.wait_for_function("async () => !(await caches.has('wangge-pages'))")
    context.close()


def test_a_draft_outlives_the_session_and_is_sent_by_whoever_wrote_it_alone(
    chromium, place, own_demo, spot
):
    base, _, writer = place
    context = chromium.new_context(service_workers="block")
    page = context.new_page()

    def opened(account):
        sign_in(page, base, *account)
        page.goto(f"{base}/dangers/new")
        page.wait_for_selector("html[data-drafts-ready]", state="attached")

    def arrived():
        with own_demo.begin() as session:
            asked = text("SELECT count(*) FROM wangge.dangers WHERE what = '会话结束后的上报'")
            return session.scalar(asked)

    opened(writer)
    for name, value in (("what", "会话结束后的上报"), ("lon", spot.lon), ("lat", spot.lat)):
        page.fill(f"[name={name}]", str(value))
    leave = "() => fetch('/sign-out', { method: 'POST' })"
    page.evaluate(leave)
    page.click("form[data-draft] [type=submit]")
    page.wait_for_selector(".draft-said:has-text('登录已结束')")
    opened(account_of(own_demo.urls, Role.GRID_SUPERVISOR))
    assert page.locator("[data-drafts]").is_hidden()
    assert arrived() == 0
    page.evaluate(leave)
    opened(writer)
    assert arrived() == 1
    context.close()
