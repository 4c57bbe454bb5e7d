"""A real Chromium for pages saved as files; a machine without one fails the run."""

import importlib.util
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

SIZES = {"desk": (1280, 800), "phone": (390, 844)}
_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]


@pytest.fixture(scope="session")
def samples():
    path = Path(__file__).parents[1] / "render" / "map_samples.py"
    spec = importlib.util.spec_from_file_location("map_samples", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


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
