"""OGC API Features as the standard has it: links, parameters, reference systems, pages, times.

Expected answers come from the standard (OGC 17-069r4, 18-058r1, 19-079r2), from pyproj, from SQL by
hand and from what a conforming server gave.
"""

import json
from datetime import date
from pathlib import Path
from urllib.parse import quote, urlencode

import httpx2
import pytest
from markupsafe import escape
from pyproj import Transformer
from refusals import told_in_both
from sqlalchemy import text

from gis.ogc import service

KEPT = Path(__file__).parents[3] / "shared" / "realdata" / "ogcapi-features-expectations"
CORE = KEPT / "src/test/resources/org/opengis/cite/ogcapifeatures10/conformance/core"
EPSG = "http://www.opengis.net/def/crs/EPSG/0/{}".format
RATING = "/ogc/collections/rating/items"
FACILITIES = "/ogc/collections/facilities/items"


def got(client, path):
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    return answer.json()


def rels(document):
    return {link["rel"] for link in document["links"]}


def keys(document):
    return [feature["id"] for feature in document["features"]]


@pytest.mark.parametrize(
    "path",
    ["", "/conformance", "/api", "/collections", "/collections/rating",
     "/collections/rating/queryables", "/collections/rating/items?limit=1"],
)  # fmt: skip
def test_every_document_is_there_as_json_and_as_a_page(client, path):
    """/req/html/definition, /req/json/definition: f, Accept, and a strict policy round the page."""
    url = f"/ogc{path}"
    assert "json" in client.get(url).headers["content-type"]
    browser = client.get(url, headers={"Accept": "text/html,application/xml;q=0.9,*/*;q=0.8"})
    asked = client.get(
        url, params={**dict(client.build_request("GET", url).url.params), "f": "html"}
    )
    for page in (browser, asked):
        assert page.headers["content-type"].startswith("text/html")
        policy = page.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy


def test_the_landing_page_leads_everywhere(client):
    landing = got(client, "/ogc")
    needed = {"self", "alternate", "service-desc", "service-doc", "conformance", "data"}
    assert needed <= rels(landing)
    for link in landing["links"]:
        answer = client.get(link["href"])
        assert answer.status_code == 200
        assert answer.headers["content-type"].split(";")[0] == link["type"].split(";")[0]


def test_it_says_what_it_keeps(client):
    kept = got(client, "/ogc/conformance")["conformsTo"]
    for one in ("core", "oas30", "html", "geojson"):
        assert f"http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/{one}" in kept
    assert "http://www.opengis.net/spec/ogcapi-features-2/1.0/conf/crs" in kept
    assert "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/features-filter" in kept
    assert "http://www.opengis.net/spec/cql2/1.0/conf/cql2-json" in kept


def test_every_collection_gives_features_and_queryables(client):
    for one in got(client, "/ogc/collections")["collections"]:
        page = got(client, f"/ogc/collections/{one['id']}/items?limit=1")
        named = got(client, f"/ogc/collections/{one['id']}/queryables")["properties"]
        for feature in page["features"]:
            lists = {key for key, value in feature["properties"].items() if isinstance(value, list)}
            assert feature["properties"].keys() - lists == named.keys() - {"geometry"}


def test_a_collection_has_what_clients_look_for(client):
    listed = {one["id"]: one for one in got(client, "/ogc/collections")["collections"]}
    assert "rating" in listed
    assert "cameras" not in listed  # internal
    one = got(client, "/ogc/collections/rating")
    assert {"self", "alternate", "items"} <= rels(one)
    assert one["crs"][0] == "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
    assert set(one["crs"][1:]) == {EPSG(code) for code in (4326, 4490, 3857, 4543)}
    assert one["storageCrs"] in one["crs"]


