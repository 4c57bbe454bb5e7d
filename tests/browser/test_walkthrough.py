"""The walk of the documentation, clicked as it is written, in both languages.

Every label that is pressed is looked up in the text first: a walk that says something else fails.
"""

import json
import re
import threading
from pathlib import Path

import pyogrio
import pytest
from serving import serving

from api import jobs
from api.demo import accounts as demo_accounts
from api.house import House
from gis.settings import Settings

pytestmark = [pytest.mark.browser, pytest.mark.slow]
ROOT = Path(__file__).parents[2]
TEXTS = {"zh": "walkthrough.zh-CN.md", "en": "walkthrough.md"}


class Walk:
    """One reader with a browser, a language and the text."""

    def __init__(self, page, base, language, passwords):
        self.page, self.base, self.passwords = page, base, passwords
        self.at = ("zh", "en").index(language)
        self.text = (ROOT / "docs" / TEXTS[language]).read_text("utf-8")

    def said(self, zh, en):
        """The label in the reader's language; it stands in the text."""
        label = (zh, en)[self.at]
        assert label in self.text, label
        return label

    def press(self, zh, en, *, within="body", nth=0):
        """Press the button or the link of that label; a gap in it stands for any number."""
        label = re.compile(re.escape(self.said(zh, en)).replace("…", ".+"))
        place = self.page.locator(within)
        found = place.get_by_role("button", name=label).or_(place.get_by_role("link", name=label))
        found.nth(nth).click()
        self.page.wait_for_load_state()

    def open(self, zh, en):
        """Open a page by its line of the menu."""
        self.page.locator("#menu").get_by_role("link", name=self.said(zh, en)).click()
        self.page.wait_for_selector("html[data-ready]", state="attached")

    def sign_in(self, login):
        assert f"`{login}`" in self.text
        self.page.goto(f"{self.base}/sign-in")
        self.page.fill("[name=login]", login)
        self.page.fill("[name=password]", self.passwords[login])
        self.page.click("main form button")
        self.page.wait_for_url(lambda url: "/sign-in" not in url)

    def sign_out(self):
        self.page.locator("header details.drop").last.locator("summary").click()
        self.page.click("form[action='/sign-out'] button")
        self.page.wait_for_url("**/sign-in")


@pytest.fixture(params=["zh", "en"])
def walk(request, chromium, demo_copy, tmp_path):
    """(the reader, the store, the house): the service over a demo with its accounts."""
    house = House(Settings(_env_file=None, home=tmp_path))
    settings = {"role": None, "serve_internal": True, "home": tmp_path}
    with demo_copy() as store, serving(store.urls, **settings) as client:
        with store.begin() as session:
            file = demo_accounts.make(session, house)
        known = json.loads(file.read_text("utf-8"))["accounts"]
        passwords = {one["login"]: one["password"] for one in known}
        base = str(client.base_url).rstrip("/")
        context = chromium.new_context(viewport={"width": 1280, "height": 800})
        context.add_cookies([{"name": "wangge_language", "value": request.param, "url": base}])
        yield Walk(context.new_page(), base, request.param, passwords), store, house
        context.close()


def test_the_walk_is_clicked_as_it_is_written(walk, tmp_path):
    reader, store, house = walk
    a_supervisors_morning(reader)
    a_planners_scenario(reader)
    a_quarter_is_published(reader)
    a_plaque_is_printed(reader)
    an_export_is_opened(reader, store, house, tmp_path)
    what_stays_written_down(reader)


def a_supervisors_morning(reader):
    page = reader.page
    reader.sign_in("grid-supervisor")
    for nth in (0, 1):
        reader.open("今日我的网格", "My area today")
        reader.press("加入走访", "Add to visits", nth=nth)
        page.wait_for_url("**/visits")  # the form is sent by a script, which opens it then
    reader.open("走访与便条", "Visits and notes")
    assert page.locator(".walk li").count() == 2
    reader.press("按步行距离排序", "Put into walking order")
    reader.open("一张图", "Map")
    row = page.locator("[data-go] tbody tr").first
    page.fill("main [type=search]", row.get_attribute("data-key"))
    page.wait_for_url("**q=**")
    page.locator("[data-go] tbody tr").first.locator("td").last.click()
    page.wait_for_url("**at=**")
    reader.sign_out()


def a_planners_scenario(reader):
    page = reader.page
    reader.sign_in("planner")
    reader.open("设施覆盖看板", "Coverage board")
    community = page.locator("tbody tr").first.get_attribute("data-key")
    reader.open("方案比较", "Scenarios")
    page.fill("[name=name]", "新站")
    reader.press("建立", "Make it", within="form[action='/scenarios']")
    before = page.locator(".figures").inner_text()
    page.select_option("[name=kind]", label=reader.said("增设", "Add"))
    page.select_option("[name=community]", community)
    page.fill("[name=area_m2]", "1000")
    page.fill("form[action$='/changes'] [name=name]", "新服务站")
    reader.press("添加改动", "Add the change", within="form[action$='/changes']")
    assert page.locator(".figures").inner_text() != before
    reader.press("共享给本范围的规划人员", "Share with the planners of this area")
    page.fill("form[action$='/print'] [name=purpose]", "例会")
    with page.expect_download() as kept:
        reader.press("打印（PDF）", "Print (PDF)")
    assert Path(kept.value.path()).read_bytes().startswith(b"%PDF")
    a_grid_is_split(reader)
    reader.sign_out()


