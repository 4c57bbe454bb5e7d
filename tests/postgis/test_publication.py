"""The quarter's cycle: two people, written reasons, and nothing that is published moves."""

import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import DBAPIError
from waiting import until_blocked

from gis import district as districts
from gis import policy as policies
from gis.access.rights import Role
from gis.db.session import User
from gis.errors import BadInput, BadPeriod, NoData, NotFound, WholeDistrict
from gis.privacy import PersonalText
from gis.publication import objections, service, store
from gis.publication.model import CycleState, Decision, Origin, PublishedRating, RatingCycle
from gis.publication.service import NotReady, SecondPerson
from gis.runs.model import Analysis, Run
from gis.runs.store import require_run
from gis.safety.model import Rating
from gis.safety.rules import Colour

REFERENCE = Path(__file__).parents[2] / "data" / "reference"
WUHUA = districts.load(REFERENCE / "wuhua.toml")
POLICY = policies.load(REFERENCE / "policy.toml")
REASON = "派出所核实：两起为同一事件重复登记"


def _who(name: str) -> User:
    return User.of(Role.POLICE_LIAISON, id=name, area_prefixes=("530102",))


class Desk:
    """Two people at work on one store; every call is a transaction of its own."""

    def __init__(self, store) -> None:
        self.store = store

    @contextmanager
    def as_(self, name: str) -> Iterator:
        with self.store.begin(_who(name)) as session:
            yield session

    def rate(self, period: str, **colours: tuple[str | None, str]) -> int:
        """A stored run: compound = (colour before, colour)."""
        with self.store.begin() as session:
            before = session.scalars(select(Run).where(Run.period == period)).all()
            run = Run(
                area_code="530102", analysis=Analysis.RATING, period=period,
                as_of=date(2026, 9, 30), revision=1 + len(before),
                policy_version="t", policy_digest="t", input_digest="t", parameters={}, totals={},
            )  # fmt: skip
            session.add(run)
            session.flush()
            session.execute(insert(Rating), [
                {"run_id": run.id, "area_code": "530102001001", "compound_code": code,
                 "compound_name": f"小区{code}", "peer_group": "old", "colour": colour,
                 "previous_colour": before, "observed": 3, "counts": {"theft": 2, "fire": 1},
                 "quality": "A", "rule": "SAF-1", "reason_zh": "因", "reason_en": "because"}
                for code, (before, colour) in colours.items()
            ])  # fmt: skip
            return run.id

    def open(self, period: str = "2026Q3") -> int:
        with self.as_("zhang") as session:
            return service.open_cycle(session, district=WUHUA, period=period).id

    def changes(self, cycle_id: int) -> pd.DataFrame:
        with self.as_("zhang") as session:
            return service.changes(session, session.get(RatingCycle, cycle_id)).set_index("code")

    def confirm(self, cycle_id: int, *codes: str, name: str = "zhang") -> int:
        with self.as_(name) as session:
            return service.confirm(session, cycle_id, codes)

    def ask(self, cycle_id: int, code: str, colour: str, *, reason: str = REASON) -> int:
        with self.as_("zhang") as session:
            return service.ask(
                session, cycle_id, code, colour=Colour(colour), reason=reason,
                origin=Origin.OBJECTION,
            ).id  # fmt: skip

    def object_to(self, cycle_id: int, code: str, colour: str, *, reason: str = REASON) -> None:
        with self.as_("chen") as session:
            objections.object_to(session, cycle_id, code, colour=Colour(colour), reason=reason)

    def decide(self, override_id: int, name: str, *, approve: bool = True) -> None:
        with self.as_(name) as session:
            service.decide(session, override_id, approve=approve)

    def publish(self, cycle_id: int) -> None:
        with self.as_("li") as session:
            service.publish(session, cycle_id, issuer="五华区公安分局")

    def published(self, period: str | None = None) -> dict[str, str]:
        with self.as_("li") as session:
            _, rows = service.published(session, period=period)
        return dict(zip(rows["code"], rows["colour"], strict=True))


@pytest.fixture
def desk(store) -> Desk:
    found = Desk(store)
    found.rate("2026Q3", A=("green", "red"), B=("green", "green"), C=(None, "yellow"))
    return found


