"""The policy file: every rule has its source, a district's own values are checked one by one."""

import re
import tomllib
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gis.errors import BadPolicy
from gis.policy import load

BUILTIN = Path(__file__).parents[2] / "data" / "reference" / "policy.toml"


@pytest.fixture(scope="module")
def builtin():
    return load(BUILTIN)


@pytest.fixture
def laid_over(tmp_path):
    def read(text):
        file = tmp_path / "ours.toml"
        file.write_text(text, encoding="utf-8")
        return load(BUILTIN, file)

    return read


# What sentences in both languages quote, as it stands.
QUOTED = ("SAF-1", "GRD-1", "GRD-2", "FAC-1", "FAC-2", "FAC-3", "REN-1", "REN-2")


@pytest.mark.parametrize("rule", QUOTED)
def test_a_quoted_source_has_no_words_of_one_language(builtin, rule):
    assert re.findall("[a-z]{2,}", builtin.source(rule)) == []


def test_the_numbers_of_the_documents_are_there(builtin):
    """S0 四(二)27: 30 m² per 100 households; S3 二(二): 500 and 300 m²; S2 二(一)3: 300-500."""
    assert builtin["FAC-1", "m2_per_100_households"] == 30
    assert (builtin["FAC-2", "floor_m2"], builtin["FAC-3", "floor_m2"]) == (500, 300)
    assert (builtin["GRD-2", "households_min"], builtin["GRD-2", "households_max"]) == (300, 500)
    assert (builtin["COM-1", "households_min"], builtin["COM-1", "households_max"]) == (3000, 5000)
    assert builtin["COM-2", "households_per_worker"] == 500
    assert builtin.rule("SAF-3") == {
        name: term.value for (rule, name), term in builtin.terms.items() if rule == "SAF-3"
    }


def test_other_values_have_another_version(builtin):
    """Results are stored with the version: raise it in policy.toml, then record both here."""
    assert (builtin.version, builtin.digest[:16]) == ("2026.3", "6030ae4c252864c8")


def test_shelters_kindergartens_and_fire_stations_never_count(builtin):
    counted = set(builtin["FAC-1", "functions"])
    assert not counted & {"shelter", "kindergarten", "fire_station"}
    assert "service_station" in counted


def test_every_value_has_a_unit_a_source_and_a_first_day(builtin):
    letters = set(builtin.documents)
    for term in builtin.terms.values():
        assert term.unit, term
        assert isinstance(term.valid_from, date), term
        named = set(re.findall(r"\b(S\d|L\d|M)\b", term.source))
        assert named, term
        assert named <= letters, term
    assert all(title.zh and title.en for title in builtin.documents.values())


def test_a_district_replaces_single_values(builtin, laid_over):
    ours = laid_over(
        'version = "ours-1"\n[rules.FAC-1]\nsource = "our own decision"\n'
        "m2_per_100_households = { value = 40 }\n[rules.FAC-2]\nenabled = false\n"
    )
    assert (ours.version, ours["FAC-1", "m2_per_100_households"]) == ("ours-1", 40)
    assert ours["FAC-2", "enabled"] is False
    assert ours.terms["FAC-1", "m2_per_100_households"].source == "our own decision"
    assert ours.terms["FAC-1", "m2_per_100_households"].unit == "m² per 100 households"
    assert ours["FAC-3", "floor_m2"] == builtin["FAC-3", "floor_m2"]
    changed = {key for key, term in ours.terms.items() if term != builtin.terms[key]}
    assert changed == {("FAC-1", "m2_per_100_households"), ("FAC-2", "enabled")}


def test_the_digest_follows_the_values_and_nothing_else(builtin, laid_over):
    assert load(BUILTIN).digest == builtin.digest
    same = laid_over(
        f'version = "{builtin.version}"\n# a remark\n[rules.FAC-1]\nm2_per_100_households = 30.0\n'
    )
    assert same.digest == builtin.digest
    seen = {builtin.digest}
    for value in (29.9, 30.1, 31):
        seen.add(laid_over(f"[rules.FAC-1]\nm2_per_100_households = {value}\n").digest)
    assert len(seen) == 4
    assert laid_over("").version == f"{builtin.version}+ours"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("[rules.FAC-9]\nfloor_m2 = 1", "line 2: FAC-9.floor_m2: no such rule"),
        ("[rules.FAC-1]\nnothing = 1", "line 2: FAC-1.nothing: no such rule or name"),
        ('[rules.FAC-1]\nm2_per_100_households = "30"', "line 2: .*'30' is not of type float"),
        ("\n\n[rules.FAC-1]\n\nm2_per_100_households = true", "line 5: .*True is not of type"),
        ("[rules.FAC-1]\nm2_per_100_households = -1", "line 2: .*-1 is no number from zero"),
        ("[rules.FAC-1]\nm2_per_100_households = nan", "line 2: .*nan"),
        ("[rules.FAC-1]\nm2_per_100_households = inf", "line 2: .*inf"),
        ("[rules.FAC-1]\nm2_per_100_households = { unit = 'm²' }", "line 2: .*None is not of type"),
        ("[rules.FAC-1]\nfunctions = [1]", "line 2: .*entry has another type"),
        ('[rules.FAC-1]\nfunctions = "all"', "line 2: .*not of type list"),
        ("[rules.FAC-2]\nenabled = 1", "line 2: .*not of type bool"),
        ("[rules.SAF-1]\nwindow_months = 1.5", "line 2: .*1.5"),
        ("[rules.FAC-1]\nm2_per_100_households = \n", "line 2"),
        ("rules = 1", "rules"),
        ("[rules]\nFAC-1 = 1", "FAC-1"),
    ],
)
def test_a_wrong_value_is_refused_with_line_rule_and_reason(laid_over, text, wanted):
    with pytest.raises(BadPolicy, match=wanted) as refused:
        laid_over(text)
    assert "ours.toml" in str(refused.value)


def test_shares_and_probabilities_end_at_one(builtin, laid_over):
    bounded = [
        term for term in builtin.terms.values()
        if term.unit.startswith(("share", "probability"))
    ]  # fmt: skip
    named = {(term.rule, term.name) for term in bounded}
    assert {("VID-2", "working_share"), ("SAF-3", "safe_share"), ("SAF-1", "red_enter")} <= named
    for term in bounded:
        with pytest.raises(BadPolicy, match="0 to 1"):
            laid_over(f"[rules.{term.rule}]\n{term.name} = 1.01\n")
        assert laid_over(f"[rules.{term.rule}]\n{term.name} = 1.0\n")[term.rule, term.name] == 1


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(BadPolicy, match=r"nothing\.toml: cannot be read"):
        load(BUILTIN, tmp_path / "nothing.toml")


@given(st.text(max_size=200))
def test_any_text_is_a_policy_or_a_refusal(tmp_path_factory, text):
    file = tmp_path_factory.mktemp("policy", numbered=True) / "any.toml"
    file.write_bytes(text.encode("utf-8", "surrogatepass"))
    try:
        tomllib.loads(text)
    except (tomllib.TOMLDecodeError, UnicodeError):
        with pytest.raises(BadPolicy):
            load(BUILTIN, file)
