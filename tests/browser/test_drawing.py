"""Outlines drawn by the mouse, as a planner draws them: snapped, cut, merged, refused, set back."""

import json

import pytest
from looks import is_sound
from serving import serving, token_of
from shapely import from_wkb
from sqlalchemy import text

from gis.access.rights import Role

pytestmark = pytest.mark.browser
DRAW, EDITOR = "[data-draw]", "[data-grid-editor]"
NEAR_PX = 8  # within the snapping distance, and metres on the ground at these zooms
# Centres the map on a place; where that place then is on it, in pixels.
SHOWN = """([box, [lon, lat], zoom]) => {
    const { map } = document.querySelector(box).wangge;
    map.setView([lat, lon], zoom, { animate: false });
    return Object.values(map.latLngToContainerPoint([lat, lon]));
}"""
# Where places are on the map as it stands.
PIXELS = """([box, places]) => {
    const { map } = document.querySelector(box).wangge;
    return places.map(([lon, lat]) => Object.values(map.latLngToContainerPoint([lat, lon])));
}"""
WHOLE = f"""() => {{
    const {{ map, grids }} = document.querySelector("{EDITOR}").wangge;
    map.fitBounds(grids.getBounds().pad(0.1), {{ animate: false }});
}}"""


@pytest.fixture(scope="module")
def place(own_demo):
    """(address, token): the service over a demo of the module's own, as a planner."""
    with serving(own_demo.urls, role=None, serve_internal=True) as client:
        yield str(client.base_url).rstrip("/"), token_of(own_demo.urls, Role.PLANNER)


@pytest.fixture
def drawing(open_served, place):
    """Open a page with a map to draw on, ready."""

    def opened(path, language="zh", quiet=True):
        page = open_served(place[0], path, "desk", language, token=place[1], quiet=quiet)
        page.wait_for_selector("html[data-draw-ready]", state="attached")
        page.locator(".draw-map").scroll_into_view_if_needed()
        return page

    return opened


@pytest.fixture
def ask(own_demo):
    """Rows of the store."""

    def asked(statement, **values):
        with own_demo.begin() as session:
            return session.execute(text(statement), values).all()

    return asked


def click(page, *places, last=1):
    """Press the mouse at places of the map, in its pixels; at the last one ``last`` times."""
    box = page.locator(".draw-map").bounding_box()
    for number, (x, y) in enumerate(places, start=1):
        count = last if number == len(places) else 1
        page.mouse.click(box["x"] + x, box["y"] + y, click_count=count)


def drag(page, start, end):
    box = page.locator(".draw-map").bounding_box()
    page.mouse.move(box["x"] + start[0], box["y"] + start[1])
    page.mouse.down()
    page.mouse.move(box["x"] + end[0], box["y"] + end[1], steps=6)
    page.mouse.up()


def around(middle, *offsets):
    return [(middle[0] + east, middle[1] + south) for east, south in offsets]


def box_of(middle, west, north, east, south):
    """The corners of a box round a point, closed."""
    corners = ((west, north), (east, north), (east, south), (west, south), (west, north))
    return around(middle, *corners)


def drawn_parts(page, kind):
    """Wait until the form's entry is of a kind of geometry."""
    page.wait_for_function(
        "kind => JSON.parse(document.getElementById('f-geom').value || '{}').type === kind",
        arg=kind,
    )


def test_a_facility_is_snapped_cut_merged_and_saved(drawing, ask):
    ((lon, lat),) = ask("""
        SELECT ST_X(p.geom), ST_Y(p.geom) FROM wangge.areas AS area,
        LATERAL ST_DumpPoints(area.geom) AS p WHERE area.level = 'community'
        ORDER BY area.code, p.path LIMIT 1""")
    page = drawing("/facilities/new")
    corner = page.evaluate(SHOWN, [DRAW, [lon, lat], 18])
    page.click(".leaflet-pm-icon-polygon")
    near = (NEAR_PX, -NEAR_PX)
    click(page, *around(corner, near, (200, 0), (200, 160), (120, 160), near))
    drawn_parts(page, "Polygon")
    page.click(".leaflet-pm-icon-cut")
    click(page, *box_of(corner, 10, 60, 230, 100))
    drawn_parts(page, "MultiPolygon")
    page.click(".leaflet-pm-icon-polygon")
    click(page, *box_of(corner, 120, 40, 170, 120))
    page.wait_for_function(
        "() => JSON.parse(document.getElementById('f-geom').value).coordinates.length === 3"
    )
    page.click("[data-draw-merge]")
    drawn_parts(page, "Polygon")
    assert page.locator("[data-draw-merge]").is_hidden()
    page.fill("[name=name]", "街角服务站")
    page.click("button[value=check]")
    page.wait_for_selector(".preview")
    if page.locator("[name=sure]").count():
        page.check("[name=sure]")
    page.click("button[value=save]")
    page.wait_for_selector("text=已保存")

    ((saved,),) = ask("SELECT ST_AsBinary(geom) FROM wangge.facilities WHERE name = '街角服务站'")
    shape = from_wkb(bytes(saved))
    spots = {(round(x, 7), round(y, 7)) for x, y in shape.exterior.coords}
    assert (round(lon, 7), round(lat, 7)) in spots  # the community's own corner, not 8 px beside
    assert len(spots) == 12  # two bars and the four corners of the bridge between them