def test_a_quarter_goes_from_review_to_publication(desk):
    cycle = desk.open()
    assert desk.open() == cycle
    rows = desk.changes(cycle)
    assert list(rows.index) == ["A", "C"]
    assert rows.loc["A", ["colour_before", "colour"]].tolist() == ["green", "red"]
    with pytest.raises(NotReady, match="2 changes unreviewed"):
        desk.publish(cycle)
    assert desk.confirm(cycle, "C") == 1
    assert desk.confirm(cycle, "C") == 0
    asked = desk.ask(cycle, "A", "yellow")
    with pytest.raises(NotReady, match="1 asked-for colours undecided"):
        desk.publish(cycle)
    desk.decide(asked, "li")
    desk.publish(cycle)
    assert desk.published() == {"A": "yellow", "B": "green", "C": "yellow"}


def test_whoever_asks_does_not_decide(desk):
    asked = desk.ask(desk.open(), "A", "yellow")
    with pytest.raises(SecondPerson):
        desk.decide(asked, "zhang")
    desk.decide(asked, "li")
    with pytest.raises(NotReady, match="approved already"):
        desk.decide(asked, "wang")


def test_the_database_itself_wants_a_second_person(desk):
    asked = desk.ask(desk.open(), "A", "yellow")
    statement = text(
        "UPDATE wangge.colour_overrides SET decision = 'approved', decided_by = asked_by,"
        " decided_at = now() WHERE id = :id"
    )
    with pytest.raises(DBAPIError, match="second_person"), desk.as_("zhang") as session:
        session.execute(statement, {"id": asked})


def test_a_rejected_wish_leaves_the_colour(desk):
    cycle = desk.open()
    desk.decide(desk.ask(cycle, "A", "green"), "li", approve=False)
    desk.confirm(cycle, "C")
    desk.publish(cycle)
    assert desk.published()["A"] == "red"
    with desk.as_("li") as session:
        row = session.get(PublishedRating, (cycle, "A"))
        assert (row.rated_colour, row.override_id) == ("red", None)


def test_a_compound_without_a_change_can_be_asked_for_too(desk):
    cycle = desk.open()
    asked = desk.ask(cycle, "B", "yellow")
    assert "B" in desk.changes(cycle).index
    desk.decide(asked, "li")
    desk.confirm(cycle, "A", "C")
    desk.publish(cycle)
    assert desk.published()["B"] == "yellow"


@pytest.mark.parametrize(
    ("colour", "reason", "error"),
    [
        ("red", REASON, BadInput),  # it is red
        ("unrated", REASON, BadInput),
        ("yellow", "太短", BadInput),
        ("yellow", "当事人：王小明 电话 13912345678 来反映情况", PersonalText),
    ],
)
def test_a_wish_without_reason_or_sense_is_refused(desk, colour, reason, error):
    cycle = desk.open()
    with pytest.raises(error):
        desk.ask(cycle, "A", colour, reason=reason)
    assert desk.changes(cycle)["override_id"].isna().all()


def test_one_wish_at_a_time(desk):
    cycle = desk.open()
    desk.ask(cycle, "A", "yellow")
    with pytest.raises(NotReady, match="asked for A already"):
        desk.ask(cycle, "A", "green")


def test_unknown_compounds_months_and_quarters_are_refused(desk):
    cycle = desk.open()
    with pytest.raises(NotFound):
        desk.confirm(cycle, "Z")
    with pytest.raises(NotFound):
        desk.ask(cycle, "Z", "yellow")
    with pytest.raises(BadPeriod):
        desk.open("2026-07")
    with pytest.raises(NoData, match="run rating"):
        desk.open("2026Q2")
    with pytest.raises(NoData, match="no quarter is published"):
        desk.published()


