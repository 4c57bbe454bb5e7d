"""A saved page of 20,000 polygons: what a pan costs, from its tiles and from one GeoJSON canvas.

Both pages are made of the same frame and panned by turns in the same browser. A pan's cost is the
main thread's busy time until the page rests again, as Chromium itself counts it (TaskDuration).

Usage: python tests/bench/bench_maps.py
"""

import json
import shutil
import statistics
import sys
import tempfile
import time
from datetime import date
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

import maps
from maps import records
from maps.context import MapContext

POLYGONS, VERTICES = 20_000, 12
PANS, REST_MS = 20, 400
CONTEXT = MapContext("昆明市五华区", "Wuhua District, Kunming", as_of=date(2026, 9, 30))


def compounds() -> gpd.GeoDataFrame:
    """Rated compounds of twelve corners, some 70 m wide, on a grid of 100 m."""
    rng = np.random.default_rng(1)
    side = int(np.ceil(POLYGONS**0.5))
    row, column = np.divmod(np.arange(POLYGONS), side)
    centre = np.column_stack([102.6 + 0.001 * column, 25.0 + 0.0009 * row])
    turn = np.linspace(0, 2 * np.pi, VERTICES, endpoint=False)
    radius = rng.uniform(0.00025, 0.0004, (POLYGONS, VERTICES))
    ring = np.stack([radius * np.cos(turn), radius * np.sin(turn)], axis=2) + centre[:, None, :]
    count = np.arange(POLYGONS)
    columns: dict[str, Any] = {
        "code": [f"XQ{i:05d}" for i in count],
        "name": [f"小区{i}" for i in count],
        "area_code": "530102001001",
        "colour": rng.choice(["green", "yellow", "red"], POLYGONS, p=[0.67, 0.29, 0.04]),
        "rated_colour": None, "previous_colour": "green", "peer_group": "old",
        "observed": count % 30,
        "expected": 9.25, "relative_risk": rng.gamma(9, 1 / 9, POLYGONS), "p_red": 0.1,
        "quality": "A", "households": 300 + count % 700, "rule": "SAF-1",
        "reason_zh": [f"近24个月 {i % 30} 起。" for i in count],
        "reason_en": [f"{i % 30} incidents in 24 months." for i in count],
    }  # fmt: skip
    frame = gpd.GeoDataFrame(columns, geometry=shapely.polygons(ring), crs=4326)
    return frame.rename_geometry("geom")


def pages() -> dict[str, str]:
    """The page as the product makes it, and with everything on one canvas."""
    frames = {"rating": compounds()}
    limit = records.CANVAS_LIMIT
    tiled = maps.build("rating", frames, context=CONTEXT)
    try:
        records.CANVAS_LIMIT = POLYGONS
        return {"tiles": tiled, "canvas": maps.build("rating", frames, context=CONTEXT)}
    finally:
        records.CANVAS_LIMIT = limit


def measure(browser: Browser) -> dict[str, Any]:
    """Median and 95th percentile of a pan and bytes of both pages, and how they compare."""
    made = pages()
    with tempfile.TemporaryDirectory() as folder:
        opened = {name: _opened(browser, Path(folder), name, html) for name, html in made.items()}
        took: dict[str, list[float]] = {name: [] for name in opened}
        for turn in range(PANS + 1):
            for name, (page, watch) in opened.items():
                took[name].append(_pan_ms(page, watch, turn))
    found = {
        name: {
            "median_ms": round(statistics.median(times[1:]), 1),  # the first warms up
            "p95_ms": round(float(np.quantile(times[1:], 0.95)), 1),
            "bytes": len(made[name].encode()),
        }
        for name, times in took.items()
    }
    ratio = found["canvas"]["median_ms"] / found["tiles"]["median_ms"]
    return {
        "polygons": POLYGONS, "pans": PANS, **found["tiles"], "canvas": found["canvas"],
        "ratio_to_canvas": round(ratio, 2),
    }  # fmt: skip


def _opened(browser: Browser, folder: Path, name: str, html: str) -> tuple[Page, CDPSession]:
    path = folder / f"{name}.html"
    path.write_text(html, encoding="utf-8")
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.goto(path.as_uri())
    page.wait_for_selector("html[data-ready]", state="attached", timeout=60_000)
    page.evaluate("wangge.fit()")  # all of them in view: the hardest case
    page.wait_for_timeout(3_000)
    watch = page.context.new_cdp_session(page)
    watch.send("Performance.enable")
    return page, watch


def _busy_ms(watch: CDPSession) -> float:
    metrics = watch.send("Performance.getMetrics")["metrics"]
    return 1_000 * next(one["value"] for one in metrics if one["name"] == "TaskDuration")


def _pan_ms(page: Page, watch: CDPSession, turn: int) -> float:
    page.bring_to_front()
    before = _busy_ms(watch)
    page.evaluate(f"void wangge.map.panBy([{90 if turn % 2 else -90}, 40], {{ animate: false }})")
    end_s = time.monotonic() + 5
    while time.monotonic() < end_s:
        busy = _busy_ms(watch)
        page.wait_for_timeout(REST_MS)
        if _busy_ms(watch) - busy < 0.05 * REST_MS:
            break
    return busy - before


if __name__ == "__main__":
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))))
    with sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=program, args=["--no-sandbox"])
        json.dump(measure(chromium), sys.stdout, indent=2)
        chromium.close()
