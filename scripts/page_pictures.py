"""Takes pictures of the main pages from the running service with Chromium: ``make pictures``.

Usage: page_pictures.py OUT_FOLDER [NAME ...], after ``wangge demo``; starts ``wangge serve`` and
ends it. The quarter's cycle is shown from its beginning in a home that has published nothing yet.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pictures import LARGEST, SIZES, compact, pixels
from playwright.sync_api import Browser, Page, sync_playwright

PORT = 8_143
ADDRESS = f"http://127.0.0.1:{PORT}"
START_S = 60.0


@dataclass(frozen=True)
class Shot:
    """One page as an account of the demo sees it, after ``steps``.

    A step is a path to open, a selector to click, or a selector and what is written or chosen.
    """

    name: str
    login: str
    path: str
    size: str = "desk"
    language: str = "zh"
    theme: str = "light"
    steps: tuple[str | tuple[str, str], ...] = ()
    at: str = ""  # what is waited for and stands at the top of the picture; else the page's head


@dataclass(frozen=True)
class Sheet:
    """A PDF or PNG that the service makes, as a picture; ``link`` is on the page at ``path``."""

    name: str
    login: str
    path: str
    link: str
    dpi: int = 110


# Each turn to red is confirmed on its own page, the rest together; none is left before the last.
_REVIEW = ("#alone a", "form[action$='/confirm'] button") * 60
_VISIT = "form[action='/visits/add'] button"
_CHANGE = "form[action$='/changes']"
_STRICTER = 'version = "2026.3-1"\n\n[rules.FAC-1]\nm2_per_100_households = 35.0\n'
SHOTS: tuple[Shot | Sheet, ...] = (
    Shot("page-start-supervisor", "grid-supervisor", "/today"),
    Shot("page-today", "grid-supervisor", "/today", "phone"),
    Shot("page-map", "grid-supervisor", "/map"),
    Shot("page-map-dark", "grid-supervisor", "/map?before=2026Q2", language="en", theme="dark"),
    Shot("page-map-phone", "grid-supervisor", "/map", "phone"),
    Shot("page-place-phone", "grid-supervisor", "/map?colour=red", "phone",
         steps=("[data-go] tbody a", ".verdict summary")),
    Shot("page-danger-phone", "grid-supervisor", "/dangers/new", "phone",
         steps=(("[name=what]", "消防通道堵塞"),)),
    Shot("page-visits-phone", "grid-supervisor", "/today", "phone",
         steps=(_VISIT, "/today", f"{_VISIT} >> nth=1", "/today", f"{_VISIT} >> nth=2")),
    Shot("page-start-planner", "planner", "/", language="en"),
    Shot("page-coverage", "planner", "/coverage-board", language="en"),
    Shot("page-facilities", "planner", "/facilities"),
    Shot("page-scenario", "planner", "/scenarios",
         steps=(("form[action='/scenarios'] [name=name]", "祥云街新建文化站"),
                "form[action='/scenarios'] button",
                (f"{_CHANGE} [name=kind]", "add"),
                (f"{_CHANGE} [name=community]", "530102002003"),
                (f"{_CHANGE} [name=area_m2]", "5000"), (f"{_CHANGE} [name=name]", "祥云文化站"),
                (f"{_CHANGE} [name=function]", "culture"), f"{_CHANGE} button")),
    Shot("page-grids", "planner", "/grids/530102001001",
         steps=("[data-grid-rows] tr:nth-child(2) button",)),
    Shot("page-start-liaison", "police-liaison", "/", language="en"),
    Shot("page-ratings", "police-liaison", "/ratings", steps=("form[action='/ratings'] button",)),
    Shot("page-change", "police-liaison", "/ratings", steps=("#alone a",)),
    Shot("page-published", "police-liaison", "/ratings",
         steps=(*_REVIEW, ("#publish [name=issuer]", "五华区公安分局"), "#publish [name=sure]",
                "#publish button")),
    Shot("page-plaques", "police-liaison", "/plaques"),
    Sheet("plaque", "police-liaison", "/plaques?colour=red", "img.paper"),
    Shot("page-sharp-eyes", "police-liaison", "/sharp-eyes"),
    Shot("page-rankings", "police-liaison", "/rankings", language="en"),
    Sheet("sheet", "police-liaison", "/map", "/sheets/rating.pdf?area=530102002"),
    Sheet("report", "police-liaison", "/rankings", "/reports/2026Q3.pdf", dpi=80),
    Shot("page-start-admin", "system-admin", "/", language="en"),
    Shot("page-policy", "security-admin", "/policy", language="en", at="#turned",
         steps=(("[name=text]", _STRICTER),
                "form[action='/policy'] button")),
    Shot("page-health", "auditor", "/health"),
)  # fmt: skip


def main(out: Path, *names: str) -> None:
    """Take every picture, or those named; one too large or without the demo's mark ends the run."""
    home = Path(os.environ.get("WANGGE_HOME", ".wangge"))
    accounts = json.loads((home / "demo-accounts.json").read_text("utf-8"))["accounts"]
    passwords = {one["login"]: one["password"] for one in accounts}
    shots = [shot for shot in SHOTS if not names or shot.name in names]
    with _service(), sync_playwright() as driver:
        program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))))
        browser = driver.chromium.launch(executable_path=program, args=["--no-sandbox"])
        kept = {
            login: _signed_in(browser, login, passwords[login])
            for login in dict.fromkeys(shot.login for shot in shots)
        }
        for shot in shots:
            with _opened(browser, shot, kept[shot.login]) as page:
                taken = _printed(page, shot) if isinstance(shot, Sheet) else _taken(page, shot)
            content = compact(pixels(browser, taken))
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