def _publish(desk: Desk) -> int:
    cycle = desk.open()
    desk.confirm(cycle, "A", "C")
    desk.publish(cycle)
    return cycle


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE wangge.published_ratings SET colour = 'green'",
        "DELETE FROM wangge.published_ratings",
        "UPDATE wangge.rating_cycles SET issuer = 'x'",
        "UPDATE wangge.rating_cycles SET state = 'review', published_at = NULL,"
        " published_by = NULL, issuer = NULL, digest = NULL",
        "DELETE FROM wangge.rating_cycles",
        "DELETE FROM wangge.colour_reviews",
        "INSERT INTO wangge.published_ratings SELECT cycle_id, 'X', area_code, compound_name,"
        " colour, rated_colour, override_id, rule, reason_zh, reason_en"
        " FROM wangge.published_ratings LIMIT 1",
    ],
)
def test_what_is_published_never_changes(desk, statement):
    _publish(desk)
    refused = pytest.raises(DBAPIError, match=r"never changed|nothing of it changes")
    with refused, desk.as_("zhang") as session:
        session.execute(text(statement))
    assert desk.published() == {"A": "red", "B": "green", "C": "yellow"}


def test_nothing_more_is_said_of_a_published_cycle(desk):
    cycle = _publish(desk)
    with pytest.raises(NotReady, match="is published"):
        desk.confirm(cycle, "B")
    with pytest.raises(NotReady, match="is published"):
        desk.ask(cycle, "A", "green")
    with pytest.raises(NotReady, match="nothing was rated since and nobody objects"):
        desk.open()


def test_an_objection_after_publication_leads_to_a_correction_on_the_same_run(desk):
    """A hangs yellow by two people's word, not red as by the rule; C's objection wins alone."""
    first = desk.open()
    desk.decide(desk.ask(first, "A", "yellow"), "li")
    desk.confirm(first, "C")
    desk.publish(first)
    desk.object_to(first, "C", "green")
    desk.object_to(first, "B", "red")
    second = desk.open()
    rows = desk.changes(second)
    assert rows["stands"].to_dict() == {"B": "green", "C": "yellow"}
    assert set(rows["asked_by"]) == {"chen"}
    with pytest.raises(NotReady, match="2 asked-for colours undecided"):
        desk.publish(second)
    with pytest.raises(SecondPerson):
        desk.decide(rows.loc["C", "override_id"].item(), "chen")
    desk.decide(rows.loc["C", "override_id"].item(), "li")
    desk.decide(rows.loc["B", "override_id"].item(), "li", approve=False)
    desk.publish(second)
    assert desk.published() == {"A": "yellow", "B": "green", "C": "green"}
    with desk.as_("li") as session:
        one, two = (session.get(RatingCycle, cycle) for cycle in (first, second))
        assert (one.run_id, one.revision, one.state) == (two.run_id, 1, "published")
        assert session.get(PublishedRating, (first, "C")).colour == "yellow"
        assert _word_on(session, two, "A") == ("yellow", "red", REASON)
    with pytest.raises(NotReady, match="nobody objects"):
        desk.open()


def _word_on(session, cycle, code):
    rows = store.published(session, cycle, area_prefix="").set_index("code")
    return tuple(rows.loc[code, ["colour", "rated_colour", "override_reason"]])


def test_an_objection_has_a_reason_and_is_filed_once_against_what_hangs(desk):
    first = _publish(desk)
    for colour, reason, error in (
        ("red", REASON, BadInput), ("green", "太短", BadInput),
        ("green", "当事人：王小明 电话 13912345678 来反映情况", PersonalText),
    ):  # fmt: skip
        with pytest.raises(error):
            desk.object_to(first, "A", colour, reason=reason)
    desk.object_to(first, "A", "green")
    with pytest.raises(NotReady, match="filed already"):
        desk.object_to(first, "A", "yellow")
    second = desk.open()
    desk.object_to(first, "C", "red")  # the correction is in review: it is asked for there
    assert desk.changes(second)["to_colour"].to_dict() == {"A": "green", "C": "red"}
    for asked in desk.changes(second)["override_id"]:
        desk.decide(asked, "li", approve=False)
    desk.publish(second)
    with pytest.raises(NotReady, match="published anew"):
        desk.object_to(first, "B", "red")


def test_of_two_who_object_at_the_same_moment_the_second_is_told(desk):
    first = _publish(desk)
    with ThreadPoolExecutor() as pool:
        with desk.as_("chen") as one:
            objections.object_to(one, first, "A", colour=Colour.GREEN, reason=REASON)
            other = pool.submit(desk.object_to, first, "A", "yellow")
            until_blocked(one, other.done)
            desk.object_to(first, "B", "red")  # another compound's is nobody's business
        with pytest.raises(NotReady, match="an objection to A has been filed already"):
            other.result(timeout=20)


