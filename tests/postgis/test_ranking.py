"""Rankings of the small demo against pandas by hand."""

import pandas as pd
import pytest

from gis.areas.levels import Level
from gis.errors import NoData
from gis.ranking import service

WEIGHTS = {"satisfaction": 0.4, "problems_fixed": 0.3, "media": 0.1, "inspection": 0.2}


@pytest.fixture(scope="module")
def evaluated(demo_store) -> pd.DataFrame:
    return pd.read_csv(demo_store.files / "evaluations.csv", dtype={"area_code": str})


@pytest.fixture
def ask(demo_store):
    house = demo_store.house

    def asked(function, **more):
        with demo_store.begin() as session:
            return function(session, district=house.district, policy=house.policy, **more)

    return asked


def test_communities_are_ranked_by_their_own_scores(ask, evaluated):
    found = ask(service.ranking, level=Level.COMMUNITY, period="2026Q3").rows
    now = evaluated[evaluated["period"] == "2026Q3"]
    totals = (
        now.assign(part=now["score"] * now["measure"].map(WEIGHTS))
        .groupby("area_code")["part"]
        .sum()
    )
    assert dict(zip(found["code"], found["total"], strict=True)) == pytest.approx(totals.to_dict())
    best = found.iloc[0]
    assert best["total"] == pytest.approx(totals.max())
    assert found["name"].str.contains("社区").all()
    assert found["previous_rank"].notna().all()


def test_streets_without_scores_of_their_own_take_the_means_of_their_communities(ask, evaluated):
    found = ask(service.ranking, level=Level.STREET, period="2026Q3").rows.set_index("code")
    now = evaluated[evaluated["period"] == "2026Q3"]
    assert len(found)
    for code, row in found.iterrows():
        inside = now[now["area_code"].str.startswith(code)]
        assert len(inside)
        assert row["media"] == pytest.approx(
            inside.loc[inside["measure"] == "media", "score"].mean()
        )


def test_a_whole_year_has_classes(ask):
    found = ask(service.year, level=Level.COMMUNITY, year=2025)
    assert set(found.rows["quarters"]) == {4}
    assert set(found.rows["year_class"]) <= {"demonstration", "standard", "below"}
    assert not found.rows.loc[found.rows["year_class"] != "below", "loses_name"].any()


def test_a_year_that_is_not_over_has_none(ask):
    assert set(ask(service.year, level=Level.COMMUNITY, year=2026).rows["year_class"]) == {
        "unknown"
    }


def test_a_quarter_without_evaluations_says_what_to_import(ask):
    with pytest.raises(NoData, match="import evaluations"):
        ask(service.ranking, level=Level.COMMUNITY, period="2010Q1")
    with pytest.raises(NoData, match="import evaluations"):
        ask(service.year, level=Level.COMMUNITY, year=2010)
