"""The page that has files made: what is offered, what is refused, what the job is told."""

import pytest

from gis.access.rights import Role

HERE = {"Sec-Fetch-Site": "same-origin"}


def ask(client, **said):
    return client.post("/exports", data={"format": "gpkg", "purpose": "季度会"} | said,
                       headers=HERE, follow_redirects=False)  # fmt: skip


@pytest.fixture(scope="module")
def police(own_demo, serve):
    with serve(own_demo.urls, role=Role.POLICE_LIAISON) as client:
        yield client


def test_two_clicks_and_a_purpose_make_a_job_that_leads_to_the_file(police):
    answer = ask(police, layer="risk")
    assert answer.status_code == 303
    page = police.get(answer.headers["location"]).text
    for told in ("risk", "gpkg", "季度会"):
        assert told in page
    internal = police.get(ask(police, layer="cameras").headers["location"]).text
    assert "True" in internal  # an internal layer is asked for as one


def test_without_a_purpose_or_off_the_lists_nothing_is_made(police):
    assert "请写明用途" in ask(police, layer="risk", purpose=" ").text
    for wrong in ({"layer": "risk", "format": "exe"}, {"layer": "../x"}):
        assert ask(police, **wrong).status_code == 422
    assert ask(police, layer="nothing").status_code == 404


def test_only_what_one_may_export_is_offered(police, own_demo, serve):
    assert 'value="cameras"' in police.get("/exports").text
    with serve(own_demo.urls, role=Role.PLANNER) as planner:
        assert 'value="coverage"' in planner.get("/exports").text
        assert 'value="cameras"' not in planner.get("/exports").text
        assert ask(planner, layer="cameras").status_code == 403
    with serve(own_demo.urls, role=Role.VIEWER) as viewer:
        assert viewer.get("/exports").status_code == 403
