"""What Order 799 and the Counter-Terrorism Law ask of a point, case by case."""

from datetime import date
from importlib.resources import files

import pandas as pd
import pytest

from gis import policy
from gis.video import lawful
from gis.video.rules import LawRules

RULES = LawRules.of(policy.load(files("data.reference") / "policy.toml"))
DAY = date(2026, 6, 30)


def breaches(as_of=DAY, **one):
    usual = {"camera": "k", "status": "in_use", "legal_basis": "art7_gov",
             "installed_on": date(2026, 1, 1), "filed_on": date(2026, 1, 31),
             "retention_days": 30, "sign_present": True}  # fmt: skip
    found = lawful.breaches(pd.DataFrame([usual | one]), RULES, as_of=as_of)
    return [(row.kind, row.rule, row.since) for row in found.itertuples()]


def test_a_point_that_does_its_duty_breaks_nothing():
    assert breaches() == []  # filed on the thirtieth day, kept for thirty days


@pytest.mark.parametrize(
    ("one", "breach"),
    [
        ({"filed_on": date(2026, 2, 1)}, ("filed_late", "LAW-799-14", date(2026, 2, 1))),
        ({"filed_on": None}, ("not_filed", "LAW-799-14", date(2026, 2, 1))),
        # ran before the order: ninety days after 1 April 2025
        ({"installed_on": date(2020, 1, 1), "filed_on": date(2025, 7, 1)},
         ("filed_late", "LAW-799-14", date(2025, 7, 1))),
        ({"sign_present": False}, ("sign_missing", "LAW-799-13", date(2026, 1, 1))),
        ({"sign_present": False, "installed_on": None, "filed_on": date(2025, 6, 30)},
         ("sign_missing", "LAW-799-13", date(2025, 4, 1))),
        ({"retention_days": 29}, ("retention_short", "LAW-799-17", date(2026, 1, 1))),
        ({"legal_basis": "counter_terror", "retention_days": 89},
         ("retention_short", "LAW-CT-32", date(2026, 1, 1))),
        ({"legal_basis": "counter_terror", "retention_days": 89, "installed_on": date(2010, 1, 1)},
         ("retention_short", "LAW-CT-32", date(2016, 1, 1))),  # the act is of 2016
        ({"legal_basis": None}, ("legal_basis_missing", "LAW-799-7", date(2026, 1, 1))),
    ],
)  # fmt: skip
def test_each_breach_has_its_rule_and_its_first_day(one, breach):
    assert breaches(**one) == [breach]


@pytest.mark.parametrize(
    "one",
    [
        {"installed_on": date(2020, 1, 1), "filed_on": date(2025, 6, 30)},
        {"installed_on": date(2026, 6, 1), "filed_on": None},  # not due before 1 July
        {"legal_basis": "art9", "filed_on": None, "retention_days": 7},  # art. 9 frees it
        {"legal_basis": "art33", "filed_on": None, "retention_days": None},
        {"legal_basis": "counter_terror", "filed_on": None, "retention_days": 90},
        {"retention_days": None},  # not stated is no breach; class 1 must state it (VID-1)
        {"sign_present": None},
        {"status": "planned", "filed_on": None},
        {"status": "removed", "sign_present": False},
    ],
)
def test_what_the_law_does_not_ask_is_no_breach(one):
    assert breaches(**one) == []


def test_nothing_is_broken_before_its_rule_is_in_force():
    """Order 799 holds from 1 April 2025, the Counter-Terrorism Law from 2016."""
    before = date(2024, 12, 31)
    faulty = {"sign_present": False, "filed_on": None, "retention_days": 5,
              "installed_on": date(2020, 1, 1)}  # fmt: skip
    assert breaches(as_of=before, **faulty) == []
    assert breaches(as_of=before, legal_basis=None) == []
    targets = breaches(as_of=before, **faulty, legal_basis="counter_terror")
    assert [kind for kind, _, _ in targets] == ["retention_short"]
    inside = pd.DataFrame({"camera": ["k"], "place": ["p"], "kind": ["bath"], "place_name": ["x"]})
    point = pd.DataFrame({"camera": ["k"], "status": ["in_use"], "installed_on": [None]})
    for day, found in ((before, 0), (date(2025, 4, 1), 1)):
        rows = lawful.misplaced(inside, point, RULES, kind="forbidden_place", as_of=day)
        assert len(rows) == found


def test_a_filing_of_a_later_day_is_none_yet():
    assert breaches(filed_on=date(2026, 7, 15)) == [
        ("not_filed", "LAW-799-14", date(2026, 2, 1))
    ]  # fmt: skip
    assert breaches(filed_on=date(2026, 7, 15), as_of=date(2026, 7, 15)) == [
        ("filed_late", "LAW-799-14", date(2026, 2, 1))
    ]  # fmt: skip
    assert breaches(filed_on=date(2026, 7, 15), as_of=date(2026, 1, 31)) == []