@contextmanager
def _opened(browser: Browser, shot: Shot | Sheet, kept: Any) -> Iterator[Page]:
    """The shot's page in the session that was ``kept``, in its size, language and colours."""
    look = shot if isinstance(shot, Shot) else Shot(shot.name, shot.login, shot.path)
    width, height = SIZES[look.size]
    context = browser.new_context(
        viewport={"width": width, "height": height}, service_workers="block", storage_state=kept
    )
    for name in ("language", "theme"):
        cookie = {"name": f"wangge_{name}", "value": getattr(look, name), "url": ADDRESS}
        context.add_cookies([cookie])  # type: ignore[list-item]
    page = context.new_page()
    page.goto(ADDRESS + shot.path)
    _ready(page)
    yield page
    context.close()


def _taken(page: Page, shot: Shot) -> bytes:
    for step in shot.steps:
        if isinstance(step, str) and step.startswith("/"):
            page.wait_for_load_state("networkidle")  # what was clicked may still be sent
            page.goto(ADDRESS + step)
            _ready(page)
        else:
            _step(page, *((step,) if isinstance(step, str) else step))
    page.evaluate("document.activeElement.blur()")
    page.evaluate("scrollTo(0, 0)")
    if not page.is_visible(".mark.demo"):
        raise SystemExit(f"{shot.name}: the page does not say that its data are a demo")
    if shot.at:
        page.wait_for_selector(shot.at, timeout=120_000)
        page.locator(shot.at).first.evaluate("one => one.scrollIntoView()")
    page.wait_for_timeout(800)  # charts move into place
    return page.screenshot()


def _step(page: Page, selector: str, value: str | None = None) -> None:
    """Write, choose or click; what is not there, as in a second run, is left out."""
    one = page.locator(selector).first
    if not one.count():
        return
    if value is None:
        one.click()
        _ready(page)
    elif one.evaluate("one => one.tagName") == "SELECT":
        one.select_option(value)
    else:
        one.fill(value)


def _printed(page: Page, sheet: Sheet) -> bytes:
    """What the service prints, as PNG; of a PDF the first page."""
    link = sheet.link
    if not link.startswith("/"):
        link = page.locator(link).first.get_attribute("src") or ""
    answer = page.request.get(f"{ADDRESS}{link}", params={"purpose": "README"})
    if not answer.ok:
        raise SystemExit(f"{sheet.name}: {answer.status}")
    if answer.body().startswith(b"\x89PNG"):
        return answer.body()
    with tempfile.TemporaryDirectory() as folder:
        pdf, png = Path(folder, "sheet.pdf"), Path(folder, "sheet.png")
        pdf.write_bytes(answer.body())
        command = ["gdal_translate", "-q", "-of", "PNG", "--config", "GDAL_PDF_DPI"]
        subprocess.run([*command, str(sheet.dpi), str(pdf), str(png)], check=True)
        return png.read_bytes()


def _signed_in(browser: Browser, login: str, password: str) -> Any:
    """The session of an account: one for all its pictures, for sign-ins are limited."""
    page = browser.new_page()
    page.goto(f"{ADDRESS}/sign-in")
    page.fill("[name=login]", login)
    page.fill("[name=password]", password)
    page.click("main form button")
    page.wait_for_url(lambda url: "/sign-in" not in url)
    kept = page.context.storage_state()
    page.context.close()
    return kept


def _ready(page: Page) -> None:
    """The page and the maps inside it have drawn themselves."""
    page.wait_for_load_state()
    for frame in page.frames:
        frame.wait_for_selector("html[data-ready]", state="attached", timeout=60_000)


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
