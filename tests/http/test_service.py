"""The service as its users find it: a real uvicorn over the small demo in a real PostGIS."""

import http.client
import json
import math
import re

import httpx2
import psycopg2
import pytest
from psycopg2 import sql as names
from sqlalchemy import text

from gis.access.rights import Role
from gis.db.cluster.urls import libpq_url
from gis.layers.model import REGISTRY

API = "/api/v1"
PUBLIC = [one.name for one in REGISTRY if not one.internal]
DISTRICT = "530102"


def strict(response):
    """The body as JSON in which NaN is an error."""

    def refuse(word):
        raise ValueError(f"{word} is not JSON")

    return json.loads(response.text, parse_constant=refuse)


def get(client, path, **query):
    response = client.get(path, params={k: v for k, v in query.items() if v is not None})
    assert response.status_code == 200, response.text
    return strict(response)


def problem_of(response):
    assert response.headers["content-type"] == "application/problem+json"
    body = strict(response)
    assert body.keys() >= {"type", "title", "status", "code", "detail"}
    assert body["status"] == response.status_code
    return body["status"], body["code"]


def scalar(store, query, **values):
    with store.begin() as session:
        return session.execute(text(query), values).scalar_one()


def rows(store, query, **values):
    with store.begin() as session:
        return session.execute(text(query), values).all()


# -- is it alive ------------------------------------------------------------------------------


def test_it_lives_is_ready_and_says_what_it_is(client, demo_store):
    assert get(client, "/livez") == {"status": "ok"}
    ready = get(client, "/readyz")
    assert ready["postgis"] == scalar(demo_store, "SELECT postgis_lib_version()")
    assert ready["schema_version"] == scalar(
        demo_store, "SELECT version_num FROM wangge.alembic_version"
    )
    assert get(client, "/version")["district"] == DISTRICT


def test_a_store_behind_or_gone_is_not_ready_but_the_process_lives(store, serve, cluster, capfd):
    with serve(store.urls) as client:
        with psycopg2.connect(libpq_url(store.urls.owner)) as owner, owner.cursor() as cursor:
            cursor.execute("UPDATE wangge.alembic_version SET version_num = '9999'")
            owner.commit()
            ahead = client.get("/readyz")  # of a service that was not started again
            cursor.execute("UPDATE wangge.alembic_version SET version_num = '0000'")
        assert problem_of(ahead) == (503, "store_not_ready")
        assert ("start the newer version" in ahead.text, "migrate" in ahead.text) == (True, False)
        behind = client.get("/readyz")
        assert problem_of(behind) == (503, "store_not_ready")
        assert "run wangge migrate" in behind.text
        assert int(behind.headers["retry-after"]) > 0
        told = client.get("/metrics").text
        assert "wangge_store_up 1.0\nwangge_store_migrated 0.0" in measured(told)
        assert "wangge_workers" not in told, "another schema's answer is none"

        superuser = psycopg2.connect(libpq_url(cluster.url("postgres", "postgres")))
        superuser.autocommit = True
        name = names.Identifier(store.engine.url.database)
        close, reopen = (
            "ALTER DATABASE {} ALLOW_CONNECTIONS false",
            "ALTER DATABASE {} ALLOW_CONNECTIONS true",
        )
        with superuser.cursor() as cursor:
            cursor.execute(names.SQL(close).format(name))
            cursor.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s",
                [store.engine.url.database],
            )
            gone = client.get("/readyz")
            assert problem_of(gone) == (503, "store_unavailable")
            assert "retry-after" in gone.headers
            lines = [json.loads(one) for one in capfd.readouterr().err.splitlines()]
            (said,) = [one for one in lines if one["event"] == "store_unavailable"]
            where = store.engine.url.database
            assert (where in said["reason"], where in gone.text) == (True, False)
            told = httpx2.get(f"{client.base_url}/metrics").text  # no store can know a token
            assert "wangge_store_up 0.0" in measured(told)
            assert "wangge_store_migrated" not in told
            assert problem_of(client.get(f"{API}/areas"))[0] == 503
            assert client.get("/livez").status_code == 200
            cursor.execute(names.SQL(reopen).format(name))
        superuser.close()


