"""Attacks by size, slowness and number: each is answered soon and says what to do."""

import socket
import time
from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text
from waiting import until_blocked

from api.app import create_app
from api.deps import Db
from gis.access.rights import Role
from gis.db.engine import make_engine
from gis.settings import Settings

SIGN_IN = "/api/v1/auth/sign-in"


@pytest.fixture(scope="module")
def small(demo_store, serve):
    """A service that takes 64 KiB and waits half a second."""
    limits = {"body_limit_kb": 64, "body_patience_s": 0.5, "sign_in_limit": "1000/minute"}
    with serve(demo_store.urls, role=None, **limits) as client:
        yield client


def test_a_body_that_says_it_is_too_large_is_not_read(small):
    answer = small.post(SIGN_IN, content=b"x" * (64 * 1024 + 1))
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    page = small.post("/dangers", content=b"x" * (64 * 1024 + 1), headers={"accept": "text/html"})
    assert (page.status_code, "选择较小的文件再试" in page.text) == (413, True)


def test_only_an_uploads_own_address_takes_more_than_that(small):
    big = b"x" * (64 * 1024 + 1)  # read before anybody asks who sent it
    for method, path in (("PUT", "/api/v1/imports/1/mapping"), ("POST", "/api/v1/importsx")):
        assert small.request(method, path, content=big).status_code == 413, path
    for path, refused in (("/api/v1/imports", 401), ("/imports", 403)):  # nobody, from no page
        assert small.post(path, content=big).status_code == refused, path


def test_a_body_that_grows_too_large_is_cut_off(small):
    pieces = (b"x" * 8192 for _ in range(64))  # chunked: nobody says how much will come
    try:
        answer = small.post(SIGN_IN, content=pieces)
    except httpx2.TransportError:
        return  # the service hung up while we were sending
    assert answer.status_code == 413


def test_a_body_that_never_ends_is_not_waited_for(small):
    host, port = small.base_url.host, small.base_url.port
    with socket.create_connection((host, port), timeout=10) as slow:
        head = f"POST {SIGN_IN} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
        slow.sendall(f"{head}Content-Length: 1000\r\n\r\n{{".encode())
        started = time.monotonic()
        answer = slow.recv(4096)
    assert b" 408 " in answer.splitlines()[0]
    assert time.monotonic() - started < 5


def test_when_all_connections_are_busy_one_is_told_to_come_back(store, serve):
    owner = make_engine(store.urls.owner, Settings(_env_file=None))
    limits = {"pool_max_size": 1, "pool_wait_s": 0.3, "statement_timeout_ms": 25_000}
    with (
        serve(store.urls, **limits) as one,
        ThreadPoolExecutor() as pool,
        owner.begin() as holder,
    ):
        holder.execute(text("LOCK TABLE wangge.areas IN ACCESS EXCLUSIVE MODE"))
        held = pool.submit(one.get, "/api/v1/areas")
        until_blocked(holder, held.done)
        started = time.monotonic()
        answer = one.get("/api/v1/areas")
        waited_s = time.monotonic() - started
    owner.dispose()
    assert (answer.status_code, answer.json()["code"]) == (503, "busy")
    assert int(answer.headers["retry-after"]) > 0
    assert waited_s < 10


def test_whoever_crosses_somebody_else_is_asked_to_look_again(demo_store, token_for):
    app = create_app(Settings(_env_file=None, database_url=demo_store.urls.app))

    @app.get("/crossed")
    def crossed(db: Db) -> None:
        db.execute(text("DO $$ BEGIN RAISE SQLSTATE '40P01'; END $$"))  # a deadlock's victim

    headers = {"authorization": f"Bearer {token_for(demo_store.urls, Role.VIEWER)}"}
    with TestClient(app, base_url="http://localhost", headers=headers) as client:
        answer = client.get("/crossed")
    assert (answer.status_code, answer.json()["code"]) == (409, "overtaken")


@pytest.mark.parametrize(
    ("role", "path"),
    [(Role.AUDITOR, "/api/v1/audit/lines.csv?purpose=check"), (Role.PLANNER, "/sheets/x.pdf"),
     (Role.POLICE_LIAISON, "/plaques/2026Q3.pdf")],
)  # fmt: skip
def test_every_way_out_counts_as_an_export(demo_store, serve, role, path):
    with serve(demo_store.urls, role=role, export_limit="1/minute") as one:
        assert [one.get(path).status_code for _ in range(2)][1] == 429