def a_grid_is_split(reader):
    page = reader.page
    reader.open("网格编辑", "Grid editor")
    page.locator("tbody a").first.click()
    page.wait_for_selector("html[data-draw-ready]", state="attached")
    count = page.locator("[data-grid-rows] tr").count()
    page.locator("[data-grid-rows] button").first.click()
    reader.press("切分", "Split")
    page.locator(".draw-map").scroll_into_view_if_needed()
    left, right = page.evaluate("""() => {
        const { map, grids } = document.querySelector('[data-grid-editor]').wangge;
        const box = grids.getLayers().find(one => one.index === 0).getBounds();
        map.fitBounds(box.pad(0.4), { animate: false });
        const by = (box.getEast() - box.getWest()) * 0.08, lat = box.getCenter().lat;
        return [box.getWest() - by, box.getEast() + by].map(
            lng => Object.values(map.latLngToContainerPoint([lat, lng])));
    }""")
    box = page.locator(".draw-map").bounding_box()
    page.mouse.click(box["x"] + left[0], box["y"] + left[1])
    page.mouse.dblclick(box["x"] + right[0], box["y"] + right[1])
    page.wait_for_selector(f"[data-grid-rows] tr:nth-child({count + 1})")
    reader.press("检查并预览", "Check and preview")
    reader.press("保存为新版本", "Save as a new version")
    assert page.locator("[data-grid-rows] tr").count() == count + 1
    reader.press("撤销", "Undo", within="form[action$='/undo']")
    assert page.locator("[data-grid-rows] tr").count() == count


def a_quarter_is_published(reader):
    page = reader.page
    reader.sign_in("police-liaison")
    reader.open("三色评级发布", "Publishing ratings")
    reader.press("开始复核 2026Q3", "Begin the review of 2026Q3")
    page.locator("tbody a").first.click()
    page.wait_for_selector("form[action*='/ask/']")
    page.go_back()
    while page.locator("#alone a").count():
        reader.press("打开下一个", "Open the next one", within="#alone")
        reader.press("确认", "Confirm", within="form[action$='/confirm']")
    if page.locator("form[action$='/confirm'] button").count():
        reader.press("确认这 … 个小区", "Confirm these … compounds")
    page.fill("#publish [name=issuer]", "五华区公安分局")
    page.check("#publish [name=sure]")
    reader.press("发布 2026Q3", "Publish 2026Q3")
    page.wait_for_selector("main a[href^='/plaques']")
    an_objection_is_filed(reader)


def an_objection_is_filed(reader):
    """The correction itself needs another person: the walk says so and goes on."""
    page = reader.page
    page.locator("tbody a").first.click()
    page.fill("form[action*='/object/'] [name=reason]", "社区核实：两起为同一事件重复登记")
    reader.press("登记异议", "File the objection")
    page.locator("main a[href^='/ratings?']").first.click()
    page.wait_for_selector("#objections form")
    reader.said("启动 2026Q3 的更正", "Begin a correction of 2026Q3")


def a_plaque_is_printed(reader):
    page = reader.page
    reader.press("打印标牌", "Print plaques", within="main")
    page.select_option("form[action='/plaques'] [name=area]", index=1)
    reader.press("应用", "Apply", within="form[action='/plaques']")
    form = page.locator("form[action$='.pdf']")
    form.locator("[name=purpose]").fill("张挂")
    with page.expect_download() as kept:
        form.locator("button").click()
    assert Path(kept.value.path()).read_bytes().startswith(b"%PDF")


def an_export_is_opened(reader, store, house, tmp_path):
    page = reader.page
    reader.open("导出", "Export")
    page.select_option("[name=layer]", "rating")
    page.select_option("[name=format]", "gpkg")
    assert "GeoPackage" in reader.text
    page.fill("[name=purpose]", "月度会议")
    reader.press("生成文件", "Make the file")
    worker = threading.Thread(  # the service of `make serve` has one of its own
        target=jobs.work, args=(house, store.engine), kwargs={"wait": False}
    )
    worker.start()
    worker.join()
    page.wait_for_selector("a[href$='/file']")
    with page.expect_download() as kept:
        page.click("a[href$='/file']")
    file = tmp_path / "rating.gpkg"
    kept.value.save_as(file)
    assert len(pyogrio.read_dataframe(file, layer="rating")) > 50
    assert "layer_styles" in {str(name) for name, _ in pyogrio.list_layers(file)}
    reader.sign_out()


def what_stays_written_down(reader):
    page = reader.page
    reader.sign_in("auditor")
    reader.open("审计日志", "Audit trail")
    said = page.inner_text("main")
    assert "publish" in said or "发布" in said
    reader.press("核验整条日志", "Verify the whole trail")
    page.wait_for_selector(".notice.good")