def measured(told):
    """The measurements alone."""
    return "\n".join(line for line in told.splitlines() if not line.startswith("#"))


def test_metrics_name_routes_and_never_what_was_asked(client):
    client.get(f"{API}/areas/{DISTRICT}")
    client.get(f"{API}/layers/coverage/at", params={"lon": 102.71234, "lat": 25.05678})
    client.get("/a/secret/path")
    client.request("BREW", "/livez")
    shown = client.get("/metrics").text
    routes = set(re.findall(r'route="([^"]*)"', shown))
    assert {f"{API}/areas/{{code}}", f"{API}/layers/{{name}}/at", "unmatched"} <= routes
    assert set(re.findall(r'method="([^"]*)"', shown)) <= {"GET", "POST", "other"}
    assert not re.search("secret|102\\.71|BREW|530102", shown)


# -- areas ------------------------------------------------------------------------------------


def test_areas_are_those_of_the_store_level_by_level(client, demo_store):
    for level in ("district", "street", "community"):
        found = get(client, f"{API}/areas", level=level)
        codes = [one["code"] for one in found["areas"]]
        stored = rows(
            demo_store,
            "SELECT code FROM wangge.areas WHERE level = :level ORDER BY code",
            level=level,
        )
        assert codes == [row.code for row in stored]
        assert found["matched"] == len(codes)


def test_areas_below_a_street_have_its_code(client):
    street = get(client, f"{API}/areas", level="street")["areas"][0]["code"]
    below = get(client, f"{API}/areas", area=street, level="community")["areas"]
    assert below
    assert {one["parent_code"] for one in below} == {street}


def test_one_area_has_its_outline(client):
    feature = get(client, f"{API}/areas/{DISTRICT}")
    assert feature["id"] == feature["properties"]["code"] == DISTRICT
    assert feature["geometry"]["type"] == "MultiPolygon"
    assert problem_of(client.get(f"{API}/areas/530199")) == (404, "not_found")


def test_an_area_is_shown_as_of_a_day(client):
    assert get(client, f"{API}/areas", as_of="1901-01-01")["as_of"] == "1901-01-01"


# -- layers -----------------------------------------------------------------------------------


def test_the_layers_are_the_public_ones_of_the_registry(client):
    listed = get(client, f"{API}/layers")
    assert [one["name"] for one in listed] == PUBLIC
    assert all(column["zh"] and column["en"] for one in listed for column in one["columns"])


@pytest.mark.parametrize("layer", PUBLIC)
def test_pages_of_a_layer_are_complete_and_repeat_nothing(client, layer):
    path = f"{API}/layers/{layer}/features"
    whole = get(client, path, limit=10_000)
    assert whole["numberMatched"] == whole["numberReturned"] == len(whole["features"]) > 0
    size = max(1, math.ceil(whole["numberMatched"] / 3))
    pages = [get(client, path, limit=size, offset=size * n) for n in range(4)]
    assert pages[3]["features"] == [] or size * 3 < whole["numberMatched"]
    paged = [one for page in pages for one in page["features"]]
    assert paged == whole["features"]
    assert len({one["id"] for one in paged}) == len(paged)
    columns = next(one for one in get(client, f"{API}/layers") if one["name"] == layer)["columns"]
    assert set(whole["features"][0]["properties"]) == {one["name"] for one in columns}


@pytest.mark.parametrize("layer", PUBLIC)
def test_one_feature_is_the_same_alone_and_in_the_list(client, layer):
    one = get(client, f"{API}/layers/{layer}/features", limit=1)["features"][0]
    assert get(client, f"{API}/layers/{layer}/features/{one['id']}") == one
    missing = client.get(f"{API}/layers/{layer}/features/no-such-key")
    assert problem_of(missing) == (404, "not_found")


