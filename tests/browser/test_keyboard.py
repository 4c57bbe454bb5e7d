"""Each group's main task by the keyboard alone: Tab, Enter, Space, arrows and typing."""

import pytest
from serving import serving, token_of
from sqlalchemy import text

from api import analyses
from gis.access.rights import Role
from gis.runs.model import Analysis

pytestmark = pytest.mark.browser
DAY_STOPS = 3  # more in an entry of a day: year, month, day and the calendar
MOST = 120  # stops from the page's content to what is looked for
# Where the keyboard is: whether it matches, and whether a reader sees that it is there.
STOP = """selector => {
    const one = document.activeElement, { top, bottom, width } = one.getBoundingClientRect();
    const look = () => {
        const { outlineStyle, outlineWidth, boxShadow, borderColor } = getComputedStyle(one);
        return [outlineStyle === 'none' ? '' : outlineWidth, boxShadow, borderColor].join(' ');
    };
    const bar = document.querySelector('header.top').getBoundingClientRect().bottom;
    const covered = bottom <= (one.closest('header, .skip') ? 0 : bar) || top >= innerHeight;
    const focused = look();
    if (one === document.body) return { name: 'the window', found: false, seen: true };
    let seen = getComputedStyle(one).outlineStyle !== 'none';
    if (!seen && one.type !== 'date') { // by another edge or shadow than at rest
        one.blur();
        seen = look() !== focused;
        one.focus({ focusVisible: true });
    }
    const name = one.outerHTML.slice(0, 120);
    return { name, found: one.matches(selector), seen: seen && width > 0 && !covered };
}"""


class Keys:
    """A reader without a mouse."""

    def __init__(self, page):
        self.page = page

    def to(self, selector, key="Tab"):
        """Step until the keyboard is on something; it never stays where it was."""
        before, same = "", 0
        for _ in range(MOST):
            self.page.keyboard.press(key)
            stop = self.page.evaluate(STOP, selector)
            same = same + 1 if stop["name"] == before else 0
            inside = 'type="date"' in before and same  # year, month, day, the calendar
            assert stop["seen"] or inside, stop
            if stop["found"]:
                return
            assert same <= (DAY_STOPS if inside else 0), before
            before = stop["name"]
        raise AssertionError(f"{selector} is not among {MOST} stops")

    def write(self, selector, words):
        self.to(selector)
        self.page.keyboard.type(words)

    def choose(self, selector, value):
        """With the arrows, as many steps as the choice is away."""
        self.to(selector)
        steps = self.page.evaluate(
            "value => { const { options, selectedIndex } = document.activeElement;"
            " return [...options].findIndex((one) => one.value === value) - selectedIndex; }",
            value,
        )
        for _ in range(abs(steps)):
            self.page.keyboard.press("ArrowDown" if steps > 0 else "ArrowUp")

    def press(self, selector, key="Enter"):
        """Go there and press it; where it leads to another page, wait for that."""
        self.to(selector)
        self.page.keyboard.press(key)

    def follow(self, selector):
        self.to(selector)
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")
        self.page.wait_for_selector("html[data-ready]", state="attached")

    def content(self):
        """Past the menu by the first stop of every page."""
        self.page.wait_for_selector("html[data-ready]", state="attached")
        self.to(".skip")
        self.page.keyboard.press("Enter")
        assert self.page.evaluate("document.activeElement.id") == "content"


@pytest.fixture(scope="module")
def place(own_demo, demo_store):
    """(address, tokens by role) over a demo with two quarters rated."""
    for period in ("2026Q2", "2026Q3"):
        with own_demo.begin() as session:
            when = analyses.asked(session, demo_store.house, period=period, as_of=None)
            analyses.run(session, demo_store.house, Analysis.RATING, when)
    with serving(own_demo.urls, role=None, serve_internal=True) as client:
        base = str(client.base_url).rstrip("/")
        yield (
            base,
            {role: token_of(own_demo.urls, role) for role in Role}
            | {"second": token_of(own_demo.urls, Role.POLICE_LIAISON)},
        )


@pytest.fixture
def keys(open_served, place):
    """A keyboard on a page that somebody has opened, past its menu."""

    def opened(who, path, *look):
        page = open_served(place[0], path, *look, token=place[1][who])
        found = Keys(page)
        found.content()
        return found

    return opened


