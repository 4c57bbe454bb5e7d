"""Rankings of the small demo against pandas by hand."""

from pathlib import Path

import pandas as pd
import pytest

from gis import district, policy
from gis.access.rights import Role
from gis.areas.levels import Level
from gis.areas.model import Area, Evaluation
from gis.db.session import User
from gis.errors import NoData
from gis.ranking import service
from gis.runs.model import Import

REFERENCE = Path(__file__).parents[2] / "data" / "reference"
POLICY = policy.load(REFERENCE / "policy.toml")
WUHUA = district.load(REFERENCE / "wuhua.toml")

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


# -- streets whose scores come from their communities, and streets with their own --------------

STREETS = ("530102001", "530102002")


@pytest.fixture
def evaluate(db):
    """``evaluate(code, period, score)``: every measure of one division and quarter alike."""
    file = Import(
        area_code="530102", kind="evaluations", file_name="hand.csv", file_sha256="0", read=0,
        kept=0, repaired=0, flagged=0, refused=0, summary={},
    )  # fmt: skip
    db.add(file)
    db.flush()
    for street in STREETS:
        for level, code in (("street", street), *(("community", f"{street}00{n}") for n in "12")):
            db.add(Area(import_id=file.id, source_key=code, code=code, area_code=code, level=level,
                        name=code))  # fmt: skip
    count = iter(range(1_000_000))

    def write(code, period, score, measures=tuple(WEIGHTS)):
        for one in measures:
            db.add(Evaluation(import_id=file.id, source_key=f"e{next(count)}", area_code=code,
                              period=period, measure=one, score=score))  # fmt: skip
        db.flush()

    return write


def _ranking(session, **asked):
    found = service.ranking(
        session, district=WUHUA, policy=POLICY, level=Level.STREET, period="2026Q3", **asked
    )
    return found.rows.set_index("code")


def test_a_quarter_without_scores_of_streets_takes_means_whatever_the_quarter_before_had(
    db, evaluate
):
    for street, before, now in zip(STREETS, (90, 80), (70, 75), strict=True):
        evaluate(street, "2026Q2", before)
        evaluate(f"{street}001", "2026Q2", 1)
        evaluate(f"{street}001", "2026Q3", now)
    rows = _ranking(db)
    assert rows["total"].to_dict() == dict(zip(STREETS, (70, 75), strict=True))
    assert rows["previous_rank"].to_dict() == dict(zip(STREETS, (1, 2), strict=True))


def test_a_year_in_which_streets_got_scores_of_their_own_is_whole(db, evaluate):
    for quarter in (1, 2):
        evaluate("530102001001", f"2025Q{quarter}", 80)
    for quarter in (3, 4):
        evaluate("530102001", f"2025Q{quarter}", 100)
    found = service.year(db, district=WUHUA, policy=POLICY, level=Level.STREET, year=2025).rows
    assert found[["code", "total", "quarters", "year_class"]].to_numpy().tolist() == [
        ["530102001", 90, 4, "demonstration"]
    ]


def test_a_community_that_was_visited_twice_counts_once_in_its_street(db, evaluate):
    evaluate("530102001001", "2026Q3", 90)
    evaluate("530102001001", "2026Q3", 70, measures=["inspection"])
    evaluate("530102001002", "2026Q3", 60)
    assert _ranking(db).loc["530102001", "inspection"] == (80 + 60) / 2


def test_a_part_of_a_street_is_not_ranked_as_the_street(db, evaluate):
    """Whoever asks of one community, or sees one alone, would read its scores as its street's."""
    for street in STREETS:
        evaluate(f"{street}001", "2026Q3", 90)
        evaluate(f"{street}002", "2026Q3", 60)
    assert list(_ranking(db, area_prefix="530102001").index) == ["530102001"]
    with pytest.raises(NoData):
        _ranking(db, area_prefix="530102001001")


def test_who_sees_a_part_of_a_street_gets_no_figure_of_the_street(demo_store):
    for area, streets in (("530102001", ["530102001"]), ("530102001001", [])):
        user = User.of(Role.GRID_SUPERVISOR, id="lin", area_prefixes=(area,))
        with demo_store.begin(user) as session:
            if streets:
                assert list(_ranking(session).index) == streets
            else:
                with pytest.raises(NoData):
                    _ranking(session)


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
