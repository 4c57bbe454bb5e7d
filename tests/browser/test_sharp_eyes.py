"""The police liaison's main task by real clicks: board, blind area, plan, file of points."""

import json
import re

import pytest
from looks import is_sound
from playwright.sync_api import expect
from serving import account_of, serving

from gis.access.rights import Role

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def service(demo_store):
    account = account_of(demo_store.urls, Role.POLICE_LIAISON)
    with serving(demo_store.urls, role=None, serve_internal=True) as client:
        yield str(client.base_url).rstrip("/"), account


@pytest.fixture
def browse(open_served, service):
    """A page of the liaison's: a download takes the session along, not a test's header."""
    base, account = service
    return lambda path, *look: open_served(base, path, *look, account=account)


def map_of(page):
    frame = page.locator("iframe").first.element_handle().content_frame()
    frame.wait_for_selector("html[data-ready]", state="attached", timeout=60_000)
    return frame


@pytest.mark.parametrize(
    ("size", "language"), [("desk", "zh"), pytest.param("phone", "en", marks=pytest.mark.slow)]
)
def test_from_the_board_over_a_blind_area_to_planned_points(browse, tmp_path, size, language):
    page = browse("/sharp-eyes", size, language)
    page.wait_for_selector("html[data-chart-ready]", state="attached")
    page.click("nav.tabs a[href='/sharp-eyes/blind']")
    frame = map_of(page)
    row = page.locator("[data-go] tbody tr").first
    key = row.get_attribute("data-key")
    row.locator("td").last.click()
    frame.wait_for_function("key => wangge.selected?.key === key", arg=key)
    row.locator("a").click()
    page.wait_for_url("**/sharp-eyes/plan?compound=*")
    page.fill("[name=budget]", "2")
    page.click(".plan-form [type=submit]")
    page.wait_for_url("**budget=2*")
    drawn = map_of(page)
    assert drawn.evaluate("wangge.layers.get('video_plan').size") == 2
    gains = [
        float(re.sub(r"[^\d.]", "", one))
        for one in page.locator("td[data-label^='新增'], td[data-label^='Adds']").all_inner_texts()
    ]
    assert len(gains) == 2
    assert min(gains) > 0
    page.fill("form[action='/sharp-eyes/plan.geojson'] [name=purpose]", "选址")
    with page.expect_download() as waiting:
        page.click("form[action='/sharp-eyes/plan.geojson'] button")
    file = tmp_path / waiting.value.suggested_filename
    waiting.value.save_as(file)
    points = json.loads(file.read_text("utf-8"))
    assert [one["properties"]["status"] for one in points["features"]] == ["planned"] * 2
    shown = [round(one["properties"]["gain_m2"]) for one in points["features"]]
    assert shown == gains
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")


COUNT_STOPS = "() => { window.stops = 0; window.stop = () => { stops += 1; }; }"


@pytest.mark.parametrize(
    ("size", "language"), [("phone", "zh"), pytest.param("desk", "en", marks=pytest.mark.slow)]
)
def test_a_plan_that_takes_long_is_said_to_be_worked_on_and_can_be_stopped(browse, size, language):
    page = browse("/sharp-eyes/plan", size, language)
    page.evaluate(COUNT_STOPS)
    page.route("**/sharp-eyes/plan", lambda asked: asked.fulfill(status=204))  # leads nowhere
    code = page.locator("[name=compound] option").nth(1).get_attribute("value")
    page.select_option("[name=compound]", code)
    page.fill("[name=budget]", "3")
    page.locator(".plan-form [type=submit]").press("Enter")
    told = page.locator("[data-working]")
    told.wait_for(state="visible")
    assert {"zh": "正在计算", "en": "Computing"}[language] in told.inner_text()
    is_sound(page)
    stop = told.locator("button")
    stop.focus()
    stop.press("Enter")
    told.wait_for(state="hidden")
    assert page.input_value("[name=budget]") == "3"  # the page stays as it was
    assert page.evaluate("stops") == 1
    page.unroute("**/sharp-eyes/plan")
    page.click(".plan-form [type=submit]")
    page.wait_for_url("**budget=3*")
    assert page.locator("[data-working]").is_hidden()


def test_points_drawn_on_the_map_are_the_places_of_the_plan(browse):
    page = browse("/sharp-eyes/blind", "desk", "zh")
    page.locator("[data-go] tbody tr a").first.click()
    page.wait_for_url("**/sharp-eyes/plan?compound=*")
    drawn = map_of(page)
    spots = drawn.evaluate("""() => {
        const layer = wangge.layers.get('video_plan');
        const { x, y } = wangge.map.getContainer().getBoundingClientRect();
        return [0, 1].map(row => {
            const place = [layer.index.lat[row], layer.index.lon[row]];
            const at = wangge.map.latLngToContainerPoint(place);
            return [at.x + x, at.y + y];
        });
    }""")
    if drawn.locator("#wg-open-panel").is_visible():
        drawn.click("#wg-open-panel")
    drawn.click("#wg-plan")
    box = page.locator("iframe.one-map").bounding_box()
    drawn.evaluate("document.getElementById('wg-close-panel').click()")
    for x, y in spots:
        page.mouse.click(box["x"] + x, box["y"] + y)
    expect(page.locator("[data-plan-count]")).to_have_text("2")  # the map tells it later
    assert page.is_checked("[name=where][value=drawn]")
    page.click(".plan-form [type=submit]")
    page.wait_for_url("**poles=**")
    names = page.locator("td[data-label='名称']").all_inner_texts()
    assert set(names) == {"规划点位 1", "规划点位 2"}  # from a pole several points may look
    assert map_of(page).evaluate("wangge.layers.get('video_plan').size") == len(names)