def test_a_click_finds_what_lies_there_as_postgis_says(client, demo_store):
    row = rows(
        demo_store,
        "SELECT code, ST_X(p) AS lon, ST_Y(p) AS lat"
        " FROM (SELECT code, ST_PointOnSurface(geom) AS p FROM wangge.compounds) AS one"
        " ORDER BY code LIMIT 1",
    )[0]
    path = f"{API}/layers/compounds/at"
    found = get(client, path, lon=row.lon, lat=row.lat, near=0)
    stored = rows(
        demo_store,
        "SELECT code FROM wangge.compounds"
        " WHERE ST_Intersects(geom, ST_SetSRID(ST_Point(:lon, :lat), 4326)) ORDER BY code",
        lon=row.lon,
        lat=row.lat,
    )
    assert [one["id"] for one in found["features"]] == [one.code for one in stored]
    assert row.code in {one["id"] for one in found["features"]}
    assert get(client, path, lon=0, lat=0)["features"] == []


def test_a_click_beside_a_facility_finds_it(client):
    features = get(client, f"{API}/layers/facilities/features")["features"]
    one = next(one for one in features if one["geometry"]["type"] == "Point")
    lon, lat = one["geometry"]["coordinates"]
    found = get(client, f"{API}/layers/facilities/at", lon=lon + 0.0002, lat=lat)
    assert one["id"] in {near["id"] for near in found["features"]}


def test_an_internal_layer_is_withheld_until_the_service_may_show_it(client, demo_store, serve):
    for path in ("features", "features/x", "at?lon=102.7&lat=25"):
        assert problem_of(client.get(f"{API}/layers/cameras/{path}")) == (403, "withheld")
    assert problem_of(client.get("/tiles/cameras/14/12867/7011.mvt")) == (403, "withheld")
    assert problem_of(client.get("/maps/cameras")) == (403, "withheld")
    with serve(demo_store.urls, serve_internal=True) as inside:
        shown = get(inside, f"{API}/layers/cameras/features", limit=10_000)
        assert shown["numberMatched"] > 300
        assert "cameras" in {one["name"] for one in get(inside, f"{API}/layers")}
        assert inside.get("/maps/cameras").status_code == 200


# -- results ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("analysis", "level", "table", "where"),
    [
        ("coverage", "community", "coverage_results", "subject_kind = 'community'"),
        ("coverage", "grid", "coverage_results", "subject_kind = 'grid'"),
        ("rental", "compound", "rental_results", "subject_kind = 'compound'"),
        ("video", "street", "video_results", "subject_kind = 'street'"),
        ("rating", "compound", "ratings", "true"),
        ("rating", None, "ratings", "true"),
        ("grids", None, "grid_findings", "true"),
    ],
)
def test_results_are_the_rows_of_the_newest_run(client, demo_store, analysis, level, table, where):
    found = get(client, f"{API}/results/{analysis}", level=level, limit=10_000)
    run_id = demo_store.runs[analysis]
    assert found["run"]["id"] == run_id
    count = scalar(
        demo_store,
        f"SELECT count(*) FROM wangge.{table} WHERE run_id = :run AND {where}",
        run=run_id,
    )
    assert found["matched"] == len(found["rows"]) == count > 0
    assert all(row["rule"] and row["reason_zh"] and row["reason_en"] for row in found["rows"])
    first, second = (
        get(client, f"{API}/results/{analysis}", level=level, limit=count - 1, offset=offset)[
            "rows"
        ]
        for offset in (0, count - 1)
    )
    assert first + second == found["rows"]


def test_a_subject_is_found_by_its_code(client):
    rating = get(client, f"{API}/results/rating", limit=1)["rows"][0]
    assert get(client, f"{API}/results/rating", code=rating["compound_code"])["rows"] == [rating]
    finding = get(client, f"{API}/results/grids", limit=1)["rows"][0]
    grid = finding["grid_codes"].split(",")[0]
    assert finding in get(client, f"{API}/results/grids", code=grid)["rows"]
    nobody = get(client, f"{API}/results/rating", code="x")
    assert (nobody["matched"], nobody["rows"]) == (0, [])


def test_a_level_the_analysis_does_not_speak_of_is_refused(client):
    for analysis, level in (("rating", "street"), ("grids", "community")):
        response = client.get(f"{API}/results/{analysis}", params={"level": level})
        assert problem_of(response) == (422, "bad_input")


def test_a_period_asks_for_its_run(client):
    newest = get(client, f"{API}/results/rating", limit=1)["run"]
    same = get(client, f"{API}/results/rating", period=newest["period"], limit=1)["run"]
    assert same == newest
    missing = client.get(f"{API}/results/rating", params={"period": "1999Q1"})
    assert problem_of(missing) == (404, "no_data")


