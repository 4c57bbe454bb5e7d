"""Long work that a request waits for: it is told of, and it ends when nobody waits any more."""

import json
import re
import time

import httpx2
import pytest
from sqlalchemy import select

from gis.access.rights import Role
from gis.compounds.model import Compound

EVENTS = {"Accept": "text/event-stream"}
SOON_S = 3.5  # the solver gives up by itself after 5


@pytest.fixture(scope="module")
def service(serve, demo_store):
    with serve(demo_store.urls, role=Role.POLICE_LIAISON, serve_internal=True) as client:
        yield client


@pytest.fixture(scope="module")
def hard(demo_store):
    """A compound with so many places that the solver takes all its time for such a share."""
    with demo_store.begin() as session:
        code = session.scalars(select(Compound.code).order_by(Compound.code).offset(2)).first()
    return {"compound": code, "target": "0.95"}


def measured(client):
    """Works under way, and connections to the store in use."""
    text = client.get("/metrics").text
    return [
        float(re.search(rf"^wangge_{name} (\S+)$", text, re.MULTILINE)[1])
        for name in ("works", "store_connections")
    ]


def comes_to_rest(client):
    """Whether nobody works on anything any more before the solver would have ended by itself."""
    end_s = time.monotonic() + SOON_S
    while time.monotonic() < end_s:
        if measured(client) == [0, 0]:
            return True
        time.sleep(0.05)
    return False


def events(answer):
    """What each event of a stream says; the last one says that it is done."""
    assert answer.headers["content-type"].startswith("text/event-stream")
    text = ""
    for piece in answer.iter_text():
        *whole, text = (text + piece).split("\n\n")
        for one in whole:
            name, data = one.split("\n")
            yield name.removeprefix("event: "), json.loads(data.removeprefix("data: "))


@pytest.mark.parametrize("path", ["/sharp-eyes/plan?budget=2&area=530102001001", "/walking"])
def test_a_long_page_tells_first_how_far_it_is_and_is_kept_then(serve, demo_store, path):
    with serve(demo_store.urls, role=Role.PLANNER, serve_internal=True) as nobody:
        if "sharp-eyes" in path:
            assert nobody.get(path, headers=EVENTS).status_code == 403
    role = Role.POLICE_LIAISON if "sharp-eyes" in path else Role.PLANNER
    with serve(demo_store.urls, role=role, serve_internal=True) as client:
        with client.stream("GET", path, headers=EVENTS) as answer:
            *told, last = events(answer)
        assert last == ("done", {})
        shares = [said["share"] for _, said in told]
        assert shares == sorted(shares)
        assert any(0 < share < 1 for share in shares)
        with client.stream("GET", path, headers=EVENTS) as answer:
            assert [name for name, _ in events(answer)] == ["done"]  # it is kept
        page = client.get(path, headers={"Accept": "text/html"})
        assert page.status_code == 200
        assert "<table" in page.text


def test_a_question_that_cannot_be_answered_is_refused_by_the_page_that_follows(service):
    path = "/sharp-eyes/plan?compound=nowhere"
    with service.stream("GET", path, headers=EVENTS) as answer:
        assert list(events(answer))[-1] == ("done", {})
    assert service.get(path).status_code == 422


def test_a_reader_of_events_who_goes_away_ends_the_work(service, hard):
    with service.stream("GET", "/sharp-eyes/plan", params=hard, headers=EVENTS) as answer:
        told = events(answer)  # which closes the connection when nobody holds it any more
        while next(told)[1]["share"] <= 0.5:
            continue
        assert measured(service) == [1, 1]  # the solver is at work
    assert comes_to_rest(service)


def test_a_client_of_the_api_who_goes_away_ends_the_work(service, hard):
    with pytest.raises(httpx2.ReadTimeout):
        service.get("/api/v1/video/plan", params=hard, timeout=1.0)
    assert comes_to_rest(service)
