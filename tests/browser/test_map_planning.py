"""Planned video points: drawn by hand on the page, saved as GeoJSON that other readers take."""

from pathlib import Path

import geopandas as gpd
import pytest

import maps
from data.ingest.service import import_file
from data.ingest.types import Kind, Options
from gis import district
from gis.video import store as video

WUHUA = district.load(Path(__file__).parents[2] / "data" / "reference" / "wuhua.toml")
pytestmark = pytest.mark.browser


def test_points_drawn_on_the_map_become_a_file_that_is_taken_in(
    open_page, frames, inside, tmp_path, db
):
    opened = open_page(maps.build("cameras", frames, context=inside))
    page = opened.page
    page.click("#wg-plan")
    page.fill("#wg-plan-direction", "450")
    page.mouse.click(700, 300)
    page.fill("#wg-plan-direction", "")
    page.mouse.click(800, 500)
    page.mouse.click(600, 600)
    page.click("#wg-plan-undo")
    there = page.evaluate("wangge.map.containerPointToLatLng([700, 300 - 56])")

    with page.expect_download() as waiting:
        page.click("#wg-plan-save")
    path = tmp_path / waiting.value.suggested_filename
    waiting.value.save_as(path)

    points = gpd.read_file(path)
    assert points.crs.to_epsg() == 4490
    assert points["status"].tolist() == ["planned", "planned"]
    assert points["source_key"].is_unique
    assert points["direction_deg"].iloc[0] == 90
    assert points["direction_deg"].isna().tolist() == [False, True]
    assert points.geometry.iloc[0].x == pytest.approx(there["lng"], abs=2e-5)
    assert points.geometry.iloc[0].y == pytest.approx(there["lat"], abs=2e-5)

    report = import_file(db, path, Kind.CAMERAS, Options(), WUHUA)  # `wangge import cameras`
    assert (report.inserted, report.refused) == (2, 0)
    kept = video.register(db).set_index("key").loc[points["source_key"]]
    assert kept["status"].tolist() == ["planned", "planned"]
    assert kept[["lon", "lat"]].to_numpy() == pytest.approx(
        points.get_coordinates().to_numpy(), abs=1e-7
    )
    assert opened.left_the_machine == []
    assert opened.complaints == []


def test_the_scale_bar_is_as_long_on_the_ground_as_it_says(open_page, frames, inside):
    page = open_page(maps.build("cameras", frames, context=inside)).page
    said, long_m = page.evaluate("""() => {
        const bar = document.querySelector(".leaflet-control-scale-line"), map = wangge.map;
        const y = map.getSize().y / 2, width = parseFloat(bar.style.width);
        const [left, right] = [0, width].map(x => map.containerPointToLatLng([x, y]));
        return [bar.textContent, map.distance(left, right)];
    }""")
    number, unit = said.split()
    assert long_m == pytest.approx(int(number) * {"m": 1, "km": 1_000}[unit], rel=0.02)


def test_hostile_names_run_nothing_when_clicked_found_or_named(open_page, samples, inside):
    hostile = [
        "</script><script>window.hit=1</script>",
        "${window.hit=1}",
        "<img src=x onerror='window.hit=1'>",
        '"><svg onload=window.hit=1>',
    ]
    frame = samples.rating(4)
    for column in ("name", "reason_zh", "reason_en", "rule", "peer_group"):
        frame[column] = hostile
    opened = open_page(maps.build("rating", {"rating": frame}, context=inside))
    page = opened.page
    for row, words in enumerate(hostile):
        page.evaluate(f"wangge.open('rating', wangge.layers.get('rating').index.key[{row}])")
        page.wait_for_function(
            "w => document.querySelector('#wg-detail h2')?.textContent === w", arg=words
        )
        page.fill("#wg-query", words[:6])
        assert words in page.text_content("#wg-results")
    assert page.evaluate("window.hit") is None
    assert page.evaluate("document.querySelectorAll('img, svg[onload]').length") == 0
    assert opened.complaints == []
