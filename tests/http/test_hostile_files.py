"""Names made to break out of a page: by every format of a file and every form, shown as text."""

from html.parser import HTMLParser
from xml.sax.saxutils import quoteattr

import cells
import geopandas as gpd
import pytest
import shapely
from fastapi.testclient import TestClient
from hostile import VALUES
from sqlalchemy import text

from api.app import create_app
from data.ingest.service import import_file
from data.ingest.types import Kind, Options
from gis.access.rights import Role
from gis.publication import service as publication
from gis.publication.model import RatingCycle
from gis.settings import Settings

DRIVERS = {
    ".shp": "ESRI Shapefile", ".geojson": "GeoJSON", ".gpkg": "GPKG", ".kml": "KML",
    ".fgb": "FlatGeobuf", ".gdb": "OpenFileGDB", ".gml": "GML", ".tab": "MapInfo File",
}  # fmt: skip
FORMATS = [*DRIVERS, ".csv", ".xlsx", ".parquet", ".osm"]
CELL_BYTES = 254  # the most that a Shapefile and MapInfo keep
TYPED = "'\"></script></textarea><b data-hostile onclick=alert(1)>{{7*7}}"
SPOT = (102.7, 25.04)


def written(path):
    """A facility for each hostile name, and the names as the format can hold them."""
    short = path.suffix in (".shp", ".tab")
    names = [cut(one) for one in VALUES] if short else list(VALUES)
    rows = gpd.GeoDataFrame(
        {"key": [f"{path.suffix}{at}" for at in range(len(names))], "name": names,
         "function": "culture"},
        geometry=[shapely.Point(SPOT)] * len(names), crs=4326,
    )  # fmt: skip
    if path.suffix in DRIVERS:
        more = {"encoding": "UTF-8"} if short else {}
        rows.to_file(path, driver=DRIVERS[path.suffix], **more)
    elif path.suffix == ".parquet":
        rows.to_parquet(path)
    elif path.suffix == ".osm":
        nodes = "".join(node(at, name) for at, name in enumerate(names, 1))
        path.write_text(f'<osm version="0.6">{nodes}</osm>', "utf-8")
    else:
        plain = rows.drop(columns="geometry").assign(lon=SPOT[0], lat=SPOT[1])
        getattr(plain, {".csv": "to_csv", ".xlsx": "to_excel"}[path.suffix])(path, index=False)
    return names


def cut(name):
    return name.encode()[:CELL_BYTES].decode(errors="ignore")


def node(at, name):
    tags = {"name": name, "amenity": "library"}
    said = "".join(f"<tag k={quoteattr(k)} v={quoteattr(v)}/>" for k, v in tags.items())
    return f'<node id="{at}" lat="{SPOT[1]}" lon="{SPOT[0]}">{said}</node>'


def read(name):
    """A name as one reads it: without spaces at its ends and signs that nobody sees."""
    return " ".join("".join(one if one.isprintable() else " " for one in name).split())


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_brings_hostile_names_as_text(db, demo_store, tmp_path, form):
    file = tmp_path / f"a{form}"
    names = written(file)
    report = import_file(
        db, file, Kind.FACILITIES, Options(frame="wgs84"), demo_store.house.district
    )
    assert (report.inserted, report.refused) == (len(names), 0)
    kept = db.scalars(text("SELECT name FROM facilities"))
    assert set(map(read, kept)) == set(map(read, names))


class Page(HTMLParser):
    """What a page shows as text, and what broke out of its text."""

    def __init__(self, html):
        super().__init__()
        self.shown, self.broken = "", []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        for name, value in attrs:
            address = name in ("href", "src", "action", "formaction", "data")
            runs = address and (value or "").strip().lower().startswith("javascript:")
            if name == "data-hostile" or name.startswith("on") or runs:
                self.broken.append((tag, name, value))
            self.shown += f" {value} "

    def handle_data(self, data):
        self.shown += data


def test_what_breaks_out_would_be_found():
    assert Page(f"<p title='{TYPED}'>").broken == Page(f"<script>'{TYPED}'</script>").broken != []
    assert Page("<a href=' JavaScript:1'>").broken != []