def test_late_reports_take_up_what_was_objected_to_and_is_not_answered_by_them(desk):
    first = _publish(desk)
    desk.object_to(first, "A", "green")
    desk.object_to(first, "C", "green")
    desk.rate("2026Q3", A=("green", "green"), B=("green", "green"), C=(None, "red"))
    rows = desk.changes(desk.open())
    assert rows["to_colour"].dropna().to_dict() == {"C": "green"}


def _fates(desk: Desk, cycle_id: int) -> dict[str, str]:
    with desk.as_("chen") as session:
        found = store.objections(session, session.get(RatingCycle, cycle_id))
        return {one["code"]: one["fate"] for one in found}


def test_an_objection_is_filed_whatever_a_newer_run_in_review_says(desk):
    """The newer run gives A's wish by itself and has lost C; B's stands behind a reviewer's."""
    first = _publish(desk)
    desk.rate("2026Q3", A=("green", "green"), B=("green", "green"))
    second = desk.open()
    wish = desk.ask(second, "B", "yellow")
    for code, colour in (("A", "green"), ("B", "red"), ("C", "green")):
        desk.object_to(first, code, colour)
    assert _fates(desk, first) == {"A": "answered", "B": "behind", "C": "absent"}
    assert desk.changes(second)["to_colour"].dropna().to_dict() == {"B": "yellow"}
    desk.decide(wish, "li", approve=False)
    row = desk.changes(second).loc["B"]
    assert (row["to_colour"], row["asked_by"], row["decision"]) == ("red", "chen", "asked")
    desk.decide(int(row["override_id"]), "li", approve=False)
    assert _fates(desk, first) == {"A": "answered", "B": "rejected", "C": "absent"}
    assert len(desk.changes(second)["decision"].dropna()) == 1  # and it is not asked for again
    desk.confirm(second, "A")
    desk.publish(second)
    assert _fates(desk, first) == {"A": "granted", "B": "rejected", "C": "absent"}


@pytest.mark.parametrize(
    ("wished", "approved", "in_review", "in_the_end"),
    [("red", "red", "approved", "granted"), ("red", "yellow", "other", "refused"),
     ("green", "yellow", "other", "refused")],
)  # fmt: skip
def test_what_stood_behind_another_wish_is_told_how_that_ended(
    desk, wished, approved, in_review, in_the_end
):
    """B hangs yellow or green; the newer run says green by itself, and a reviewer asks first."""
    first = desk.open()
    if wished == "green":
        desk.decide(desk.ask(first, "B", "yellow"), "li")
    desk.confirm(first, "A", "C")
    desk.publish(first)
    desk.rate("2026Q3", A=("green", "red"), B=("green", "green"), C=(None, "yellow"))
    second = desk.open()
    wish = desk.ask(second, "B", approved)
    desk.object_to(first, "B", wished)
    desk.decide(wish, "li")
    assert _fates(desk, first) == {"B": in_review}
    desk.publish(second)
    assert _fates(desk, first) == {"B": in_the_end}


def test_a_rejected_objection_is_granted_where_its_colour_is_approved_later(desk):
    first = _publish(desk)
    desk.object_to(first, "A", "green")
    second = desk.open()
    desk.decide(int(desk.changes(second).loc["A", "override_id"]), "li", approve=False)
    assert _fates(desk, first) == {"A": "rejected"}
    desk.decide(desk.ask(second, "A", "green"), "li")
    assert _fates(desk, first) == {"A": "approved"}
    desk.publish(second)
    assert _fates(desk, first) == {"A": "granted"}


@pytest.mark.parametrize("first_comes", ["rejection", "objection"])
def test_an_objection_filed_while_the_wish_before_it_is_rejected_is_asked_for(desk, first_comes):
    first = _publish(desk)
    desk.object_to(first, "A", "green")
    second = desk.open()
    wish = desk.ask(second, "B", "yellow")
    with ThreadPoolExecutor() as pool:
        if first_comes == "rejection":
            with desk.as_("li") as one:
                service.decide(one, wish, approve=False)
                other = pool.submit(desk.object_to, first, "B", "red")
                until_blocked(one, other.done)
        else:
            with desk.as_("chen") as one:
                objections.object_to(one, first, "B", colour=Colour.RED, reason=REASON)
                other = pool.submit(desk.decide, wish, "li", approve=False)
                until_blocked(one, other.done)
        other.result(timeout=20)
    assert _fates(desk, first) == {"A": "asked", "B": "asked"}
    assert desk.changes(second).loc["B", "to_colour"] == "red"