def test_a_rating_is_computed_again_for_who_may_read_incidents_everywhere(
    client, demo_store, token_for
):
    path, quarter = f"{API}/results/rating/replay", {"which": "2026Q3"}
    found = get(client, path, **quarter)
    assert (found["equal"], found["differences"]) == (True, [])
    assert (found["run_id"], found["compounds"]) == (
        demo_store.runs["rating"],
        get(client, f"{API}/results/rating", limit=1)["matched"],
    )
    assert get(client, path, which=found["run_id"]) == found
    for role, areas, refused in (
        (Role.PLANNER, [DISTRICT], (403, "forbidden")),
        (Role.POLICE_LIAISON, ["530102001"], (403, "whole_district")),
        (None, [], (401, "sign_in_needed")),
    ):
        token = f"Bearer {token_for(demo_store.urls, role, areas)}" if role else ""
        answer = client.get(path, params=quarter, headers={"Authorization": token})
        assert problem_of(answer) == refused
    for which, refused in (
        (demo_store.runs["grids"], (404, "not_found")), ("1999Q1", (404, "no_data")),
        ("2026-07", (422, "bad_request")),
    ):  # fmt: skip
        assert problem_of(client.get(path, params={"which": which})) == refused


def test_whoever_works_in_a_part_is_not_told_what_the_whole_district_holds(serve, demo_store):
    names = ("coverage", "rating", "rental", "video", "grids")
    told = {}
    for area in ("530102", "530102001"):
        with serve(demo_store.urls, role=Role.GRID_SUPERVISOR, areas=[area]) as client:
            told[area] = {
                name for name in names
                if get(client, f"{API}/results/{name}", limit=1)["run"]["totals"]
            }  # fmt: skip
    assert told == {"530102": {*names}, "530102001": {"coverage", "rating"}}


def test_totals_equal_the_rows_in_the_store(client, demo_store):
    """Colours, verdicts and let dwellings: the run's totals against counts of the rows."""
    colours = dict(
        rows(
            demo_store,
            "SELECT colour, count(*) FROM wangge.ratings WHERE run_id = :run GROUP BY colour",
            run=demo_store.runs["rating"],
        )
    )
    rating = get(client, f"{API}/results/rating", limit=1)["run"]["totals"]
    assert {c: n for c, n in rating.items() if c in colours} == colours
    verdicts = dict(
        rows(
            demo_store,
            "SELECT verdict, count(*) FROM wangge.coverage_results"
            " WHERE run_id = :run AND subject_kind = 'community' GROUP BY verdict",
            run=demo_store.runs["coverage"],
        )
    )
    coverage = get(client, f"{API}/results/coverage", limit=1)["run"]["totals"]
    assert {v: n for v, n in coverage.items() if v in verdicts} == verdicts
    drawn = get(client, f"{API}/layers/rating/features", limit=10_000)["features"]
    shown = [one["properties"]["colour"] for one in drawn]
    assert {colour: shown.count(colour) for colour in colours} == colours


# -- what is refused --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/nothing", (404, "not_found")),
        (f"{API}/nothing", (404, "not_found")),
        (f"{API}/layers/nothing/features", (404, "not_found")),
        (f"{API}/layers/NO THING/features", (422, "bad_request")),
        (f"{API}/layers/coverage/features?limit=0", (422, "bad_request")),
        (f"{API}/layers/coverage/features?limit=10001", (422, "bad_request")),
        (f"{API}/layers/coverage/features?offset=-1", (422, "bad_request")),
        (f"{API}/layers/coverage/features?area=%27;--", (422, "bad_request")),
        (f"{API}/layers/rating/features?period=2026Q5", (422, "bad_request")),
        (f"{API}/layers/rating/features?period=0001Q1", (422, "bad_period")),
        (f"{API}/layers/rating/features?period=2001Q1", (404, "no_data")),
        (f"{API}/layers/rating/features?as_of=0001-01-01", (422, "bad_period")),
        (f"{API}/layers/rating/features?as_of=yesterday", (422, "bad_request")),
        (f"{API}/layers/rental_h3/features?resolution=11", (422, "bad_request")),
        (f"{API}/layers/coverage/features?level=galaxy", (422, "bad_request")),
        (f"{API}/layers/coverage/at?lon=181&lat=0", (422, "bad_request")),
        (f"{API}/layers/coverage/at?lon=nan&lat=0", (422, "bad_request")),
        (f"{API}/layers/coverage/at?lon=102", (422, "bad_request")),
        (f"{API}/layers/coverage/at?lon=102&lat=25&near=1", (422, "bad_request")),
        (f"{API}/results/horoscope", (422, "bad_request")),
        (f"{API}/areas/{'5' * 30}", (422, "bad_request")),
        ("/maps/nothing", (404, "not_found")),
        ("/maps/all", (404, "not_found")),
        ("/tiles/coverage/23/0/0.mvt", (422, "bad_request")),
        ("/tiles/coverage/3/9/0.mvt", (404, "not_found")),
    ],
)
def test_every_refusal_is_a_problem_document(client, path, expected):
    assert problem_of(client.get(path)) == expected


