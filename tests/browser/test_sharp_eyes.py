"""The police liaison's main task by real clicks: board, blind area, plan, file of points."""

import json
import re
import time

import httpx2
import pytest
from looks import is_sound
from playwright.sync_api import expect
from serving import account_of, serving
from sqlalchemy import select

from gis.access.rights import Role
from gis.compounds.model import Compound

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


@pytest.fixture(scope="module")
def hard(demo_store):
    """A compound with so many places that the solver takes all its time for 95 %."""
    with demo_store.begin() as session:
        return session.scalars(select(Compound.code).order_by(Compound.code).offset(2)).first()


def works(base):
    """How many plans the service works on."""
    told = httpx2.get(f"{base}/metrics").text
    return float(re.search(r"^wangge_works (\S+)$", told, re.MULTILINE)[1])


@pytest.mark.parametrize(
    ("size", "language"), [("phone", "zh"), pytest.param("desk", "en", marks=pytest.mark.slow)]
)
def test_a_plan_shows_how_far_it_is_and_ends_on_the_server_when_it_is_stopped(
    browse, service, hard, size, language
):
    page = browse("/sharp-eyes/plan", size, language)
    page.select_option("[name=compound]", hard)
    page.select_option("[name=target]", "0.95")
    page.locator(".plan-form [type=submit]").press("Enter")
    told = page.locator("[data-working]")
    told.wait_for(state="visible")
    half = "() => document.querySelector('[data-working] progress').position"
    page.wait_for_function(f"() => ({half})() > 0.5")
    assert page.evaluate(half) < 1
    assert {"zh": "正在计算：求解", "en": "Computing: solving"}[language] in told.inner_text()
    assert re.search(r"\b[5-9]\d %", told.inner_text())
    assert works(service[0]) == 1
    is_sound(page)
    stop = told.locator("button")
    stop.focus()
    stop.press("Enter")
    stopped_s = time.monotonic()
    told.wait_for(state="hidden")
    while works(service[0]) and time.monotonic() < stopped_s + 3:
        time.sleep(0.05)
    assert works(service[0]) == 0
    assert "compound=" not in page.url  # the page stays as it was
    assert page.input_value("[name=compound]") == hard
    page.select_option("[name=target]", "")
    page.fill("[name=budget]", "1")
    page.click(".plan-form [type=submit]")
    page.wait_for_url("**budget=1*")
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
