"""Takes pictures of the main pages from the running service with Chromium: ``make pictures``.

Usage: page_pictures.py OUT_FOLDER, after ``wangge demo``; starts ``wangge serve`` and ends it.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pictures import LARGEST, SIZES, compact, pixels
from playwright.sync_api import Browser, Page, sync_playwright

PORT = 8_143
ADDRESS = f"http://127.0.0.1:{PORT}"
START_S = 60.0


@dataclass(frozen=True)
class Shot:
    """One page as an account of the demo sees it; ``clicks`` are pressed before the picture."""

    name: str
    login: str
    path: str
    size: str = "desk"
    language: str = "zh"
    clicks: tuple[str, ...] = ()
    fills: tuple[tuple[str, str], ...] = ()


# Each turn to red is confirmed on its own page, the rest together; none is left before the last.
_REVIEW = ("#alone a", "form[action$='/confirm'] button") * 60
SHOTS = (
    Shot("page-today", "grid-supervisor", "/today", "phone"),
    Shot("page-map", "grid-supervisor", "/map"),
    Shot("page-coverage", "planner", "/coverage-board", language="en"),
    Shot("page-grids", "planner", "/grids/530102001001",
         clicks=("[data-grid-rows] tr:nth-child(2) button",)),
    Shot("page-ratings", "police-liaison", "/ratings", clicks=("form[action='/ratings'] button",)),
    Shot("page-published", "police-liaison", "/ratings",
         fills=(("#publish [name=issuer]", "五华区公安分局"),),
         clicks=(*_REVIEW, "#publish [name=sure]", "#publish button")),
    Shot("page-plaques", "police-liaison", "/plaques"),
    Shot("page-policy", "security-admin", "/policy", language="en"),
)  # fmt: skip


def main(out: Path) -> None:
    """Take every picture; one that is too large or without the demo's mark ends the run."""
    home = Path(os.environ.get("WANGGE_HOME", ".wangge"))
    accounts = json.loads((home / "demo-accounts.json").read_text("utf-8"))["accounts"]
    passwords = {one["login"]: one["password"] for one in accounts}
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))))
    with _service(), sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=["--no-sandbox"])
        for shot in SHOTS:
            content = compact(pixels(browser, _taken(browser, shot, passwords[shot.login])))
            if len(content) > LARGEST:
                raise SystemExit(f"{shot.name}: {len(content)} bytes are more than {LARGEST}")
            (out / f"{shot.name}.png").write_bytes(content)
            sys.stderr.write(f"{shot.name}.png {len(content) // 1000} kB\n")
        browser.close()


@contextmanager
def _service() -> Iterator[None]:
    """``wangge serve`` on a port of its own, until the pictures are taken."""
    command = [str(Path(sys.executable).parent / "wangge"), "serve"]
    with subprocess.Popen(command, env={**os.environ, "WANGGE_PORT": str(PORT)}) as process:
        try:
            _wait(process)
            yield
        finally:
            process.terminate()


def _wait(process: "subprocess.Popen[bytes]") -> None:
    end_s = time.monotonic() + START_S
    while process.poll() is None and time.monotonic() < end_s:
        try:
            socket.create_connection(("127.0.0.1", PORT), timeout=2).close()
            return
        except OSError:
            time.sleep(0.2)
    raise SystemExit("the service does not answer")


def _taken(browser: Browser, shot: Shot, password: str) -> bytes:
    width, height = SIZES[shot.size]
    context = browser.new_context(
        viewport={"width": width, "height": height}, service_workers="block"
    )
    context.add_cookies([{"name": "wangge_language", "value": shot.language, "url": ADDRESS}])
    page = context.new_page()
    _sign_in(page, shot.login, password)
    page.goto(ADDRESS + shot.path)
    _ready(page)
    for selector in shot.clicks:
        for field, text in shot.fills:
            if page.locator(field).count():
                page.fill(field, text)
        if page.locator(selector).count():  # a second run finds the quarter published already
            page.click(selector)
            _ready(page)
    page.evaluate("scrollTo(0, 0)")
    if not page.is_visible(".mark.demo"):
        raise SystemExit(f"{shot.name}: the page does not say that its data are a demo")
    page.wait_for_timeout(800)  # charts move into place
    taken: bytes = page.screenshot()
    context.close()
    return taken


def _sign_in(page: Page, login: str, password: str) -> None:
    page.goto(f"{ADDRESS}/sign-in")
    page.fill("[name=login]", login)
    page.fill("[name=password]", password)
    page.click("main form button")
    page.wait_for_url(lambda url: "/sign-in" not in url)


def _ready(page: Page) -> None:
    """The page and the maps inside it have drawn themselves."""
    page.wait_for_load_state()
    for frame in page.frames:
        frame.wait_for_selector("html[data-ready]", state="attached", timeout=60_000)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