@pytest.mark.parametrize(
    "query",
    ["x=1", "limit=0", "limit=many", "limit=-1", "bbox=1,2,3", "bbox=1,2,3,4,5", "bbox=a,b,c,d",
     "bbox=102,26,103,24", "bbox=1,2,3,NaN", "bbox=", "datetime=yesterday", "datetime=2026-13-01",
     "datetime=../..", "datetime=", "datetime=2026-02-01/2026-01-01", "datetime=2026-01-01/x/y",
     "datetime=2026-01-01T00:00:00", f"crs={EPSG(25832)}", "crs=EPSG:4326", "crs=",
     f"bbox=1,2,3,4&bbox-crs={EPSG(1)}", "filter=", "filter-lang=cql", "filter-crs=x", "f=gml",
     "page=x", "page=e30", "period=2026", "as_of=x", "resolution=99", "limit=1&limit=2", "Limit=1"],
)  # fmt: skip
def test_what_cannot_be_used_is_answered_400(client, query):
    """/req/core/query-param-unknown and -invalid; the parameter is named in both languages."""
    answer = client.get(f"{RATING}?{query}")
    assert answer.status_code == 400, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert told_in_both(answer), answer.text
    assert answer.json()["detail"].count(query.split("&")[-1].split("=")[0]) >= 2


def test_other_documents_refuse_unknown_parameters_too(client):
    for path in ("", "/conformance", "/api", "/collections", "/collections/rating",
                 "/collections/rating/queryables", "/collections/rating/items/x"):  # fmt: skip
        answer = client.get(f"/ogc{path}?bbox=1,2,3,4")
        assert (answer.status_code, told_in_both(answer)) == (400, True), answer.text


def test_what_does_not_exist_is_404(client):
    for path, status in (
        ("/ogc/collections/nothing", 404), ("/ogc/collections/nothing/items", 404),
        (f"{RATING}/nothing", 404), (f"{RATING}/a%00b", 400),
    ):  # fmt: skip
        answer = client.get(path)
        assert (answer.status_code, told_in_both(answer)) == (status, True), answer.text


BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
REFUSED = [("/ogc/collections/nothing", 404), (f"{RATING}/nothing", 404), ("/ogc/nothing", 404),
           (f"{RATING}?limit=0", 400), ("/ogc/collections?x=1", 400),
           ("/ogc/collections/cameras", 403)]  # fmt: skip


@pytest.mark.parametrize(("path", "status"), REFUSED)
def test_a_browser_is_refused_with_a_page(client, path, status):
    plain, more = path.partition("?")[0], dict(client.build_request("GET", path).url.params)
    for answer in (
        client.get(path, headers=BROWSER),
        client.get(plain, params={**more, "f": "html"}),
    ):
        assert answer.status_code == status
        assert answer.headers["content-type"].startswith("text/html")
        assert "Accept" in answer.headers["vary"]
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert f">{status}<" in answer.text
    told = client.get(path).json()["detail"].partition(" / ")[0]
    assert escape(told) in client.get(path, headers=BROWSER).text


@pytest.mark.parametrize(("path", "status"), REFUSED)
def test_a_program_is_refused_with_a_problem_document(client, path, status):
    plain, more = path.partition("?")[0], dict(client.build_request("GET", path).url.params)
    for headers, params in (
        ({}, more), ({"Accept": "application/geo+json, text/html;q=0.5"}, more),
        (BROWSER, {**more, "f": "json"}),
    ):  # fmt: skip
        answer = client.get(plain, params=params, headers=headers)
        assert answer.status_code == status
        assert answer.headers["content-type"] == "application/problem+json"
        assert told_in_both(answer)


def test_who_is_not_signed_in_is_led_to_the_door_or_told_so(client):
    path = f"{RATING}?limit=1"
    with httpx2.Client(base_url=client.base_url) as nobody:
        led = nobody.get(path, headers=BROWSER)
        assert (led.status_code, led.headers["location"]) == (
            303, f"/sign-in?{urlencode({'next': path})}",
        )  # fmt: skip
        told = nobody.get(path)
        assert (told.status_code, told.json()["code"]) == (401, "sign_in_needed")
        assert told.headers["www-authenticate"].startswith("Bearer")


