"""Administrators' pages and the import wizard in a real browser: main tasks by real clicks."""

import importlib.util
import re
import threading
from contextlib import ExitStack
from pathlib import Path

import pytest

from api import jobs
from api.house import House
from gis.access.rights import Role
from gis.settings import Settings
from maps import assets

pytestmark = pytest.mark.browser
AXE = (assets.library_folder() / "axe-core/axe.min.js").read_text("utf-8")
RULES = "['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']"
AUDIT = f"""async () => (await axe.run(document, {{
    iframes: false, resultTypes: ['violations'], runOnly: {{ type: 'tag', values: {RULES} }}
}})).violations.map(({{ id, nodes: [one] }}) => [id, one.html.slice(0, 120), one.failureSummary])"""
WIDER = "document.documentElement.scrollWidth > innerWidth"
SIZES = {"desk": (1280, 800), "phone": (390, 844), "zoomed": (640, 400)}  # 1280 × 800 at 200 %
# Each size, language and theme once, so that every style sheet and every word is looked at.
IN_EACH_LOOK = pytest.mark.parametrize(
    ("size", "language", "theme"),
    [("phone", "zh", "light"), pytest.param("desk", "en", "dark", marks=pytest.mark.slow)],
)
PAGES = (
    (Role.SYSTEM_ADMIN, "/accounts"), (Role.SECURITY_ADMIN, "/accounts/system"),
    (Role.SECURITY_ADMIN, "/areas"), (Role.SECURITY_ADMIN, "/policy"), (Role.AUDITOR, "/audit"),
    (Role.AUDITOR, "/health"), (Role.PLANNER, "/rights"), (Role.DATA_STEWARD, "/jobs"),
    (Role.DATA_STEWARD, "/imports"), (Role.POLICE_LIAISON, "/imports"),
)  # fmt: skip
IN_BOTH = pytest.mark.parametrize(
    ("size", "language"), [("phone", "zh"), pytest.param("desk", "en", marks=pytest.mark.slow)]
)
FILE = "点位名称,点位编号,经度,纬度\n大门,A-1,102.70,25.04\n后门,A-2,,\n"