def test_a_supervisor_reads_a_compounds_reasons_and_writes_a_note(keys):
    own = keys(Role.GRID_SUPERVISOR, "/today")
    with own.page.expect_navigation():
        own.choose(
            "[name=area]", own.page.locator("[name=area] option").nth(1).get_attribute("value")
        )
    assert "area=" in own.page.url
    own.content()
    own.follow("main a[href^='/places/compound/']")
    own.content()
    own.press(".verdict summary", "Space")
    assert "SAF-1" in own.page.inner_text(".verdict-body")
    own.follow("main a[href^='/notes/']")
    own.content()
    own.write("[name=body]", "北门路灯不亮")
    own.follow("form[data-draft] [type=submit]")
    assert "北门路灯不亮" in own.page.inner_text(".notes")


def test_a_planner_reads_the_board_and_puts_a_facility_where_it_was_typed(keys, own_demo):
    own = keys(Role.PLANNER, "/coverage-board")
    own.follow("tbody a")
    assert "/coverage-board/" in own.page.url
    asked = text("""SELECT code, ST_X(p) AS lon, ST_Y(p) AS lat FROM wangge.areas,
                    LATERAL (SELECT ST_PointOnSurface(geom) AS p) AS inside
                    WHERE level = 'community' ORDER BY code LIMIT 1""")
    with own_demo.begin() as session:
        spot = session.execute(asked).one()
    own = keys(Role.PLANNER, "/scenarios", "desk", "en")
    own.write("[name=name]", "Typed")
    own.follow("form[action='/scenarios'] button")
    own.content()
    own.choose("[name=kind]", "add")
    own.write("[name=area_m2]", "5000")
    own.write("form[action$='/changes'] [name=name]", "New station")
    own.write("[name=lon]", f"{spot.lon}")
    own.write("[name=lat]", f"{spot.lat}")
    own.follow("form[action$='/changes'] button")
    assert "5,000" in own.page.inner_text(f"tr[data-key='{spot.code}']")

    own = keys(Role.PLANNER, "/facilities/new")
    own.write("[name=name]", "键盘服务站")
    own.write("[name=geom]", f"{spot.lon:.6f}, {spot.lat:.6f}")
    own.follow("button[value=check]")
    own.content()
    assert spot.code in own.page.inner_text(".preview")
    own.press("[name=sure]", "Space")
    own.follow("button[value=save]")
    with own_demo.begin() as session:
        kept = text("SELECT ST_AsText(geom, 6) FROM wangge.facilities WHERE name = '键盘服务站'")
        assert session.scalar(kept) == f"POINT({spot.lon:.6f} {spot.lat:.6f})"


def test_one_liaison_asks_for_another_colour_and_a_second_agrees(keys, place):
    own = keys(Role.POLICE_LIAISON, "/ratings?period=2026Q3")
    own.follow("form[action='/ratings'] button")
    own.content()
    own.follow("tbody a")
    own.content()
    own.write("form[action*='/ask/'] [name=reason]", "派出所核实：两起为同一事件的重复登记")
    own.follow("form[action*='/ask/'] button")
    second = keys("second", own.page.url.removeprefix(place[0]))
    second.follow("button[value=approve]")
    second.page.wait_for_selector(".reason")
    assert second.page.locator("button[value=approve]").count() == 0


def test_an_administrator_makes_an_account(keys):
    own = keys(Role.SYSTEM_ADMIN, "/accounts")
    own.write("[name=login]", "post-keys")
    own.follow("form[action='/accounts'][method=post] button")
    assert "post-keys" in own.page.inner_text("#made")


@pytest.mark.parametrize("path", ["/map", "/facilities/new", "/grids/{community}"])
def test_the_keyboard_comes_out_of_every_map_again(keys, own_demo, path):
    """Round the whole page: the end of the list is reached, however many stops a map has."""
    with own_demo.begin() as session:
        community = session.scalar(text("SELECT min(area_code) FROM wangge.grids"))
    own = keys(Role.PLANNER, path.format(community=community))
    for _ in range(400):
        own.page.keyboard.press("Tab")
        if own.page.evaluate("document.activeElement.matches('.skip, body')"):
            return
    raise AssertionError(own.page.evaluate("document.activeElement.outerHTML.slice(0, 200)"))