def test_a_limit_above_the_maximum_counts_as_that(client, demo_store, monkeypatch):
    monkeypatch.setattr(service, "MAX_LIMIT", 5)
    for more in (6, 2**63, 10**30):
        found = got(client, f"{RATING}?limit={more}")
        assert (found["numberReturned"], found["numberMatched"]) == (5, count(demo_store))
        assert any(one["rel"] == "next" for one in found["links"])


def count(store, where="true"):
    with store.begin() as session:
        asked = f"SELECT count(*) FROM ratings WHERE run_id = {store.runs['rating']} AND {where}"
        return session.scalar(text(asked))


def test_following_next_gives_every_feature_once(client):
    everything = keys(got(client, f"{RATING}?limit=1000"))
    page, walked = got(client, f"{RATING}?limit=7"), []
    while True:
        assert page["numberMatched"] == len(everything)
        assert page["numberReturned"] == len(page["features"])
        walked += keys(page)
        following = [link["href"] for link in page["links"] if link["rel"] == "next"]
        if not following:
            break
        page = got(client, following[0])
    assert walked == everything == sorted(set(everything))


def test_a_page_has_the_members_that_a_conforming_server_gives(client):
    """Compared with answers kept from the conformance suite's own tests."""
    if not CORE.exists():
        pytest.skip("the kept answers (../shared/realdata) are not on this machine")
    theirs = json.loads((CORE / "collections/collectionItems-flurstueck.json").read_text("utf-8"))
    ours = got(client, f"{RATING}?limit=2")
    assert theirs.keys() - {"timeStamp"} <= ours.keys()
    assert rels(theirs) <= rels(ours)
    for link in ours["links"]:
        assert {"href", "rel", "type", "title"} <= link.keys()
    assert theirs["features"][0].keys() <= ours["features"][0].keys()
    listed = json.loads((CORE / "collections/collections.json").read_text("utf-8"))
    of_theirs = listed["collections"][0]
    assert of_theirs.keys() <= got(client, "/ogc/collections/rating").keys() | {"license"}
    one = json.loads((CORE / "collections/collectionItem1-flurstueck.json").read_text("utf-8"))
    key = keys(ours)[0]
    alone = got(client, f"{RATING}/{key}")
    assert one.keys() <= alone.keys() | {"links"}
    assert rels(one) <= rels(alone)


@pytest.mark.parametrize("srid", [4326, 4490, 4543, 3857])
def test_coordinates_come_in_the_system_and_axis_order_asked_for(client, srid):
    """pyproj, told to keep the order of the authority, is the second opinion."""
    plain = got(client, f"{RATING}?limit=1")["features"][0]["geometry"]["coordinates"][0][0]
    answer = client.get(RATING, params={"limit": 1, "crs": EPSG(srid)})
    assert answer.headers["content-crs"] == f"<{EPSG(srid)}>"
    other = answer.json()["features"][0]["geometry"]["coordinates"][0][0]
    to = Transformer.from_crs("OGC:CRS84", srid)
    tolerance = 2e-3 if srid in (4543, 3857) else 2e-8
    for (lon, lat), shown in zip(plain, other, strict=True):
        assert shown == pytest.approx(to.transform(lon, lat), abs=tolerance)
    assert client.get(RATING).headers["content-crs"].endswith("/OGC/1.3/CRS84>")


@pytest.mark.parametrize("srid", [4326, 4490, 4543, 3857])
def test_a_box_in_another_system_finds_the_same(client, srid):
    west, south, east, north = 102.692, 25.042, 102.702, 25.052
    plain = got(client, f"{RATING}?bbox={west},{south},{east},{north}")
    assert 0 < plain["numberMatched"] < got(client, RATING)["numberMatched"]
    to = Transformer.from_crs("OGC:CRS84", srid)
    low, high = to.transform(west, south), to.transform(east, north)
    box = ",".join(str(number) for number in (*low, *high))
    other = got(client, f"{RATING}?bbox={box}&bbox-crs={EPSG(srid)}")
    assert abs(len(keys(other)) - len(keys(plain))) <= (2 if srid == 4543 else 0)
    heights = got(client, f"{RATING}?bbox={west},{south},0,{east},{north},9")
    assert keys(heights) == keys(plain)