@pytest.fixture(scope="module")
def place(own_demo, tmp_path_factory):
    """(address, home, tokens by role): the service over a demo of the module's own."""
    path = Path(__file__).parents[1] / "http" / "conftest.py"
    spec = importlib.util.spec_from_file_location("http_service", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    home = tmp_path_factory.mktemp("home")
    with ExitStack() as stack:
        client = stack.enter_context(module._serve(own_demo.urls, home=home))
        tokens = {role: module.token_of(own_demo.urls, role) for role in Role}
        admin = {"Authorization": f"Bearer {tokens[Role.SYSTEM_ADMIN]}",
                 "Sec-Fetch-Site": "same-origin"}  # fmt: skip
        client.post("/accounts", data={"login": "system"}, headers=admin)
        yield str(client.base_url).rstrip("/"), home, tokens


@pytest.fixture
def browse(chromium, place):
    """Open a page as a role; at the end nothing was complained of and nothing left the machine."""
    base, _, tokens = place
    contexts, complaints, asked = [], [], []

    def opened(role, path, size="desk", language="zh", theme="light"):
        width, height = SIZES[size]
        context = chromium.new_context(
            viewport={"width": width, "height": height}, has_touch=size == "phone",
            extra_http_headers={"Authorization": f"Bearer {tokens[role]}"},
        )  # fmt: skip
        context.add_cookies(
            [{"name": f"wangge_{name}", "value": value, "url": base}
             for name, value in (("language", language), ("theme", theme))]
        )  # fmt: skip
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


@IN_EACH_LOOK
@pytest.mark.parametrize(("role", "path"), PAGES, ids=lambda one: str(one).strip("/"))
def test_every_page_is_accessible_and_fits_the_screen(browse, role, path, size, language, theme):
    is_sound(browse(role, path, size, language, theme))


@pytest.mark.slow
@pytest.mark.parametrize(("role", "path"), PAGES, ids=lambda one: str(one).strip("/"))
def test_every_page_holds_at_200_per_cent(browse, role, path):
    is_sound(browse(role, path, "zoomed"))


@IN_BOTH
def test_a_day_stands_in_the_words_of_the_page(browse, size, language):
    page = browse(Role.AUDITOR, "/audit", size, language)
    words = page.locator("[name=since] + .day-words")
    assert words.inner_text() == ""
    page.fill("[name=since]", "2026-11-27")
    assert words.inner_text() == {"zh": "2026年11月27日", "en": "27 November 2026"}[language]
    is_sound(page)


def work_on(house, store):
    """A worker does what waits; the browser's driver holds this thread's event loop."""
    worker = threading.Thread(target=jobs.work, args=(house, store.engine), kwargs={"wait": False})
    worker.start()
    worker.join()


@IN_BOTH
def test_an_account_is_made_by_one_and_given_rights_by_another(browse, place, size, language):
    login = f"post-{language}"
    page = browse(Role.SYSTEM_ADMIN, "/accounts", size, language)
    page.fill("[name=login]", login)
    page.click("form[action='/accounts'][method=post] button")
    assert len(page.inner_text("#made .secret")) >= 12
    is_sound(page)
    page = browse(Role.SECURITY_ADMIN, f"/accounts/{login}", size, language)
    page.select_option("[name=role]", "planner")
    page.locator(".level-community input").first.check()
    page.click("form[action$='/role'] button")
    page.wait_for_load_state()
    assert {"zh": "规划人员", "en": "Planner"}[language] in page.inner_text(".pairs")
    page = browse(Role.SYSTEM_ADMIN, f"/accounts/{login}", size, language)
    page.click("form[action$='/lock'] button")
    page.wait_for_selector("form[action$='/unlock']")
    assert {"zh": "已锁定", "en": "Locked"}[language] in page.inner_text(".pairs")


@IN_BOTH
def test_a_camera_sheet_goes_from_the_template_to_its_row_errors(
    browse, own_demo, place, size, language
):
    _, home, _ = place
    house = House(
        Settings(_env_file=None, database_url=own_demo.urls.app, owner_url=own_demo.urls.owner,
                 home=home)
    )  # fmt: skip
    page = browse(Role.POLICE_LIAISON, "/imports", size, language)
    with page.expect_download() as kept:
        page.click("a[href='/imports/templates/cameras.xlsx']")
    assert kept.value.suggested_filename == "cameras.xlsx"
    page.click("a[href='/imports?kind=cameras#upload']")
    assert page.input_value("[name=kind]") == "cameras"
    sheet = {"name": "一机一档.csv", "mimeType": "text/csv", "buffer": FILE.encode()}
    page.set_input_files("[name=file]", sheet)
    page.click("form[action='/imports'] button")
    page.wait_for_url(re.compile(r"/imports/\d+$"))
    page.select_option("[name=frame]", "wgs84")
    page.click("form[action$='/mapping'] button")
    page.wait_for_selector("[data-points] canvas, [data-points] svg", state="attached")
    is_sound(page)
    page.click("form[action$='/dry-run'] button")
    page.wait_for_selector("[data-job]")
    work_on(house, own_demo)
    page.wait_for_selector("#report", timeout=30_000)
    rows = page.inner_text("#report")
    assert {"zh": "拒收", "en": "Refused"}[language] in rows
    is_sound(page)
    with page.expect_download() as kept:
        page.click("a[href$='/report.xlsx']")
    assert kept.value.suggested_filename.endswith(".xlsx")


@IN_BOTH
def test_a_policy_shows_what_it_would_turn(browse, size, language):
    page = browse(Role.SECURITY_ADMIN, "/policy", size, language)
    page.fill("[name=text]", 'version = "t"\n[rules.FAC-1]\nm2_per_100_households = 3000.0\n')
    page.click("form[action='/policy'] button")
    page.wait_for_selector("#turned .chip")
    assert {"zh": "不达标", "en": "Below"}[language] in page.inner_text("#turned")
    is_sound(page)


@IN_BOTH
def test_the_auditor_verifies_the_trail_and_filters_it(browse, size, language):
    page = browse(Role.AUDITOR, "/audit", size, language)
    page.click("form[action='/audit/verification'] button")
    page.wait_for_selector("#verdict .notice.good")
    page.goto(page.url.replace("/verification", ""))
    page.fill("[name=event]", "verify")
    page.click("form.filters button")
    page.wait_for_url("**event=verify**")
    assert "verify" in page.locator("tbody tr").first.inner_text()
    is_sound(page)
