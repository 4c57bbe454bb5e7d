"""Pages as the real service sends them: its nonce, its tiles, its answer to a click."""

import geopandas as gpd
import pyogrio
import pytest
import shapely
from serving import serving
from sqlalchemy import text

from maps import records

pytestmark = pytest.mark.browser
COUNTED = """name => [...document.querySelectorAll(`.layer[data-layer="${name}"] .entry`)]
    .map(one => +one.dataset.count)"""
# What a click in the middle of a record's area finds, once the tiles have been drawn.
CLICK = """async ([name, key]) => {
    const layer = wangge.layers.get(name);
    const row = wangge.row(layer, key);
    const at = L.latLng(layer.index.lat[row], layer.index.lon[row]);
    wangge.map.setView(at, 16, { animate: false });
    for (let i = 0; i < 200; i++) {
        const hits = wangge.under(at, 4).filter(hit => hit.layer.name === name);
        if (hits.length) { await wangge.select(hits, 0); return layer.index.key[hits[0].row]; }
        await new Promise(done => setTimeout(done, 50));
    }
    return null;
}"""
RED = """
SELECT compound_code, compound_name, observed, reason_zh FROM ratings
WHERE run_id = :rating AND colour = 'red' ORDER BY observed DESC, 1 LIMIT 1
"""


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    """A base map of one lake."""
    path = tmp_path_factory.mktemp("base") / "base.pmtiles"
    lake = gpd.GeoDataFrame(
        {"kind": ["lake"]}, geometry=[shapely.box(102.6, 25.0, 102.9, 25.2)], crs=4326
    )
    pyogrio.write_dataframe(lake, path, layer="water", driver="PMTiles", MINZOOM="5", MAXZOOM="12")
    return path


@pytest.fixture(scope="module")
def service(demo_store, base):
    """The service over the demo, internal layers and a base map with it."""
    with serving(demo_store.urls, serve_internal=True, basemap_pmtiles=base) as client:
        yield client


@pytest.fixture(scope="module")
def red(demo_store):
    with demo_store.begin() as session:
        return session.execute(text(RED), {"rating": demo_store.runs["rating"]}).one()


def visit(open_page, service, name, size="desk"):
    token = {"Authorization": service.headers["authorization"]}
    url = f"{service.base_url}/maps/{name}".replace("//maps", "/maps")
    return open_page(url=url, size=size, headers=token)


def quiet(opened, service):
    """The page asked only the service that sent it, and complained of nothing."""
    assert opened.complaints == []
    own = (str(service.base_url), "data:", "blob:")
    assert [url for url in opened.requests if not url.startswith(own)] == []


@pytest.mark.parametrize("size", ["desk", "phone"])
def test_a_small_store_is_drawn_from_the_page_over_its_base_map(
    open_page, service, demo_store, red, size
):
    opened = visit(open_page, service, "combined", size)
    page = opened.page
    with demo_store.begin() as session:
        statement = "SELECT colour, count(*) FROM ratings WHERE run_id = :rating GROUP BY 1"
        rows = session.execute(text(statement), {"rating": demo_store.runs["rating"]})
        by_colour = dict(rows.all())
    shown = [by_colour.get(colour, 0) for colour in ("red", "yellow", "green", "unrated")]
    assert page.evaluate(COUNTED, "rating") == shown
    assert page.evaluate(CLICK, ["rating", red.compound_code]) == red.compound_code
    assert red.reason_zh in page.inner_text("#wg-detail")
    page.wait_for_selector(".leaflet-tile-pane canvas", state="attached")
    assert any(url.endswith("/assets/basemap.pmtiles") for url in opened.requests)
    quiet(opened, service)


def test_a_large_layer_comes_as_tiles_and_a_click_asks_the_service(
    open_page, service, red, monkeypatch
):
    monkeypatch.setattr(records, "CANVAS_LIMIT", 10)  # the demo's layers are large now
    opened = visit(open_page, service, "rating")
    page = opened.page
    assert page.evaluate("document.getElementById('wg-table-rating')") is None
    assert page.evaluate(CLICK, ["rating", red.compound_code]) == red.compound_code
    details = page.inner_text("#wg-detail")
    assert red.compound_name in details
    assert red.reason_zh in details
    assert page.inner_text('[data-column="observed"] dd') == str(red.observed)
    assert any("/tiles/rating/" in url for url in opened.requests)
    assert any(f"/layers/rating/features/{red.compound_code}" in url for url in opened.requests)
    quiet(opened, service)


def test_the_nonce_of_the_header_is_that_of_the_page_and_never_comes_twice(service):
    seen = set()
    for _ in range(3):  # the second comes from the shelf
        answer = service.get("/maps/coverage")
        policy = answer.headers["content-security-policy"]
        nonce = policy.partition("script-src 'nonce-")[2].partition("'")[0]
        assert answer.text.count(f'nonce="{nonce}"') == answer.text.count('nonce="') > 3
        seen.add(nonce)
    assert len(seen) == 3