def test_a_facility_drawn_outside_the_district_is_refused(drawing, ask):
    ((lon, lat),) = ask("SELECT ST_XMax(ST_Extent(geom)) + 0.2, ST_YMax(ST_Extent(geom)) + 0.2"
                        " FROM wangge.areas")  # fmt: skip
    page = drawing("/facilities/new", "en", quiet=False)  # refused: 422
    middle = page.evaluate(SHOWN, [DRAW, [lon, lat], 18])
    page.click(".leaflet-pm-icon-polygon")
    click(page, *box_of(middle, -40, -40, 40, 40))
    drawn_parts(page, "Polygon")
    page.fill("[name=name]", "Far away")
    with page.expect_navigation():
        page.click("button[value=check]")
    assert "lies in no community of this district" in page.inner_text(".preview .bad")
    assert page.locator("button[value=save]").count() == 0
    is_sound(page)


@pytest.fixture(scope="module")
def community(own_demo):
    """A community with nothing wrong with its grids, two of which do not touch."""
    asked = text("""SELECT area_code FROM wangge.grids AS a JOIN wangge.grids AS b USING (area_code)
                    WHERE area_code NOT IN (SELECT area_code FROM wangge.grid_findings)
                      AND ST_Disjoint(a.geom, b.geom) ORDER BY 1 LIMIT 1""")
    with own_demo.begin() as session:
        return session.scalar(asked)


GRIDS = """SELECT code, ST_AsBinary(geom) AS geom, name FROM wangge.grids
           WHERE area_code = :community AND valid_to IS NULL ORDER BY code"""
PAIRS = """SELECT ST_X(p), ST_Y(p), ST_X(q), ST_Y(q) FROM wangge.grids AS a
           JOIN wangge.grids AS b USING (area_code),
           LATERAL (SELECT ST_PointOnSurface(a.geom) AS p, ST_PointOnSurface(b.geom) AS q) AS spots
           WHERE area_code = :community AND a.valid_to IS NULL AND b.valid_to IS NULL AND CASE
             WHEN :touch THEN ST_Length(ST_Intersection(a.geom, b.geom)) > 0 AND a.code < b.code
             ELSE ST_Disjoint(a.geom, b.geom) END
           ORDER BY a.code, b.code LIMIT 1"""


def test_two_grids_are_merged_by_clicks_saved_and_set_back(drawing, ask, community):
    before = ask(GRIDS, community=community)
    ((x1, y1, x2, y2),) = ask(PAIRS, community=community, touch=True)
    page = drawing(f"/grids/{community}")
    page.evaluate(WHOLE)
    click(page, *page.evaluate(PIXELS, [EDITOR, [[x1, y1], [x2, y2]]]))
    assert page.locator("[data-grid-rows] [aria-pressed=true]").count() == 2
    page.click("[data-pen=merge]")
    page.wait_for_function(
        "count => document.querySelectorAll('[data-grid-rows] tr').length === count",
        arg=len(before) - 1,
    )
    page.click("button[value=check]")
    page.wait_for_selector("[data-change=gone]")
    assert page.locator("[data-change=redrawn]").count() == 1
    page.click("button[value=save]")
    page.wait_for_selector("text=已保存为新版本")
    after = ask(GRIDS, community=community)
    assert len(after) == len(before) - 1
    ground = [sum(from_wkb(bytes(one.geom)).area for one in rows) for rows in (before, after)]
    assert ground[1] == pytest.approx(ground[0], rel=1e-9)
    page.click("form[action$='/undo'] button")
    page.wait_for_selector("text=已撤销")
    assert ask(GRIDS, community=community) == before


