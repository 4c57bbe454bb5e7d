"""Administrators' pages and the import wizard in a real browser: main tasks by real clicks."""

import re
import threading

import pytest
from looks import IN_BOTH, MAIN_TASK, is_sound
from serving import serving, token_of

from api import jobs
from api.house import House
from gis.access.rights import Role
from gis.settings import Settings

pytestmark = pytest.mark.browser
FILE = "点位名称,点位编号,经度,纬度\n大门,A-1,102.70,25.04\n后门,A-2,,\n"


@pytest.fixture(scope="module")
def place(own_demo, tmp_path_factory):
    """(address, home, tokens by role): the service over a demo of the module's own."""
    home = tmp_path_factory.mktemp("home")
    with serving(own_demo.urls, home=home) as client:
        tokens = {role: token_of(own_demo.urls, role) for role in Role}
        admin = {"Authorization": f"Bearer {tokens[Role.SYSTEM_ADMIN]}",
                 "Sec-Fetch-Site": "same-origin"}  # fmt: skip
        client.post("/accounts", data={"login": "system"}, headers=admin)
        yield str(client.base_url).rstrip("/"), home, tokens


@pytest.fixture
def browse(open_served, place):
    """Open a page as a role."""
    base, _, tokens = place
    return lambda role, path, *look: open_served(base, path, *look, token=tokens[role])


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
def test_the_first_security_administrator_is_made_once(own_store, open_served, size, language):
    with own_store() as store, serving(store.urls, role=None) as client:
        base, token = str(client.base_url).rstrip("/"), token_of(store.urls, Role.SYSTEM_ADMIN)
        page = open_served(base, "/accounts", size, language, token=token)
        told = page.inner_text("#first")
        assert {"zh": "还没有安全管理员", "en": "No security administrator yet"}[language] in told
        is_sound(page)
        page.fill("[name=first]", "secadmin")
        page.click("#first button")
        assert len(page.inner_text("#made .secret")) >= 12
        assert page.locator("#first").count() == 0
        is_sound(page)


@MAIN_TASK
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
    page.select_option("[name=event]", "verify")
    page.click("form.filters button")
    page.wait_for_url("**event=verify**")
    row = page.locator("tbody tr").first.inner_text()
    assert {"zh": "核验日志", "en": "Check of the trail"}[language] in row
    assert "verify" in row
    is_sound(page)