@pytest.fixture
def service(demo_copy, token_for, tmp_path):
    """(store, as_role): a demo to write into, and the service as a role."""
    with demo_copy() as store:
        urls = store.urls
        app = create_app(Settings(
            _env_file=None, home=tmp_path / "home", database_url=urls.app, owner_url=urls.owner,
        ))  # fmt: skip
        same = {"origin": "http://localhost"}
        with TestClient(app, base_url="http://localhost", headers=same) as client:

            def as_role(role):
                client.headers["authorization"] = f"Bearer {token_for(urls, role)}"
                return client

            yield store, as_role


def posted(client, path, **data):
    answer = client.post(path, data=data, follow_redirects=False)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"].partition("?")[0]


def test_what_is_taken_in_is_text_on_a_page_and_on_the_map(service, demo_store, tmp_path):
    store, as_role = service
    written(tmp_path / "a.gpkg")
    with store.begin() as session:
        import_file(session, tmp_path / "a.gpkg", Kind.FACILITIES, Options(frame="wgs84"),
                    demo_store.house.district)  # fmt: skip
    planner = as_role(Role.PLANNER)
    for at, name in enumerate(VALUES):
        page = Page(planner.get(f"/facilities/.gpkg{at}").text)
        assert (page.broken, read(name) in read(page.shown)) == ([], True), name
    assert Page(planner.get("/maps/facilities").text).broken == []
    items = planner.get("/ogc/collections/facilities/items", params={"f": "html", "limit": 1000})
    page = Page(items.text)
    assert page.broken == []
    assert all(read(name) in read(page.shown) for name in VALUES)
    data = planner.get("/api/v1/layers/facilities/features", params={"limit": 1000})
    assert data.headers["content-type"] == "application/json"
    names = {read(one["properties"]["name"]) for one in data.json()["features"]}
    assert names >= set(map(read, VALUES))


def test_what_is_typed_is_text_on_the_pages_that_show_it(service):
    store, as_role = service
    lon, lat = map(float, cells.record(store, "spot", cells.OWN, login="somebody").split())
    spot = {"lon": lon, "lat": lat, "geom": shapely.to_geojson(shapely.Point(lon, lat))}
    planner = as_role(Role.PLANNER)
    facility = posted(planner, "/facilities/new", name=TYPED, function="culture", status="open",
                      ownership=TYPED[:60], step="save", sure="yes", **spot)  # fmt: skip
    scenario = posted(planner, "/scenarios", name=TYPED, area="530102", as_of="2026-09-30",
                      remark=TYPED)  # fmt: skip
    are_text(planner, facility, "/scenarios", scenario)

    police = as_role(Role.POLICE_LIAISON)
    danger = posted(police, "/dangers", kind="fire", severity="ordinary", what=TYPED, place=TYPED,
                    key="hostile-1", **spot)  # fmt: skip
    posted(police, "/ratings", period="2026Q3")
    with store.begin() as session:
        cycle = session.execute(text("SELECT id, run_id FROM rating_cycles")).one()
        code = session.scalar(text(GREEN), {"run": cycle.run_id})
    asked = f"/ratings/{cycle.id}/ask/{code}"
    posted(police, asked, colour="yellow", origin="objection", reason=TYPED)
    are_text(police, danger, f"/ratings/{cycle.id}/{code}")
    published(store, cycle.id, issuer=TYPED)
    are_text(police, "/ratings", f"/places/compound/{code}")


GREEN = "SELECT min(compound_code) FROM ratings WHERE run_id = :run AND colour = 'green'"


def are_text(client, *paths):
    for path in paths:
        page = Page(client.get(path).text)
        assert (page.broken, TYPED in page.shown) == ([], True), path


def published(store, cycle_id, *, issuer):
    """The quarter, with what was asked for decided by somebody else."""
    with store.begin() as session:
        asked = session.scalar(text("SELECT id FROM colour_overrides"))
        publication.decide(session, asked, approve=True)
        cycle = session.get_one(RatingCycle, cycle_id)
        codes = publication.changes(session, cycle)["code"].tolist()
        publication.confirm(session, cycle_id, codes)
        publication.publish(session, cycle_id, issuer=issuer)