def test_a_reviewer_asks_while_an_objection_is_filed_and_is_told_so(desk):
    first = _publish(desk)
    desk.object_to(first, "A", "green")
    second = desk.open()
    with ThreadPoolExecutor() as pool:
        with desk.as_("chen") as one:
            objections.object_to(one, first, "B", colour=Colour.RED, reason=REASON)
            other = pool.submit(desk.ask, second, "B", "yellow")
            until_blocked(one, other.done)
        with pytest.raises(NotReady, match="asked for B already"):
            other.result(timeout=20)


def test_what_a_newer_run_does_not_hold_is_told_of_when_it_takes_the_objections_up(desk):
    first = _publish(desk)
    for code, colour in (("A", "yellow"), ("C", "green")):
        desk.object_to(first, code, colour)
    assert _fates(desk, first) == {"A": "waits", "C": "waits"}
    desk.rate("2026Q3", A=("green", "red"), B=("green", "green"))
    second = desk.open()
    assert _fates(desk, first) == {"A": "asked", "C": "absent"}
    desk.decide(int(desk.changes(second).loc["A", "override_id"]), "li")
    assert _fates(desk, first) == {"A": "approved", "C": "absent"}


def test_late_reports_open_a_second_cycle_and_the_first_stays(desk):
    first = _publish(desk)
    desk.rate("2026Q3", A=("green", "yellow"), B=("green", "green"), C=(None, "yellow"))
    second = desk.open()
    assert second != first
    desk.confirm(second, *desk.changes(second).index)
    desk.publish(second)
    assert desk.published()["A"] == "yellow"
    with desk.as_("li") as session:
        assert session.get(PublishedRating, (first, "A")).colour == "red"


def test_a_second_cycle_is_held_against_the_plaques_of_the_first(desk):
    """A was green, hangs red since the first cycle and is green again: its plaque must come off."""
    _publish(desk)
    desk.rate("2026Q3", A=("green", "green"), B=("green", "green"), C=(None, "yellow"))
    rows = desk.changes(desk.open())
    assert rows["colour_before"].to_dict() == {"A": "red"}


def test_a_newer_run_withdraws_what_is_in_review(desk):
    first = desk.open()
    desk.rate("2026Q3", A=("green", "yellow"), B=("green", "green"), C=(None, "yellow"))
    second = desk.open()
    with desk.as_("li") as session:
        assert session.get(RatingCycle, first).state == CycleState.WITHDRAWN
        assert session.get(RatingCycle, second).revision == 2


def test_the_next_quarter_is_held_against_what_hangs(desk):
    cycle = desk.open()
    desk.decide(desk.ask(cycle, "A", "yellow"), "li")
    desk.confirm(cycle, "C")
    desk.publish(cycle)
    desk.rate("2026Q4", A=("red", "yellow"), B=("green", "yellow"), C=("yellow", "yellow"))
    rows = desk.changes(desk.open("2026Q4"))
    assert rows["colour_before"].to_dict() == {"B": "green"}  # A hangs yellow and stays yellow


def test_the_digest_is_that_of_the_colours(desk):
    cycle = _publish(desk)
    lines = "\n".join(f"{code}={colour}" for code, colour in sorted(desk.published().items()))
    with desk.as_("li") as session:
        found = session.get(RatingCycle, cycle)
        assert found.digest == hashlib.sha256(lines.encode()).hexdigest()
        assert (found.published_by, found.issuer) == ("li", "五华区公安分局")


def test_the_data_check_counts_what_a_reviewer_should_know(desk):
    with desk.as_("zhang") as session:
        session.execute(text("UPDATE wangge.ratings SET quality = 'C' WHERE compound_code = 'A'"))
    cycle = desk.open()
    with desk.as_("zhang") as session:
        found = service.data_check(session, session.get(RatingCycle, cycle))
        which = store.data_checked(session, session.get(RatingCycle, cycle), most=50)
    assert (found["compounds"], found["quality_c"], found["unrated"]) == (3, 1, 0)
    assert [code for code, _ in which["quality_c"]] == ["A"]
    assert "unrated" not in which