def test_exports_are_limited_by_user(demo_store, serve):
    asked = {"layer": "no_such_layer", "format": "gpkg"}
    with serve(demo_store.urls, role=Role.PLANNER, export_limit="2/minute") as client:
        codes = [client.post("/api/v1/exports", json=asked).status_code for _ in range(3)]
    assert codes == [404, 404, 429]


def test_metrics_and_readiness_are_for_this_machine_or_the_right_role(demo_store, token_for):
    """From elsewhere they need ``health:read``, whatever the client says of its address."""
    settings = Settings(
        _env_file=None, database_url=demo_store.urls.app, owner_url=demo_store.urls.owner
    )
    app = create_app(settings)
    steward = {"authorization": f"Bearer {token_for(demo_store.urls, Role.DATA_STEWARD)}"}
    viewer = {"authorization": f"Bearer {token_for(demo_store.urls, Role.VIEWER)}"}
    for address, headers, status in (
        ("127.0.0.1", {}, 200), ("192.0.2.7", {}, 401), ("192.0.2.7", viewer, 403),
        ("192.0.2.7", steward, 200), ("192.0.2.7", {"x-forwarded-for": "127.0.0.1"}, 401),
    ):  # fmt: skip
        with TestClient(app, base_url="http://localhost", client=(address, 5000)) as client:
            for path in ("/metrics", "/readyz"):
                assert client.get(path, headers=headers).status_code == status, (address, path)


FILTERED = {
    "/ogc/collections/rating/items?limit=1": ("filter=colour='red'",),
    "/api/v1/layers/rating/features?limit=1": ("area=530102", "as_of=2026-09-30", "period=2026Q3"),
    "/grids?page=1": ("q=x", "sort=code"),
}


@pytest.mark.parametrize("address", FILTERED)
def test_filters_of_one_user_are_limited(demo_store, serve, address):
    said = FILTERED[address]
    with serve(demo_store.urls, role=Role.GRID_WORKER, filter_limit="2/minute") as client:
        for number in range(3):
            sent = client.get(f"{address}&{said[number % len(said)]}")
            assert sent.status_code == (200 if number < 2 else 429), number
        assert int(sent.headers["retry-after"]) >= 1
        assert client.get(address).status_code == 200  # without a filter nothing is counted
        page = {"accept": "text/html"}
        over = client.get(f"{address}&{said[0]}", headers=page)
        assert (over.status_code, int(over.headers["retry-after"]) >= 1) == (429, True)


def test_a_click_on_the_map_counts_as_a_filter_of_layers(demo_store, serve):
    asked = "/api/v1/layers/rating/at?lon=102.7&lat=25.04"
    with serve(demo_store.urls, role=Role.GRID_WORKER, filter_limit="1/minute") as client:
        assert [client.get(asked).status_code for _ in range(2)] == [200, 429]


def test_ratings_computed_again_are_limited_by_user_on_both_ways_together(demo_store, serve):
    """Asked of a quarter without a rating: what is counted is the asking."""
    asked = "/api/v1/results/rating/replay?which=2020Q1"
    page = "/ratings?period=2020Q1&replay=yes"
    with serve(demo_store.urls, role=Role.POLICE_LIAISON, replay_limit="2/minute") as client:
        said = [client.get(one) for one in (asked, page, asked, page)]
        assert [one.status_code for one in said] == [404, 404, 429, 429]
        assert all(int(one.headers["retry-after"]) >= 1 for one in said[2:])
        assert "操作太频繁，请" in said[2].json()["detail"]
        assert "too often: try again" in said[2].json()["detail"]
        assert client.get(page.removesuffix("&replay=yes")).status_code == 404


def test_a_table_as_a_file_counts_as_an_export(demo_store, serve):
    with serve(demo_store.urls, role=Role.PLANNER, export_limit="1/minute") as client:
        said = [client.get("/grids?download=csv&purpose=x").status_code for _ in range(2)]
    assert said == [200, 429]
