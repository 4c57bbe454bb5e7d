"""The planner's main tasks in a real browser: by real clicks, in both languages and sizes."""

import importlib.util
from pathlib import Path

import pytest
from sqlalchemy import text

from gis.access.rights import Role
from maps import assets

pytestmark = pytest.mark.browser
AXE = (assets.library_folder() / "axe-core/axe.min.js").read_text("utf-8")
RULES = "['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']"
AUDIT = f"""async () => (await axe.run(document, {{
    iframes: false, resultTypes: ['violations'], runOnly: {{ type: 'tag', values: {RULES} }}
}})).violations.map(({{ id, nodes: [one] }}) => [id, one.html.slice(0, 120), one.failureSummary])"""
WIDER = "document.documentElement.scrollWidth > innerWidth"
SIZES = {"desk": (1280, 800), "phone": (390, 844)}
IN_BOTH = pytest.mark.parametrize(("size", "language"), [("phone", "zh"), ("desk", "en")])
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


@pytest.fixture(scope="module")
def place(own_demo):
    """(address, header by role): the service over a demo of the module's own."""
    path = Path(__file__).parents[1] / "http" / "conftest.py"
    spec = importlib.util.spec_from_file_location("http_service", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    with module._serve(own_demo.urls, role=None, serve_internal=True) as client:
        roles = (Role.PLANNER, Role.POLICE_LIAISON)
        yield (
            str(client.base_url).rstrip("/"),
            {role: f"Bearer {module.token_of(own_demo.urls, role)}" for role in roles},
        )


@pytest.fixture
def browse(chromium, place):
    """Open a page as a role; at the end nothing was complained of and nothing left the machine."""
    base, tokens = place
    contexts, complaints, asked = [], [], []

    def opened(path, size="desk", language="zh", role=Role.PLANNER):
        width, height = SIZES[size]
        context = chromium.new_context(
            viewport={"width": width, "height": height}, has_touch=size == "phone",
            extra_http_headers={"Authorization": tokens[role]},
        )  # fmt: skip
        context.add_cookies([{"name": "wangge_language", "value": language, "url": base}])
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda m: m.type == "error" and complaints.append(m.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(base + path)
        page.wait_for_selector("html[data-ready]", state="attached")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []
    assert [url for url in asked if not url.startswith((base, "blob:", "data:"))] == []


def is_sound(page):
    """Accessible and no wider than the screen."""
    page.evaluate(AXE)
    assert page.evaluate(AUDIT) == [], page.url
    assert not page.evaluate(WIDER), page.url


def on_map(page, x, y):
    """Page coordinates of a point of the drawing map."""
    box = page.locator(".draw-map").bounding_box()
    return box["x"] + x, box["y"] + y


def seen(page, language, zh, en):
    page.wait_for_selector(f"text={zh if language == 'zh' else en}")


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