def test_a_box_means_the_geometry_not_its_frame(client, demo_store):
    box = "102.692,25.042,102.702,25.052"
    asked = (
        "SELECT rating.compound_code FROM ratings AS rating JOIN compounds ON code = compound_code"
        f" WHERE run_id = {demo_store.runs['rating']} AND valid_to IS NULL"
        f" AND ST_Intersects(geom, ST_MakeEnvelope({box}, 4326)) ORDER BY 1"
    )
    with demo_store.begin() as session:
        expected = list(session.scalars(text(asked)))
    assert keys(got(client, f"{RATING}?bbox={box}&limit=1000")) == expected


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("2024-06-30", "2024-06-30", "2024-06-30"),
        ("2024-06-30T20:00:00Z", "2024-07-01", "2024-07-01"),  # 04:00 in Kunming
        ("2023-01-01/2024-12-31", "2023-01-01", "2024-12-31"),
        ("../2020-01-01", None, "2020-01-01"),
        ("/2020-01-01", None, "2020-01-01"),
        ("2025-01-01T00:00:00+08:00/..", "2025-01-01", None),
    ],
)
def test_datetime_finds_what_stood_then(client, demo_store, asked, first, last):
    """Facilities have a time: opened, closed; the expected ones are counted by hand."""
    everything = got(client, f"{FACILITIES}?limit=1000")["features"]

    def stood(properties):
        opened, closed = properties["opened_on"], properties["closed_on"]
        return (last is None or opened is None or opened <= last) and (
            first is None or closed is None or closed > first
        )

    expected = [one["id"] for one in everything if stood(one["properties"])]
    found = keys(got(client, f"{FACILITIES}?limit=1000&datetime={quote(asked)}"))
    assert found == expected
    timeless = got(client, f"{RATING}?datetime={quote(asked)}")  # /req/core/fc-time-response C
    assert timeless["numberMatched"] == count(demo_store)


def test_one_feature_is_the_one_of_the_page(client):
    page = got(client, f"{RATING}?limit=1")
    alone = got(client, f"{RATING}/{keys(page)[0]}")
    assert alone["properties"] == page["features"][0]["properties"]
    assert alone["geometry"] == page["features"][0]["geometry"]
    assert {"self", "alternate", "collection"} <= rels(alone)


IMPORT = """
INSERT INTO imports (area_code, kind, file_name, file_sha256, read, kept, repaired, flagged,
                     refused, summary)
VALUES ('530102', 'facilities', 'f', '0', 1, 1, 0, 0, 0, '{}') RETURNING id
"""
FACILITY = """
INSERT INTO facilities (area_code, source_key, import_id, name, function, status, geom)
VALUES ('530102001001', 'A/B/1', :import, 'x', 'service_station', 'open',
        'SRID=4326;POINT(102.7 25.05)')
"""


def test_a_key_may_hold_slashes(serve, store):
    with store.begin() as session:
        asked = {"import": session.scalar(text(IMPORT))}
        session.execute(text(FACILITY), asked)
    with serve(store.urls) as client:
        assert got(client, f"{FACILITIES}/A/B/1?as_of=2026-01-01")["id"] == "A/B/1"
        assert (
            got(client, f"{FACILITIES}/{quote('A/B/1', safe='')}?as_of=2026-01-01")["id"] == "A/B/1"
        )


def test_a_day_and_a_period_choose_what_is_shown(client, demo_store):
    page = got(client, f"{RATING}?limit=1")
    assert page["run_id"] == demo_store.runs["rating"]
    earlier = got(client, f"/ogc/collections/grids/items?limit=1&as_of={date(2026, 1, 1)}")
    assert earlier["as_of"] == "2026-01-01"
