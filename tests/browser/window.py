"""A browser window that goes from page to page, each as its reader sees it, and measures it."""

import gzip
import re

from every_page import Office, Page
from looks import SIZES
from playwright.sync_api import Browser, ConsoleMessage

# From asking to the first paint with words or pictures in it, and to the answer's first byte.
PAINTED = """() => new Promise(done => new PerformanceObserver(seen => {
    const [one] = seen.getEntriesByName('first-contentful-paint');
    const [asked] = performance.getEntriesByType('navigation');
    if (one) done([one.startTime, asked.responseStart]);
}).observe({ type: 'paint', buffered: true }))"""
DATA = re.compile(rb'<script type="application/(json|vnd.pmtiles)".*?</script>', re.DOTALL)


class Window:
    """One window of one size; nothing is kept between two pages."""

    def __init__(self, chromium: Browser, office: Office, size: str):
        self.office = office
        self.context = chromium.new_context(has_touch=size == "phone", service_workers="block")
        self.page = self.context.new_page()
        self.complaints: list[str] = []
        self.status = 200  # of the page that is opened
        self.urls: dict[str, str] = {}
        self.bytes: dict[str, int] = {}
        self.resize(size)
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.devtools = self.context.new_cdp_session(self.page)
        self.devtools.on("Network.requestWillBeSent", self._asked)
        self.devtools.on("Network.loadingFinished", self._came)
        self.devtools.send("Network.enable")
        self.devtools.send("Network.setCacheDisabled", {"cacheDisabled": True})

    def _heard(self, message: ConsoleMessage) -> None:
        """Errors, but for the browser's word that a page was refused which is to be."""
        refused = message.text.startswith("Failed to load resource")
        own = message.location["url"] == self.page.url
        if message.type == "error" and not (refused and own and self.status != 200):
            self.complaints.append(message.text)

    def _asked(self, event) -> None:
        self.urls[event["requestId"]] = event["request"]["url"]

    def _came(self, event) -> None:
        if url := self.urls.get(event["requestId"]):  # None: of the page before
            self.bytes[url] = event["encodedDataLength"]

    def resize(self, size: str) -> None:
        width, height = SIZES[size]
        self.page.set_viewport_size({"width": width, "height": height})

    def open(
        self, one: Page, language: str = "zh", theme: str = "light", slowed: int = 1
    ) -> tuple[float, float]:
        """Open a page; milliseconds to the first paint, and those of them after the answer."""
        look = {"wangge_language": language, "wangge_theme": theme}
        cookies = look | self.office.cookies.get(one.reader, {})
        self.page.goto("about:blank")  # the page before may be keeping copies, as its reader
        self.context.clear_cookies()
        self.context.add_cookies(
            [{"name": key, "value": said, "url": self.office.base} for key, said in cookies.items()]
        )
        self.devtools.send("Emulation.setCPUThrottlingRate", {"rate": slowed})
        self._forget()
        self.status = one.status
        answer = self.page.goto(self.office.address(one), wait_until="commit")
        if one.sends:
            self.page.wait_for_load_state()
            self._forget()
            with self.page.expect_navigation(wait_until="commit") as led:
                self.page.evaluate("form => document.querySelector(form).submit()", one.sends)
            answer = led.value
        assert answer.status == one.status
        painted_ms, answered_ms = self.page.evaluate(PAINTED)
        self.devtools.send("Emulation.setCPUThrottlingRate", {"rate": 1})
        return painted_ms, painted_ms - answered_ms

    def settle(self) -> None:
        """Wait for the page and the maps in it."""
        self.page.wait_for_load_state()
        for frame in self.page.frames:
            frame.wait_for_selector("html[data-ready]", state="attached", timeout=60_000)

    def _forget(self) -> None:
        for heard in (self.complaints, self.urls, self.bytes):
            heard.clear()

    def is_quiet(self) -> None:
        """Nobody complained, and nobody else was asked."""
        assert self.complaints == [], self.complaints
        own = (self.office.base, "data:", "blob:")
        assert [url for url in self.urls.values() if not url.startswith(own)] == []

    def weight(self) -> int:
        """Bytes that came, compressed as they came, without the data of maps."""
        return sum(self._weight(url, came) for url, came in self.bytes.items())

    def _weight(self, url: str, came: int) -> int:
        path = url.removeprefix(self.office.base)
        if path.startswith(("/tiles/", "/assets/basemap.pmtiles")):
            return 0
        if path.startswith("/maps/"):
            body = self.context.request.get(url.partition("#")[0]).body()
            return len(gzip.compress(DATA.sub(b"", body)))
        return came
