"""In poor network nothing that was written is lost, and nothing is made twice."""

import io
import re
import secrets

import pytest
from gateway import AWAY, GONE, LOST, REFUSED, SILENT, THROUGH, TOO_LARGE, Gateway
from looks import sign_in
from PIL import Image
from serving import account_of, serving
from sqlalchemy import text

from gis.access.rights import Role

pytestmark = pytest.mark.browser
STORED = text("""
    SELECT count(DISTINCT danger.id), count(photo.id) FROM wangge.dangers AS danger
    LEFT JOIN wangge.danger_photos AS photo ON photo.danger_id = danger.id WHERE what = :what
""")
PLACE = (
    "SELECT code, ST_X(p) AS lon, ST_Y(p) AS lat FROM (SELECT code, ST_PointOnSurface(geom) AS p"
)
PLACE += " FROM wangge.compounds WHERE valid_to IS NULL ORDER BY code LIMIT 1) AS first"
JSON = {"Accept": "application/json", "Sec-Fetch-Site": "same-origin"}
PASSED = "text => document.querySelector('.draft-said')?.textContent.includes(text)"


@pytest.fixture(scope="module")
def service(own_demo):
    with serving(own_demo.urls, role=Role.GRID_SUPERVISOR) as client:
        yield client


@pytest.fixture
def gateway(service):
    made = Gateway(service.base_url.port)
    yield made
    made.close()


@pytest.fixture(scope="module")
def place(own_demo):
    with own_demo.begin() as session:
        return session.execute(text(PLACE)).one()


@pytest.fixture
def phone(open_served, service, gateway):
    """A page on a phone whose clock can be put forward, behind the gateway."""
    token = service.headers["authorization"].removeprefix("Bearer ")
    page = open_served(gateway.base, "/help", "phone", token=token, quiet=False)
    page.clock.install()
    return page


@pytest.fixture
def danger(phone, gateway, place, service):
    """The page of a danger that was just reported."""
    seen = {"key": secrets.token_hex(8), "kind": "falling", "severity": "ordinary",
            "what": "护栏松动", "lon": place.lon, "lat": place.lat}  # fmt: skip
    go(phone, gateway, service.post("/dangers", data=seen, headers=JSON).json()["address"])
    return phone


def without_account(route):
    """As when the session has ended."""
    headers = {k: v for k, v in route.request.headers.items() if k != "authorization"}
    route.continue_(headers=headers)


def until(page, true):
    """Let the page go on until this holds."""
    for _ in range(200):
        if true():
            return
        page.wait_for_timeout(50)
    raise AssertionError("it did not come to hold within 10 seconds")


@pytest.fixture
def stored(own_demo):
    """Reports with these words in the store, and their photos."""

    def counted(what):
        with own_demo.begin() as session:
            return tuple(session.execute(STORED, {"what": what}).one())

    return counted


def go(page, gateway, path):
    page.goto(gateway.base + path)
    page.wait_for_selector("html[data-drafts-ready]", state="attached")


def photo() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (300, 200), "#66C2A5").save(out, "JPEG")
    return out.getvalue()


