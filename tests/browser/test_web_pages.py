"""The grid supervisor's pages in a real browser: main tasks by real clicks."""

import io
import re

import pytest
from looks import IN_BOTH, MAIN_TASK, is_sound
from PIL import Image
from pyproj import Geod
from serving import serving
from sqlalchemy import text

from api import analyses
from gis.access.rights import Role
from gis.runs.model import Analysis

pytestmark = pytest.mark.browser
LIGHTNESS = "of => +getComputedStyle(document.querySelector(of)).backgroundColor.match(/\\d+/)[0]"


@pytest.fixture(scope="module")
def service(own_demo, demo_store):
    """The service over a demo of the module's own, two quarters rated: the tests write into it."""
    for period in ("2026Q2", "2026Q3"):
        with own_demo.begin() as session:
            when = analyses.asked(session, demo_store.house, period=period, as_of=None)
            analyses.run(session, demo_store.house, Analysis.RATING, when)
    with serving(own_demo.urls, role=Role.GRID_SUPERVISOR, serve_internal=True) as client:
        yield client


@pytest.fixture(scope="module")
def base(service):
    """The service's address."""
    return str(service.base_url).rstrip("/")


@pytest.fixture(scope="module")
def busy(own_demo):
    """The compound with most incidents: code, name and a point inside."""
    statement = """
        SELECT code, name, ST_X(p) AS lon, ST_Y(p) AS lat FROM (
            SELECT compound.code, compound.name, ST_PointOnSurface(compound.geom) AS p
            FROM wangge.compounds AS compound
            JOIN wangge.incidents AS incident ON incident.compound_code = compound.code
            GROUP BY compound.id ORDER BY count(*) DESC, 1 LIMIT 1
        ) AS busiest
    """
    with own_demo.begin() as session:
        return session.execute(text(statement)).one()


@pytest.fixture
def browse(open_served, service, base):
    """Open a page as the supervisor; ``quiet=False`` where the browser will complain."""
    token = service.headers["authorization"].removeprefix("Bearer ")

    def opened(path, *look, quiet=True):
        return open_served(base, path, *look, token=token, quiet=quiet)

    return opened


def map_of(page):
    """The frame that holds the map, ready."""
    frame = page.locator("[data-map]").first.element_handle().content_frame()
    frame.wait_for_selector("html[data-ready]", state="attached", timeout=60_000)
    return frame


def photo() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (300, 200), "#66C2A5").save(out, "JPEG")
    return out.getvalue()


# What the keyboard is on, and the ring round it that a reader sees.
RINGED = """() => {
    const one = document.activeElement, { outlineWidth, opacity } = getComputedStyle(one);
    return [one.name, opacity === '1' && one.offsetHeight >= 44 ? outlineWidth : ''];
}"""