def corners_at(ask, community, lon, lat):
    """How many grids of the community have a corner at a place."""
    ((count,),) = ask(
        """SELECT count(DISTINCT code) FROM wangge.grids AS grid, LATERAL ST_DumpPoints(geom) AS p
           WHERE area_code = :community AND valid_to IS NULL
             AND ST_Distance(p.geom, ST_SetSRID(ST_MakePoint(:lon, :lat), 4326)) < 1e-8""",
        community=community, lon=lon, lat=lat,
    )  # fmt: skip
    return count


def test_a_cut_from_corner_to_corner_meets_both_corners(drawing, ask, community):
    ((code, *ends),) = ask(
        """
        WITH corner AS (
            SELECT code, p.path, p.geom FROM wangge.grids AS grid, LATERAL ST_DumpPoints(geom) AS p
            WHERE area_code = :community AND valid_to IS NULL
        ) SELECT code, ST_X(a.geom), ST_Y(a.geom), ST_X(b.geom), ST_Y(b.geom)
        FROM corner AS a JOIN corner AS b USING (code) JOIN wangge.grids AS grid USING (code)
        WHERE valid_to IS NULL AND ST_Relate(ST_MakeLine(a.geom, b.geom), grid.geom, '1FF******')
        ORDER BY ST_Distance(a.geom, b.geom) DESC, a.path LIMIT 1""",
        community=community,
    )
    ends = [ends[:2], ends[2:]]
    before = [corners_at(ask, community, *one) for one in ends]
    page = drawing(f"/grids/{community}")
    page.evaluate(WHOLE)
    page.locator("[data-grid-rows] button", has_text=code[-3:]).click()
    page.click("[data-pen=split]")
    page.locator(".draw-map").scroll_into_view_if_needed()
    first, last = page.evaluate(PIXELS, [EDITOR, ends])
    click(page, *around(first, (5, 4)), *around(last, (-5, -4)), last=2)
    page.wait_for_selector("[data-pen=back]:not([disabled])")
    page.click("button[value=check]")
    page.wait_for_selector("[data-change=new]")
    assert page.locator(".findings .bad").count() == 0
    page.click("button[value=save]")
    page.wait_for_selector("text=已保存为新版本")
    after = [corners_at(ask, community, *one) for one in ends]
    assert after == [count + 1 for count in before]
    page.click("form[action$='/undo'] button")
    page.wait_for_selector("text=已撤销")


def test_a_hole_torn_by_a_dragged_corner_is_refused_and_can_be_taken_back(drawing, ask, community):
    ((x, y, east, north),) = ask(
        """
        SELECT ST_X(p.geom), ST_Y(p.geom), ST_X(ST_Centroid(area.geom)),
               ST_Y(ST_Centroid(area.geom))
        FROM wangge.areas AS area, LATERAL ST_DumpPoints(area.geom) AS p
        WHERE area.code = :community ORDER BY p.path LIMIT 1""",
        community=community,
    )
    page = drawing(f"/grids/{community}", "en")
    page.evaluate(WHOLE)
    corner, middle = page.evaluate(PIXELS, [EDITOR, [[x, y], [east, north]]])
    third = [at + (to - at) / 3 for at, to in zip(corner, middle, strict=True)]
    before = page.input_value("#f-shapes")
    page.click("[data-pen=move]")
    drag(page, corner, third)
    page.wait_for_selector("[data-pen=back]:not([disabled])")
    torn = page.input_value("#f-shapes")
    page.click("[data-pen=back]")
    assert json.loads(page.input_value("#f-shapes")) == json.loads(before)
    page.click("details summary:has-text('GeoJSON')")
    page.fill("#f-shapes", torn)
    page.click("button[value=check]")
    page.wait_for_selector(".findings .bad")
    assert "Cannot be saved:" in page.inner_text(".findings .bad >> nth=0")
    assert page.locator("button[value=save]").count() == 0
    is_sound(page)


def test_what_a_pen_cannot_do_is_said_and_changes_nothing(drawing, ask, community):
    ((x1, y1, x2, y2),) = ask(PAIRS, community=community, touch=False)
    page = drawing(f"/grids/{community}", quiet=False)  # refused: 422
    before = page.input_value("#f-shapes")
    page.evaluate(WHOLE)
    one, other = page.evaluate(PIXELS, [EDITOR, [[x1, y1], [x2, y2]]])
    click(page, one, other)
    page.click("[data-pen=merge]")
    page.wait_for_selector("[data-said]:has-text('所选网格不相邻')")
    click(page, other)
    page.click("[data-pen=split]")
    click(page, *around(one, (-25, 0), (25, 0)), last=2)
    page.wait_for_selector("[data-said]:has-text('线没有把网格切开')")
    assert page.input_value("#f-shapes") == before
    assert page.locator("[data-pen=back]").is_disabled()