def test_another_method_is_refused_with_the_allowed_one(client):
    response = client.post(f"{API}/areas")
    assert problem_of(response) == (405, "method_not_allowed")
    assert response.headers["allow"] == "GET, HEAD"


@pytest.mark.parametrize(
    "path", ["/livez", f"{API}/areas", "/ogc/collections/rating/items?limit=3", "/ogc/nothing", "/"]
)
def test_head_is_answered_like_get_without_the_body(client, path):
    head, whole = client.head(path), client.get(path)
    assert (head.status_code, head.content) == (whole.status_code, b"")
    for name in ("content-type", "content-length", "location", "content-security-policy"):
        assert (head.headers.get(name) or "").split("nonce-")[0] == (
            whole.headers.get(name) or ""
        ).split("nonce-")[0], name
    refused = client.head(f"{API}/auth/sign-in")  # takes POST alone
    assert (refused.status_code, refused.headers["allow"]) == (405, "POST")


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "", "localhost.", "x:80"]
)
def test_a_host_not_on_the_list_is_refused(client, host):
    assert problem_of(client.get("/livez", headers={"Host": host})) == (400, "bad_host")


def test_an_inner_name_opens_the_probes_and_nothing_else(demo_store, serve):
    inner = {"Host": "App:8000"}
    with serve(demo_store.urls, inner_hosts=("app",)) as client:
        for path in ("/livez", "/readyz", "/metrics"):
            assert client.get(path, headers=inner).status_code == 200, path
        for path in (f"{API}/areas", "/sign-in", "/metrics/", "/livez/../sign-in"):
            assert problem_of(client.get(path, headers=inner)) == (400, "bad_host"), path


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:8000", "127.0.0.1:1", "[::1]", "[::1]:8000"]
)
def test_this_machine_has_several_names(client, host):
    assert client.get("/livez", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/assets/../pyproject.toml",
        "/assets/..%2fpyproject.toml",
        "/assets/%2e%2e%2fpyproject.toml",
        "/assets/..%5c..%5cetc%5cpasswd",
        "/assets//etc/passwd",
        "/assets/%2fetc%2fpasswd",
        "/assets/core.js%00.css",
        "/assets/...",
        "/maps/..%2fassets",
        "/assets/",
    ],
)
def test_no_path_leads_out_of_the_assets(client, path):
    """Sent as written: a client library would straighten it first."""
    connection = http.client.HTTPConnection(client.base_url.host, client.base_url.port)
    connection.request("GET", path)
    response = connection.getresponse()
    body = response.read()
    connection.close()
    assert response.status in (404, 422), body[:200]
    assert response.getheader("content-type") == "application/problem+json"


# -- headers and pages ------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/livez", "/nothing", "/metrics", f"{API}/areas", "/maps/rating"])
def test_every_answer_has_the_security_headers(client, path):
    headers = client.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-frame-options"] == "DENY"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["content-security-policy"].startswith("default-src 'none'")
    assert "server" not in headers or "uvicorn" in headers["server"]
    assert re.fullmatch("[0-9a-f]{16}", headers["x-request-id"])