@MAIN_TASK
def test_a_danger_goes_from_the_phone_to_closed(browse, busy, size, language):
    page = browse("/dangers/new", size, language)
    page.fill("[name=what]", f"消防通道堵塞 {language}")
    page.select_option("[name=severity]", "urgent")
    page.set_input_files(
        "[name=photo]", {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": photo()}
    )
    page.click("[data-locate]")  # nobody has allowed it
    page.wait_for_function("() => document.querySelector('[data-located]')?.innerText")
    assert {"zh": "地图上点选", "en": "tap the map"}[language] in page.inner_text("[data-located]")
    page.locator("[data-pick]").scroll_into_view_if_needed()
    page.locator("[data-pick]").click(position={"x": 150, "y": 160})
    assert 102 < float(page.input_value("[name=lon]")) < 103
    page.fill("[name=lon]", str(busy.lon))
    page.fill("[name=lat]", str(busy.lat))
    page.click("form[data-draft] [type=submit]")
    page.wait_for_url(re.compile(r"/dangers/\d+$"))
    assert busy.name in page.inner_text("main")
    page.wait_for_function("() => document.querySelector('.photos img')?.naturalWidth === 300")
    for move in ("assign", "fix", "check", "close"):
        with page.expect_navigation():
            page.click(f"button[value={move}]")
    closed = {"zh": "已销号", "en": "Closed"}[language]
    assert page.locator(".page-head .chip").inner_text() == closed
    assert page.locator("ol.moves li").count() == 5


@IN_BOTH
def test_a_point_that_is_down_leads_to_its_place_and_to_all_the_others(browse, size, language):
    page = browse("/today", size, language)
    down = page.locator("a.figure[href='#cameras'] .figure-value").inner_text()
    link, every = page.locator("#cameras .list a").first, page.locator("#cameras .more")
    name = link.inner_text()
    assert page.locator("#cameras .list li").count() < int(down)
    said = {"zh": "在地图上看全部点位", "en": "All points on the map"}[language]
    assert every.inner_text().strip().lower() == said.lower()
    is_sound(page)
    link.click()
    page.wait_for_selector("html[data-ready]", state="attached")
    page.wait_for_function("() => wangge.selected?.layer === 'cameras'")
    page.wait_for_selector(f"text={name}")
    page.go_back()
    every.click()
    page.wait_for_selector("html[data-ready]", state="attached")
    assert page.evaluate("wangge.layers.has('cameras')")


@IN_BOTH
def test_a_file_is_chosen_by_keyboard_in_the_pages_own_words(browse, size, language):
    """Chromium's own button is English here whatever the page's language is."""
    choose, none = {"zh": ("选择文件", "未选择文件"), "en": ("Choose a file", "No file chosen")}[
        language
    ]
    page = browse("/dangers/new", size, language)
    # Told now, the browser knows before the key comes that choosers are answered here.
    page.on("filechooser", lambda _: None)
    box = page.locator(".chooser")
    assert box.inner_text().split() == " ".join((choose, none)).split()
    page.locator("[name=place]").focus()
    page.keyboard.press("Tab")
    assert page.evaluate(RINGED) == ["photo", "3px"]
    with page.expect_file_chooser() as asked:
        page.keyboard.press("Enter")
    asked.value.set_files({"name": "a.jpg", "mimeType": "image/jpeg", "buffer": photo()})
    page.wait_for_function("() => document.querySelector('.chooser-said').textContent === 'a.jpg'")
    is_sound(page)
    with page.expect_file_chooser():
        box.click()
    page.evaluate("document.querySelector('form[data-draft]').reset()")
    page.wait_for_function(
        "() => !document.querySelector('.chooser-said').textContent.includes('.')"
    )
    assert none in box.inner_text()


def test_what_is_written_without_a_network_is_sent_once_when_it_is_back(browse, own_demo, busy):
    page = browse("/dangers/new", "phone", quiet=False)
    page.wait_for_selector("html[data-drafts-ready]", state="attached")
    page.context.set_offline(True)
    page.fill("[name=what]", "离线上报的井盖缺失")
    page.fill("[name=lon]", str(busy.lon))
    page.fill("[name=lat]", str(busy.lat))
    page.click("form[data-draft] [type=submit]")
    page.wait_for_selector("[data-drafts] li:has-text('离线上报的井盖缺失')")
    assert page.locator("[data-offline]").is_visible()
    page.context.set_offline(False)
    page.wait_for_selector("[data-drafts]", state="hidden")
    with own_demo.begin() as session:
        asked = text("SELECT count(*) FROM wangge.dangers WHERE what = '离线上报的井盖缺失'")
        assert session.scalar(asked) == 1


@IN_BOTH
def test_a_note_about_a_person_is_refused_with_the_reason(browse, busy, size, language):
    page = browse(f"/notes/compound/{busy.code}", size, language, quiet=False)
    page.fill("[name=body]", "姓名：王小明，电话13800138000")
    page.click("form[data-draft] [type=submit]")
    said = page.locator("#f-body-error").inner_text()
    assert {"zh": "个人信息", "en": "named a person"}[language] in said
    page.fill("[name=body]", "北门路灯不亮")
    page.click("form[data-draft] [type=submit]")
    page.wait_for_selector(".notes li")
    assert "北门路灯不亮" in page.inner_text(".notes")


@IN_BOTH
def test_places_are_visited_in_walking_order(browse, size, language):
    page = browse("/today", size, language)
    for row in range(3):
        page.goto(page.url.partition("/visits")[0].removesuffix("/today") + "/today")
        page.locator("form[action='/visits/add'] button").nth(row).click()
        page.wait_for_url("**/visits")
    assert page.locator(".walk li").count() == 3
    page.click("[data-with-position] button")
    page.wait_for_url("**/visits?walked=*")
    assert {"zh": "沿街道", "en": "along streets"}[language] in page.inner_text(".notice")
    for _ in range(3):
        with page.expect_navigation():
            page.locator("form[action$='/done'] button").first.click()
    assert page.locator(".walk").count() == 0


def test_map_and_list_stay_in_step(browse, busy):
    page = browse("/map")
    frame = map_of(page)
    row = page.locator("[data-go] tbody tr").nth(3)
    key = row.get_attribute("data-key")
    row.locator("td").nth(3).click()
    frame.wait_for_function("key => wangge.selected?.key === key", arg=key)
    assert f"at={key}" in page.url
    frame.evaluate("key => wangge.open('rating', key)", busy.code)
    page.wait_for_selector(f"tr.chosen[data-key='{busy.code}']")
    row.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    frame.wait_for_function("key => wangge.selected?.key !== key", arg=busy.code)


def test_a_search_stands_in_the_address_and_back_undoes_it(browse, own_demo, busy):
    from api.web.search import initials

    page = browse("/map")
    all_rows = page.locator(".table-foot [role=status]").inner_text()
    page.locator("[name=q]").press_sequentially(initials(busy.name)[:4])
    page.wait_for_url(f"**q={initials(busy.name)[:4]}**")
    page.wait_for_selector(f"tr[data-key='{busy.code}']")
    assert page.locator(".table-foot [role=status]").inner_text() != all_rows
    taken = page.locator("form.downloads")
    with page.expect_download() as coming:
        taken.locator("[name=purpose]").fill("季度会商")
        taken.locator("[value=csv]").click()
    body = coming.value.path().read_text("utf-8")
    assert len(body.splitlines()) - 1 == page.locator("[data-go] tbody tr").count()
    with own_demo.begin() as session:  # what leaves is written down
        lines = text(
            "SELECT target, rows, purpose FROM wangge.audit_entries WHERE event = 'export'"
        )
        assert session.execute(lines).all() == [
            ("table compounds", len(body.splitlines()) - 1, "季度会商")
        ]
    page.go_back()
    page.wait_for_function(
        "t => document.querySelector('.table-foot [role=status]')?.innerText === t", arg=all_rows
    )


def test_what_could_not_be_fetched_or_sent_is_said_and_the_page_stays(browse, service):
    page = browse("/map", quiet=False)
    failure = service.get("/nothing", headers={"accept": "text/html"}).text
    page.route("**/map?*", lambda asked: asked.fulfill(status=503, body=failure))
    page.locator("[name=q]").press_sequentially("wh")
    page.wait_for_selector("[data-told]")
    told = page.inner_text("[data-told]")
    assert "页面内容未更新" in told
    assert "没有找到" in told  # what the answer itself says
    page.goto(page.url.partition("/map")[0] + "/today")
    page.context.set_offline(True)
    page.locator("form[action='/visits/add'] button").first.click()
    assert "没有网络" in page.inner_text("[data-told]")
    assert page.url.endswith("/today")


def test_a_box_filters_the_list_and_two_periods_move_together(browse):
    page = browse("/map?before=2026Q2")
    frame = map_of(page)
    other = page.locator("[data-map]").nth(1).element_handle().content_frame()
    other.wait_for_selector("html[data-ready]", state="attached")
    frame.evaluate("wangge.map.setView([25.05, 102.71], 15, { animate: false })")
    other.wait_for_function("() => Math.abs(wangge.map.getCenter().lng - 102.71) < 1e-4")
    rows = page.locator("[data-go] tbody tr").count()
    frame.click(".map-tools button:nth-child(2)")
    area = page.locator("[data-map]").first.bounding_box()
    for share in (0.3, 0.6):
        page.mouse.click(area["x"] + share * area["width"], area["y"] + share * area["height"])
    page.wait_for_url("**box=**")
    assert page.locator("[data-go] tbody tr").count() < rows
    stays_at(page, 15, 102.71)


def stays_at(page, zoom, lon):
    """The map is where it was; the view stands in the page's own address."""
    frame = map_of(page)
    assert frame.evaluate("wangge.map.getZoom()") == zoom
    assert frame.evaluate("wangge.map.getCenter().lng") == pytest.approx(lon, abs=1e-4)
    assert f"#map={zoom}/" in page.url
    return frame


def test_the_view_of_the_map_survives_a_reload_a_filter_and_a_copied_link(browse, base):
    page = browse("/map")
    frame = map_of(page)
    assert "#" not in page.url
    frame.evaluate("wangge.map.setView([25.05, 102.71], 16, { animate: false })")
    frame.evaluate("wangge.show('rating', false)")
    page.wait_for_url("**#map=16/**")
    page.select_option("[name=colour]", "red")
    page.wait_for_url("**colour=red**#map=16/**")
    page.reload()
    page.wait_for_selector("html[data-ready]", state="attached")
    assert not stays_at(page, 16, 102.71).evaluate("wangge.layers.get('rating').visible")
    with page.expect_navigation():
        page.select_option("[name=period]", "2026Q2")
    page.wait_for_selector("html[data-ready]", state="attached")
    stays_at(page, 16, 102.71)
    stays_at(browse(page.url.removeprefix(base)), 16, 102.71)


@pytest.mark.parametrize("device", ["dark", "light"])
def test_page_and_map_look_as_the_device_does_until_somebody_chooses(browse, busy, device):
    page = browse("/map", "desk", "zh", "auto")
    page.emulate_media(color_scheme=device)
    page.reload()
    frame = map_of(page)
    is_sound(page)  # every word is seen on its ground
    for part, of in ((page, "html"), (frame, ".folium-map")):
        assert (part.evaluate(LIGHTNESS, of) < 64) == (device == "dark")


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_the_map_is_as_dark_as_the_page_around_it(browse, busy, theme):
    frame = map_of(browse("/map", "desk", "zh", theme))
    for part in (".folium-map", ".panel", ".zoom"):
        assert (frame.evaluate(LIGHTNESS, part) < 64) == (theme == "dark")
    frame.evaluate("wangge.panel(true)")
    is_sound(frame)
    frame.evaluate("key => wangge.open('rating', key)", busy.code)
    frame.wait_for_selector(".detail-body")
    is_sound(frame)


def test_the_map_measures_on_the_ellipsoid_and_knows_the_grid(browse, busy, base):
    page = browse("/map")
    page.context.grant_permissions(["geolocation"], origin=base)
    page.context.set_geolocation({"longitude": busy.lon, "latitude": busy.lat})
    frame = map_of(page)
    lon, lat = [102.6, 102.75, 102.7], [25.0, 25.05, 25.15]
    points = [{"lng": x, "lat": y} for x, y in zip(lon, lat, strict=True)]
    geod = Geod(ellps="WGS84")
    assert frame.evaluate("p => wangge.measured.length(p)", points) == pytest.approx(
        geod.line_length(lon, lat), rel=1e-5
    )
    lon, lat = [102.70, 102.72, 102.71], [25.00, 25.01, 25.03]  # two kilometres each side
    points = [{"lng": x, "lat": y} for x, y in zip(lon, lat, strict=True)]
    area_m2, _ = geod.polygon_area_perimeter(lon, lat)
    found = frame.evaluate("p => wangge.measured.area(p)", points)
    assert found == pytest.approx(abs(area_m2), rel=1e-4)
    frame.click(".map-tools button:last-child")
    frame.wait_for_function("() => /网格 /.test(document.querySelector('.readout')?.innerText)")


def test_a_verdict_opens_to_rule_threshold_source_and_history(browse, busy):
    page = browse(f"/places/compound/{busy.code}")
    page.click(".verdict summary")
    told = page.inner_text(".verdict-body")
    for word in (
        "SAF-1",
        "红牌相对风险高于",
        "五华区关于加强和完善社区治理",
        "2026Q3",
        "2026Q2",
        "自动计算",
    ):
        assert word in told