def report(page, place, what, *, with_photo=True):
    page.fill("[name=what]", what)
    page.fill("[name=lon]", str(place.lon))
    page.fill("[name=lat]", str(place.lat))
    if with_photo:
        taken = {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": photo()}
        page.set_input_files("[name=photo]", taken)
    page.click("form[data-draft] [type=submit]")


def waiting(page, what):
    return page.locator("[data-drafts] li", has_text=what)


@pytest.mark.parametrize("way", [REFUSED, SILENT, AWAY, LOST])
def test_a_report_is_kept_on_the_phone_and_stored_once_with_its_photo(
    phone, gateway, place, stored, way
):
    what = f"井盖缺失 {way}"
    go(phone, gateway, "/dangers/new")
    gateway.turn(way)
    report(phone, place, what)
    if way == SILENT:
        assert gateway.reached.wait(10)
        phone.clock.fast_forward(21_000)
    phone.wait_for_function(PASSED, arg="已存在本机")
    phone.wait_for_selector(f"[data-drafts] li:has-text('{what}')")
    assert phone.input_value("[name=what]") == ""
    assert stored(what) == ((1, 1) if way == LOST else (0, 0))
    gateway.turn(THROUGH)
    phone.clock.fast_forward(
        60_000
    )  # by itself, though the phone never noticed that it was cut off
    phone.wait_for_selector("[data-drafts]", state="hidden")
    assert stored(what) == (1, 1)


def test_a_form_left_while_nobody_answers_has_kept_its_report(phone, gateway, place, stored):
    go(phone, gateway, "/dangers/new")
    gateway.turn(SILENT)
    report(phone, place, "离开页面时尚未发出")
    assert gateway.reached.wait(10)
    context = phone.context
    phone.close()
    gateway.turn(THROUGH)
    opened = context.new_page()
    go(opened, gateway, "/today")
    assert opened.locator("[data-drafts]").is_hidden()
    assert stored("离开页面时尚未发出") == (1, 1)


@pytest.mark.parametrize("way", [GONE, TOO_LARGE])
def test_a_refusal_of_no_entry_stays_and_is_corrected_without_a_double(
    phone, gateway, place, stored, way
):
    go(phone, gateway, "/dangers/new")
    gateway.turn(way)
    report(phone, place, f"扶手松动 {way}")
    waiting(phone, f"扶手松动 {way}").wait_for()
    assert "草稿已存在本机" in phone.inner_text(".draft-said")
    assert phone.input_value("[name=what]") == f"扶手松动 {way}"
    gateway.turn(THROUGH)
    phone.fill("[name=what]", f"扶手已脱落 {way}")
    phone.click("form[data-draft] [type=submit]")
    phone.wait_for_url(re.compile(r"/dangers/\d+$"))
    phone.wait_for_selector("html[data-drafts-ready]", state="attached")
    assert phone.locator("[data-drafts]").is_hidden()
    assert (stored(f"扶手松动 {way}"), stored(f"扶手已脱落 {way}")) == ((0, 0), (1, 1))


def test_a_draft_discarded_while_another_is_under_way_is_not_sent(phone, gateway, place, stored):
    go(phone, gateway, "/dangers/new")
    gateway.turn(AWAY)
    report(phone, place, "有图草稿")
    waiting(phone, "有图草稿").wait_for()
    report(phone, place, "无图草稿", with_photo=False)  # the lighter one is sent first
    waiting(phone, "无图草稿").wait_for()
    gateway.turn(THROUGH)
    held = []
    phone.route("**/dangers", lambda route: held.extend([route]), times=1)
    with phone.expect_request("**/dangers"):
        phone.clock.fast_forward(60_000)
    phone.once("dialog", lambda asked: asked.accept())
    waiting(phone, "有图草稿").get_by_role("button", name="删除草稿").click()
    waiting(phone, "有图草稿").wait_for(state="detached")
    held[0].continue_()
    phone.wait_for_selector("[data-drafts]", state="hidden")
    assert (stored("有图草稿"), stored("无图草稿")) == ((0, 0), (1, 0))


def test_a_draft_is_opened_over_other_words_only_after_a_question(phone, gateway, place):
    go(phone, gateway, "/dangers/new")
    gateway.turn(GONE)
    report(phone, place, "先写的内容")
    waiting(phone, "先写的内容").wait_for()
    phone.fill("[name=what]", "后写的内容")
    for answer, left in (("dismiss", "后写的内容"), ("accept", "先写的内容")):
        phone.once("dialog", lambda asked, answer=answer: getattr(asked, answer)())
        phone.get_by_role("button", name="打开修改").click()
        assert phone.input_value("[name=what]") == left


def test_a_note_is_sent_by_whichever_page_is_opened_next(phone, gateway, place, own_demo):
    go(phone, gateway, f"/notes/compound/{place.code}")
    gateway.turn(AWAY)
    phone.fill("[name=body]", "北门路灯整夜不亮")
    phone.click("form[data-draft] [type=submit]")
    phone.wait_for_function(PASSED, arg="已存在本机")
    gateway.turn(THROUGH)
    go(phone, gateway, "/today")
    assert phone.locator("[data-drafts]").is_hidden()
    with own_demo.begin() as session:
        asked = text("SELECT count(*) FROM wangge.place_notes WHERE body = '北门路灯整夜不亮'")
        assert session.scalar(asked) == 1


def test_a_refused_draft_comes_back_into_its_form_is_corrected_and_sent(
    phone, gateway, place, stored
):
    go(phone, gateway, "/dangers/new")
    gateway.turn(AWAY)
    report(phone, place, "请找王小明，电话13800138000")
    phone.wait_for_function(PASSED, arg="已存在本机")
    gateway.turn(THROUGH)
    go(phone, gateway, "/visits")
    assert "个人信息" in phone.inner_text("[data-drafts]")
    phone.once("dialog", lambda asked: asked.dismiss())
    phone.get_by_role("button", name="删除草稿").click()
    phone.get_by_role("button", name="打开修改").click()
    phone.wait_for_url("**/dangers/new")
    phone.wait_for_function(PASSED, arg="个人信息")
    assert float(phone.input_value("[name=lon]")) == place.lon
    assert phone.evaluate("document.querySelector('[name=photo]').files[0].name") == "a.jpg"
    phone.fill("[name=what]", "楼道堆物待清理")
    phone.click("form[data-draft] [type=submit]")
    phone.wait_for_url(re.compile(r"/dangers/\d+$"))
    phone.wait_for_selector("html[data-drafts-ready]", state="attached")
    assert phone.locator("[data-drafts]").is_hidden()
    assert stored("楼道堆物待清理") == (1, 1)


def test_a_discarded_draft_is_gone_once_that_was_confirmed(phone, gateway, place):
    go(phone, gateway, f"/notes/compound/{place.code}")
    gateway.turn(REFUSED)
    phone.fill("[name=body]", "写错了地方")
    phone.click("form[data-draft] [type=submit]")
    phone.wait_for_function(PASSED, arg="已存在本机")
    phone.once("dialog", lambda asked: asked.accept())
    phone.get_by_role("button", name="删除草稿").click()
    phone.wait_for_selector("[data-drafts]", state="hidden")
    gateway.turn(THROUGH)
    go(phone, gateway, f"/notes/compound/{place.code}")
    assert phone.locator("[data-drafts]").is_hidden()
    assert "写错了地方" not in phone.inner_text("main")


def test_a_page_seen_before_opens_when_something_else_answers_for_the_service(
    chromium, gateway, own_demo
):
    """By a session's cookie: the worker that keeps pages asks without the tests' token."""
    context = chromium.new_context(viewport={"width": 390, "height": 844})
    page = context.new_page()
    sign_in(page, gateway.base, *account_of(own_demo.urls, Role.GRID_SUPERVISOR))
    page.goto(f"{gateway.base}/visits")
    page.wait_for_selector("html[data-kept=true]", state="attached")
    page.evaluate("async () => { await navigator.serviceWorker.ready }")
    assert page.locator("[data-offline]").is_hidden()
    gateway.turn(AWAY)
    page.goto(f"{gateway.base}/visits")
    page.wait_for_selector("html[data-ready]", state="attached")
    assert "可能不是最新" in page.inner_text("[data-offline]")
    context.close()


@pytest.mark.parametrize("way", [REFUSED, SILENT, AWAY, LOST])
def test_a_step_that_got_no_answer_says_so_and_is_taken_once_when_it_is_repeated(
    danger, gateway, way
):
    """A second call for help would go past the street to the departments."""
    here = danger.url
    danger.fill("[name=remark]", "已通知物业")
    gateway.turn(way)
    danger.click("button[value=escalate]")
    if way == SILENT:
        assert gateway.reached.wait(10)
        danger.clock.fast_forward(21_000)
    danger.wait_for_selector("[data-told]")
    assert "可能已经送达" in danger.inner_text("[data-told]")
    assert (danger.url, danger.input_value("[name=remark]")) == (here, "已通知物业")
    gateway.turn(THROUGH)
    danger.click("button[value=escalate]")
    danger.wait_for_selector(".moves li:nth-child(2)")
    assert danger.locator(".moves li").count() == 2
    assert "街道" in danger.inner_text(".moves li:last-child")


def test_a_form_that_is_being_sent_is_not_sent_again_by_a_second_tap(danger):
    held = []

    def hold(route):
        """What is sent; the copy of the page that is kept meanwhile may pass."""
        if route.request.method == "POST":
            held.append(route)
        else:
            route.continue_()

    danger.route("**/dangers/*", hold)
    button = danger.locator("button[value=escalate]")
    button.click()
    until(danger, lambda: len(held) == 1)
    button.click()
    assert danger.locator("form[data-busy]").count() == 1
    held[0].abort()
    danger.wait_for_selector("[data-told]")
    assert len(held) == 1
    button.click()  # when that has failed it can be sent
    until(danger, lambda: len(held) == 2)
    held[1].continue_()
    danger.unroute("**/dangers/*")
    danger.wait_for_selector(".moves li:nth-child(2)")


def test_whoever_was_signed_out_is_told_so_and_keeps_what_was_written(danger):
    danger.fill("[name=remark]", "已通知物业")
    danger.route("**/dangers/*", without_account)
    danger.click("button[value=escalate]")
    danger.wait_for_selector("[data-told]")
    assert "请在另一页重新登录" in danger.inner_text("[data-told]")
    assert danger.input_value("[name=remark]") == "已通知物业"
    danger.unroute("**/dangers/*")
    danger.click("button[value=escalate]")
    danger.wait_for_selector(".moves li:nth-child(2)")


def test_a_session_that_ends_while_a_report_is_sent_leaves_it_on_the_phone(
    phone, gateway, place, stored
):
    go(phone, gateway, "/dangers/new")
    phone.route("**/dangers", without_account)  # the account was still known a moment before
    report(phone, place, "发送途中登录结束")
    phone.wait_for_function(PASSED, arg="登录已结束，已存在本机")
    waiting(phone, "发送途中登录结束").wait_for()
    assert stored("发送途中登录结束") == (0, 0)
    phone.unroute("**/dangers")
    phone.click("[data-drafts-send]")
    phone.wait_for_selector("[data-drafts]", state="hidden")
    assert stored("发送途中登录结束") == (1, 1)


def test_a_phone_without_room_says_that_it_keeps_nothing_and_the_report_arrives_once(
    phone, gateway, place, stored
):
    go(phone, gateway, "/dangers/new")
    quota = {"origin": gateway.base, "quotaSize": 1}
    phone.context.new_cdp_session(phone).send("Storage.overrideQuotaForOrigin", quota)
    gateway.turn(LOST)
    report(phone, place, "本机已无空间")
    phone.wait_for_function(PASSED, arg="本机也无法保存")
    assert phone.input_value("[name=what]") == "本机已无空间"
    assert phone.locator("[data-drafts]").is_hidden()
    gateway.turn(THROUGH)
    phone.click("form[data-draft] [type=submit]")
    phone.wait_for_url(re.compile(r"/dangers/\d+$"))
    assert stored("本机已无空间") == (1, 1)


def test_a_walk_ordered_again_begins_where_the_phone_is_now(danger, gateway, place, service):
    for kind, code in (("compound", place.code), ("danger", danger.url.rpartition("/")[2])):
        service.post("/visits/add", data={"kind": kind, "code": code}, headers=JSON)
    go(danger, gateway, "/visits")
    sent = []
    danger.on("request", lambda one: "/visits/order" in one.url and sent.append(one.post_data))
    for way, lon in ((AWAY, 102.71), (THROUGH, 102.72)):
        danger.evaluate(STANDS_AT, lon)
        gateway.turn(way)
        danger.click("[data-with-position] button")
        danger.wait_for_selector("[data-told]" if way == AWAY else ".notice.good, .notice.info")
    assert [re.findall(r"102\.7\d", one) for one in sent] == [["102.71"], ["102.72"]]


STANDS_AT = """longitude => {
    const coords = { longitude, latitude: 25.05 };
    navigator.geolocation.getCurrentPosition = (found) => setTimeout(found, 1, { coords });
}"""