def test_a_page_runs_only_scripts_with_its_nonce(client):
    first, second = client.get("/maps/combined"), client.get("/maps/combined")
    policies = [one.headers["content-security-policy"] for one in (first, second)]
    nonces = [re.search(r"script-src 'nonce-([\w-]+)'", policy)[1] for policy in policies]
    assert nonces[0] != nonces[1]
    assert not re.search("unsafe|https?:", policies[0])
    tags = re.findall(r"<(?:script|style|link rel=\"stylesheet\")[^>]*>", first.text)
    assert tags
    assert all(f'nonce="{nonces[0]}"' in tag for tag in tags if "application/json" not in tag)
    for name in re.findall(r'(?:src|href)="(/[^"]+)"', first.text):
        assert client.get(name).status_code == 200, name


def test_an_unchanged_tile_is_not_sent_again(client, demo_store):
    lon, lat = rows(
        demo_store,
        "SELECT ST_X(p), ST_Y(p) FROM (SELECT ST_PointOnSurface(geom) AS p FROM wangge.compounds"
        " LIMIT 1) AS one",
    )[0]
    x = int((lon + 180) / 360 * 2**14)
    y = int((1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2 * 2**14)
    path = f"/tiles/rating/14/{x}/{y}.mvt"
    tile = client.get(path)
    assert tile.headers["content-type"] == "application/vnd.mapbox-vector-tile"
    assert len(tile.content) > 100
    again = client.get(path, headers={"If-None-Match": tile.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_a_draft_of_a_quarter_is_not_there_for_a_viewer(demo_store, serve):
    """The demo's quarter is rated and not published; what else there is stays open."""
    colours = (f"{API}/results/rating", f"{API}/layers/rating/features", "/maps/rating",
               "/tiles/rating/11/1608/875.mvt")  # fmt: skip
    code = rows(demo_store, "SELECT min(code) AS code FROM wangge.compounds")[0].code
    with serve(demo_store.urls, role=Role.VIEWER) as client:
        for path in colours:
            answer = client.get(path)
            assert answer.status_code == 404, path
            assert "还没有已发布的季度评级" in answer.text, path
        for path in ("/maps/combined", "/map", f"/places/compound/{code}", f"{API}/layers"):
            answer = client.get(path)
            assert answer.status_code == 200, path
            assert "2026Q3" not in answer.text, path
    with serve(demo_store.urls, role=Role.GRID_WORKER) as client:
        assert [client.get(path).status_code for path in colours] == [200] * 4


# -- camera positions stay inside -------------------------------------------------------------


def positions(body):
    """Every pair of degrees in a text, in both orders, to a tenth of a metre."""
    pairs = re.findall(r"(\d+\.\d{4,}),\s*(\d+\.\d{4,})", body)
    found = {(round(float(a), 6), round(float(b), 6)) for a, b in pairs}
    return found | {(b, a) for a, b in found}


def test_no_answer_without_the_right_holds_a_camera(demo_store, serve):
    """Every path of the service, searched for positions, keys and national ids of cameras.

    A planner reads all but video and incidents.
    """
    cameras = rows(
        demo_store,
        "SELECT source_key, gb28181_id, ST_X(geom) AS lon, ST_Y(geom) AS lat FROM wangge.cameras",
    )
    places = {(round(one.lon, 6), round(one.lat, 6)) for one in cameras}
    keys = {one.source_key for one in cameras} | {one.gb28181_id for one in cameras} - {None}
    names = [one.name for one in REGISTRY]
    paths = [f"{API}/layers/{name}/features?limit=10000" for name in names]
    paths += [f"{API}/results/{one}?limit=10000" for one in demo_store.runs]
    paths += [f"/maps/{name}" for name in (*names, "combined")]
    paths += [f"{API}/areas?limit=10000", f"{API}/layers", "/metrics"]
    with serve(demo_store.urls, role=Role.PLANNER) as client:
        for path in paths:
            body = client.get(path).text
            assert not (keys & set(re.findall(r"[\w-]{6,}", body))), path
            assert not (positions(body) & places), path
    with serve(demo_store.urls, serve_internal=True) as inside:  # the search does find them
        body = inside.get(f"{API}/layers/cameras/features?limit=10000").text
        assert len(positions(body) & places) > 300