def test_the_data_check_counts_imports_taken_in_or_undone_since_the_rating(desk):
    """Hours before and after the run at which three imports came, and two were undone."""
    cycle = desk.open()

    def counted():
        with desk.as_("zhang") as session:
            return service.data_check(session, session.get(RatingCycle, cycle))["newer_imports"]

    for came, went, expected in ((-2, None, 0), (-2, -1, 0), (-2, 1, 1), (1, 2, 1), (1, None, 2)):
        with desk.store.begin() as session:
            session.execute(text(IMPORTED), {"came": came, "went": went})
        assert counted() == expected, (came, went)


IMPORTED = """
INSERT INTO wangge.imports (area_code, kind, file_name, file_sha256, read, kept, repaired, flagged,
                            refused, summary, imported_at, undone_at)
SELECT '530102', 'incidents', 'x', '0', 1, 1, 0, 0, 0, '{"reach": ["530102"]}',
       ran_at + CAST(:came AS integer) * interval '1 hour',
       ran_at + CAST(:went AS integer) * interval '1 hour'
FROM wangge.runs WHERE period = '2026Q3'"""


def test_two_people_publish_at_once_and_one_of_them_wins(desk):
    cycle = desk.open()
    desk.confirm(cycle, "A", "C")
    with ThreadPoolExecutor() as pool:
        with desk.as_("zhang") as one:
            service.publish(one, cycle, issuer="甲单位")
            other = pool.submit(desk.publish, cycle)
            until_blocked(one, other.done)
        with pytest.raises(NotReady, match="2026Q3 is published: nothing of it can be changed"):
            other.result(timeout=20)
    with desk.as_("wang") as session:
        found, rows = service.published(session)
        assert (found.issuer, found.published_by, len(rows)) == ("甲单位", "zhang", 3)


OTHER = "530102002001"


@pytest.fixture
def part(desk):
    """The desk with compound C moved into another street, and somebody of A's street alone."""
    with desk.store.begin() as session:
        session.execute(
            text("UPDATE ratings SET area_code = :other WHERE compound_code = 'C'"),
            {"other": OTHER},
        )
    liaison = User.of(Role.POLICE_LIAISON, id="wu", area_prefixes=("530102001",))
    return lambda: desk.store.begin(liaison)


def test_whoever_works_in_a_part_reviews_what_lies_in_it(desk, part):
    cycle = desk.open()
    with part() as session:
        seen = service.changes(session, session.get(RatingCycle, cycle))
        assert seen["code"].tolist() == ["A"]
        assert service.confirm(session, cycle, ["A"]) == 1
        service.ask(session, cycle, "B", colour=Colour.YELLOW, reason=REASON, origin=Origin.REVIEW)
    asked = desk.ask(cycle, "A", "yellow")
    with part() as session:
        service.decide(session, asked, approve=True)
    assert desk.changes(cycle).loc["A", "decided_by"] == "wu"


def test_and_nothing_of_another_part_or_of_the_whole(desk, part):
    cycle = desk.open()
    there = desk.ask(cycle, "C", "red")
    for act in (lambda s: service.confirm(s, cycle, ["C"]),
                lambda s: service.ask(s, cycle, "C", colour=Colour.RED, reason=REASON,
                                      origin=Origin.REVIEW),
                lambda s: service.decide(s, there, approve=True)):  # fmt: skip
        with pytest.raises(NotFound), part() as session:
            act(session)
    desk.confirm(cycle, "A", "C")
    desk.decide(there, "li")
    with pytest.raises(WholeDistrict), part() as session:
        service.publish(session, cycle, issuer="派出所")
    desk.publish(cycle)
    desk.rate("2026Q2", A=("green", "red"))
    with pytest.raises(WholeDistrict), part() as session:
        service.open_cycle(session, district=WUHUA, period="2026Q2")


def test_nobody_publishes_while_somebody_reviews(desk, part):
    cycle = desk.open()
    desk.confirm(cycle, "C")
    with part() as session:
        service.confirm(session, cycle, ["A"])
        with desk.store.begin(_who("li")) as other:
            other.execute(text("SET LOCAL lock_timeout = '200ms'"))
            with pytest.raises(DBAPIError, match="lock timeout"):
                service.publish(other, cycle, issuer="乙单位")
            other.rollback()
    desk.publish(cycle)


