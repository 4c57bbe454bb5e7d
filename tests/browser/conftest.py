"""A real Chromium for pages, saved or served; a machine without one fails the run."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field

import map_samples
import pytest
from looks import SIZES, sign_in
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]


@pytest.fixture(scope="session")
def samples():
    return map_samples


@pytest.fixture(scope="session")
def frames(samples):
    return samples.frames()


@pytest.fixture(scope="session")
def inside(samples):
    return samples.inside()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """The machine's Chromium, headless; one a module, for its driver holds the event loop."""
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=_ARGUMENTS)
        yield browser
        browser.close()


@dataclass
class Opened:
    """A page in the browser, what it asked for and what it complained of."""

    page: Page
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def heard(self, message: ConsoleMessage) -> None:
        """Keep errors; warnings are the browser's hints (the tests' own pixel reads cause some)."""
        if message.type == "error":
            self.complaints.append(message.text)

    @property
    def left_the_machine(self) -> list[str]:
        """Addresses asked for that are neither files nor data of the page itself."""
        own = ("file:", "data:", "blob:", "http://127.0.0.1:")
        return [url for url in self.requests if not url.startswith(own)]


@pytest.fixture
def open_page(chromium, tmp_path):
    """Open HTML text (saved as a file first) or an address, at one of `SIZES`."""
    contexts = []

    def opened(
        html: str = "",
        *,
        size: str = "desk",
        fragment: str = "",
        url: str = "",
        headers: dict[str, str] | None = None,
    ) -> Opened:
        width, height = SIZES[size]
        context = chromium.new_context(
            viewport={"width": width, "height": height},
            has_touch=size == "phone",
            extra_http_headers=headers,
        )
        contexts.append(context)
        found = Opened(context.new_page())
        found.page.on("request", lambda request: found.requests.append(request.url))
        found.page.on("console", found.heard)
        found.page.on("pageerror", lambda error: found.complaints.append(str(error)))
        if not url:
            path = tmp_path / f"page{len(contexts)}.html"
            path.write_text(html, encoding="utf-8")
            url = path.as_uri()
        found.page.goto(url + fragment)
        found.page.wait_for_selector("html[data-ready]", state="attached", timeout=60_000)
        return found

    yield opened
    for context in contexts:
        context.close()


@pytest.fixture
def open_served(chromium):
    """Open a page of the service at ``base``, in a look, by a token or as who has signed in.

    At the end nobody complained (but in pages that are not ``quiet``), and nothing left the
    machine.
    """
    contexts, complaints, asked, bases = [], [], [], {"blob:", "data:"}

    def opened(
        base: str,
        path: str,
        size: str = "desk",
        language: str = "zh",
        theme: str = "light",
        *,
        token: str = "",
        account: tuple[str, str] | None = None,
        quiet: bool = True,
    ) -> Page:
        width, height = SIZES[size]
        context = chromium.new_context(
            viewport={"width": width, "height": height}, has_touch=size == "phone",
            extra_http_headers={"Authorization": f"Bearer {token}"} if token else None,
            service_workers="block",  # it would ask without that header
        )  # fmt: skip
        contexts.append(context)
        bases.add(base)
        look = {"wangge_language": language, "wangge_theme": theme}
        context.add_cookies([{"name": k, "value": v, "url": base} for k, v in look.items()])
        page = context.new_page()
        if quiet:
            page.on("console", lambda m: m.type == "error" and complaints.append(m.text))
            page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        if account is not None:
            sign_in(page, base, *account)
        page.goto(base + path)
        page.wait_for_selector("html[data-ready]", state="attached")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []
    assert [url for url in asked if not url.startswith(tuple(bases))] == []
