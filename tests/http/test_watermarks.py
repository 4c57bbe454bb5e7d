"""What is printed to be taken along says who took it, when and what for."""

import io

import pypdf
import pytest
from PIL import Image
from sqlalchemy import text

from gis.access.rights import Role
from gis.audit import store as trail
from gis.publication import service as publication

PURPOSE = "季度例会 quarterly meeting"


@pytest.fixture(scope="module")
def published(own_demo, demo_store):
    """The demo with its quarter published."""
    at = demo_store.house
    with own_demo.begin() as session:
        cycle = publication.open_cycle(session, district=at.district, period="2026Q3")
        codes = publication.changes(session, cycle)["code"].tolist()
        publication.confirm(session, cycle.id, codes)
        publication.publish(session, cycle.id, issuer="综治中心")
    return own_demo


@pytest.fixture(scope="module")
def liaison(published, serve):
    with serve(published.urls, role=Role.POLICE_LIAISON) as client:
        yield client


def last_export(store):
    with store.begin() as session:
        return trail.page(session, trail.Asked(event="export"), limit=1)[0]


@pytest.mark.parametrize(
    ("path", "printed"),
    [
        ("/reports/2026Q3.pdf", True),
        ("/sheets/rating.pdf", True),
        ("/sheets/cameras.pdf", True),
        ("/plaques/2026Q3.pdf?area=530102001001", False),
    ],
)
def test_a_print_names_who_when_and_what_for(liaison, published, path, printed):
    answer = liaison.get(path, params={"purpose": PURPOSE, "area": "530102001001"})
    login = liaison.get("/api/v1/auth/me").json()["login"]
    file = pypdf.PdfReader(io.BytesIO(answer.content))
    line = last_export(published)
    assert file.metadata["/Author"] == login
    told = file.metadata["/Subject"]
    assert told.startswith(login)
    assert told.endswith(PURPOSE)
    assert f"{line['at'].year}-" in told
    assert (line["user_id"], line["purpose"]) == (login, PURPOSE)
    for page in file.pages:
        words = page.extract_text()
        assert (login in words and "quarterly meeting" in words) == printed


def test_a_plaque_as_a_picture_says_it_too(liaison, published):
    with published.begin() as session:
        code = session.scalar(text("SELECT min(compound_code) FROM wangge.published_ratings"))
    body = liaison.get(f"/plaques/2026Q3/{code}.png").content
    told = Image.open(io.BytesIO(body)).text
    assert told["Author"] == liaison.get("/api/v1/auth/me").json()["login"]
    assert "preview" in told["Description"]


def test_the_purpose_of_an_internal_sheet_is_asked(liaison):
    assert liaison.get("/sheets/cameras.pdf").json()["code"] == "purpose_missing"