def test_decisions_have_words(desk):
    cycle = desk.open()
    asked = desk.ask(cycle, "A", "yellow")
    assert desk.changes(cycle).loc["A", "decision"] == Decision.ASKED
    desk.decide(asked, "li")
    row = desk.changes(cycle).loc["A"]
    assert (row["decision"], row["asked_by"], row["decided_by"]) == ("approved", "zhang", "li")


def test_who_prints_plaques_is_told_kinds_in_their_order_and_nobody_else(desk):
    """The supervisor exports ratings and reads no incidents; the planner does neither."""
    cycle = desk.open()
    desk.confirm(cycle, "A", "C")
    told = text("SELECT compound_code, kinds FROM wangge.plaque_kinds(:cycle) ORDER BY 1")
    seen = {}
    for step in ("review", "published"):
        for role in (Role.GRID_SUPERVISOR, Role.POLICE_LIAISON, Role.PLANNER):
            user = User.of(role, id="lin", area_prefixes=("530102001",))
            with desk.store.begin(user) as session:
                rows = session.execute(told, {"cycle": cycle}).all()
            seen[step, role] = [(code, kinds) for code, kinds in rows]
        if step == "review":
            desk.publish(cycle)
    hangs = [("A", ["theft", "fire"]), ("C", ["theft", "fire"])]  # B is green
    assert [one for one, rows in seen.items() if rows == hangs] == [
        ("published", Role.GRID_SUPERVISOR), ("published", Role.POLICE_LIAISON),
    ]  # fmt: skip
    assert [rows for rows in seen.values() if rows not in (hangs, [])] == []


def _seen(store, role: Role, *, areas: tuple[str, ...] = ("530102",)) -> dict[str, set[str]]:
    """Compounds with a rating that somebody of the role sees, by quarter; runs without any too."""
    with store.begin(User.of(role, id="any", area_prefixes=areas)) as session:
        seen = {run.period: set() for run in session.scalars(select(Run))}
        for period, code in session.execute(
            select(Run.period, Rating.compound_code).join(Rating, Rating.run_id == Run.id)
        ):
            seen[period].add(code)
        return seen


@pytest.mark.parametrize("areas", [("530102",), ("530102001001",)])
def test_a_draft_is_not_for_who_sees_public_figures_only(desk, store, areas):
    desk.rate("2026Q2", A=(None, "green"))
    assert _seen(store, Role.VIEWER, areas=areas) == {}
    viewer = User.of(Role.VIEWER, id="any", area_prefixes=areas)
    with pytest.raises(NoData, match="还没有已发布的季度评级"), store.begin(viewer) as session:
        require_run(session, Analysis.RATING)
    cycle = desk.open()
    assert _seen(store, Role.VIEWER, areas=areas) == {}, "in review it is a draft still"
    desk.confirm(cycle, "A", "B", "C")
    desk.publish(cycle)
    assert _seen(store, Role.VIEWER, areas=areas) == {"2026Q3": {"A", "B", "C"}}


def test_a_published_quarter_stays_when_it_is_rated_again(desk, store):
    cycle = desk.open()
    desk.confirm(cycle, "A", "B", "C")
    desk.publish(cycle)
    again = desk.rate("2026Q3", A=("green", "yellow"))
    for role, newest in ((Role.VIEWER, "red"), (Role.GRID_WORKER, "yellow")):
        with store.begin(User.of(role, id="any", area_prefixes=("530102",))) as session:
            run = require_run(session, Analysis.RATING)
            assert (run.id == again) is (role is Role.GRID_WORKER)
            colours = select(Rating.colour).where(
                Rating.run_id == run.id, Rating.compound_code == "A"
            )
            assert session.scalars(colours).all() == [newest]


@pytest.mark.parametrize("role", [
    Role.GRID_WORKER, Role.GRID_SUPERVISOR, Role.PLANNER, Role.POLICE_LIAISON, Role.DATA_STEWARD,
])  # fmt: skip
def test_whoever_works_here_sees_the_draft(desk, store, role):
    assert _seen(store, role) == {"2026Q3": {"A", "B", "C"}}
