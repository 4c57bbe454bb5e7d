"""The whole rating on small districts that can be worked by hand, and its laws on drawn ones."""

import dataclasses
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from data import reference as reference_files
from gis import policy
from gis.period import add_months
from gis.safety import analysis, shrinkage
from gis.safety.inputs import Inputs, input_digest
from gis.safety.kept import Basis
from gis.safety.reasons import EVENT_EN, EVENT_ZH
from gis.safety.reference import EVERYBODY, Reference, derive
from gis.safety.rules import GREEN, RED, UNRATED, YELLOW, RatingRules
from gis.safety.shrinkage import Prior

POLICY = policy.load(Path(reference_files.__file__).parent / "policy.toml")
RULES = RatingRules.of(POLICY)
MONTHS = tuple(add_months(date(2024, 10, 1), step) for step in range(24))
# 6 incidents per 1,000 household-years, the rate of the table in docs/methods/safety.md
SIX = Reference("2024-10", "2026-09", {EVERYBODY: {"theft": 0.006 / 12}})
TABLE_PRIOR = {EVERYBODY: Prior(2.943, 2.896)}


def district(thefts, households, *, months=MONTHS, frauds=None, neighbours=(), **columns) -> Inputs:
    """One compound per theft count; incidents are spread evenly over the months."""
    n = len(thefts)
    defaults = {
        "code": [f"C{row:05d}" for row in range(n)],
        "area_code": ["530102001001"] * n,
        "peer_group": ["old"] * n,
        "households": np.array(households, dtype=float),
        "households_as_of": pd.to_datetime(["2026-06-30"] * n).astype("datetime64[s]"),
        "buildings": np.full(n, 5.0),
        "previous_colour": [None] * n,
        "severe": [""] * n,
    }
    thefts = np.array(thefts, dtype=np.int64)
    turn = (np.arange(len(months)) * 7 + np.arange(n)[:, None] * 5) % len(months)
    monthly = thefts[:, None] // len(months) + (turn < thefts[:, None] % len(months))
    return Inputs(
        compounds=pd.DataFrame(defaults | columns),
        categories=("theft", "telecom_fraud"),
        months=months,
        counts=np.column_stack([thefts, np.zeros(n, int) if frauds is None else frauds]),
        monthly=monthly.astype(np.int64),
        households=np.tile(np.array(households, dtype=float)[:, None], len(months)),
        neighbours=np.array(neighbours, dtype=np.int64).reshape(-1, 2),
        as_of=date(2026, 9, 30),
    )


def rated(inputs: Inputs, **others) -> pd.DataFrame:
    settings = {"rules": RULES, "reference": SIX, "priors": TABLE_PRIOR} | others
    return analysis.rate(inputs, **settings).frame


def test_the_table_through_the_whole_rating():
    found = rated(district([10, 9, 3, 4], [300] * 4))
    assert found["colour"].tolist() == [RED, YELLOW, GREEN, YELLOW]
    assert found["expected"].tolist() == pytest.approx([3.6] * 4)
    # (10 + 2.943) / (3.6 + 2.896)
    assert found["relative_risk"][0] == pytest.approx(12.943 / 6.496)
    wanted = stats.gamma.sf(1.5, 12.943, scale=1 / 6.496)
    assert found["p_red"][0] == pytest.approx(wanted, rel=1e-12)


def test_telecom_fraud_is_counted_apart():
    without, with_fraud = (
        rated(district([3], [300], frauds=frauds)) for frauds in (None, np.array([500]))
    )
    assert with_fraud["observed"].tolist() == [3]
    pd.testing.assert_frame_equal(without, with_fraud)


def test_households_that_changed_count_for_their_months():
    inputs = district([6], [600])
    months = np.full((1, 24), 100.0)
    months[0, 12:] = 600
    found = rated(dataclasses.replace(inputs, households=months))
    assert found["expected"][0] == pytest.approx((100 + 600) * 0.006)


def test_red_goes_through_yellow():
    found = rated(district([0, 10], [300, 300], previous_colour=[RED, RED]))
    assert found["colour"].tolist() == [YELLOW, RED]
    assert "红色须先转黄色" in found["reason_zh"][0]
    assert "red leads to yellow first" in found["reason_en"][0]


def test_severe_events_lift_with_their_reason():
    found = rated(district([0, 0, 0], [300] * 3, severe=["robbery", "homicide,robbery", ""]))
    assert found["colour"].tolist() == [YELLOW, RED, GREEN]
    assert found["lifted_by"].tolist() == ["robbery", "homicide,robbery", None]
    assert "发生公布清单所列重大事件而提级" in found["reason_zh"][0]
    assert "lifted by severe events of the published list" in found["reason_en"][1]


def test_the_reason_that_everybody_reads_names_no_kind_of_severe_event():
    severe = [*EVENT_ZH, ",".join(EVENT_ZH)]
    found = rated(district([0] * len(severe), [300] * len(severe), severe=severe))
    assert set(found["lifted_by"]) == set(severe)
    said = " ".join([*found["reason_zh"], *found["reason_en"]])
    assert [word for word in [*EVENT_ZH.values(), *EVENT_EN.values()] if word in said] == []


def test_the_sentence_has_rule_figures_thresholds_and_period():
    found = rated(district([10], [300]))
    assert found["reason_zh"][0] == (
        f"依据SAF-1（{POLICY.version}版，S0 三(四)22、名词解释 12; M），"
        "2024-10至2026-09共24个月，计入警情10起，老旧小区同期基准应为"
        "3.6起，平滑后为基准的1.99倍；高于1.5倍的概率为0.81，高于1倍的概率为0.98；"
        "高于1.5倍的概率达到红色门槛0.8；评为红牌（治安警示）。"
    )
    assert found["reason_en"][0] == (
        f"Under SAF-1 (version {POLICY.version}; S0 三(四)22、名词解释 12; M), "
        "10 incidents counted in the 24 months 2024-10 to 2026-09, 3.6 expected at the reference "
        "rate of its peer group (old compound), give 1.99 "
        "times that rate after shrinkage; the probability of more than 1.5 times is 0.81 and of "
        "more than 1 times 0.98; the first reaches the red threshold 0.8; rated red (warning)."
    )


def test_small_compounds_are_rated_together_or_not_at_all():
    inputs = district(
        [4, 1, 3, 3],
        [30, 30, 20, 20],
        buildings=[1.0, 1.0, 1.0, 2.0],
        neighbours=[(0, 1)],
    )
    found = rated(inputs)
    assert found["rated_with"].tolist() == ["C00000", "C00000", None, None]
    assert found["observed"].tolist() == [5, 5, 3, 3]
    assert found["expected"][0] == found["expected"][1] == pytest.approx(0.72)
    assert found["colour"].tolist()[2] == UNRATED  # one building, no neighbour
    assert found["colour"].tolist()[3] != UNRATED  # two buildings: a compound of its own
    assert "20户" in found["reason_zh"][2]
    assert "20 households" in found["reason_en"][2]
    assert "共2个合并评定" in found["reason_zh"][0]


@pytest.mark.parametrize(("thefts", "before", "colour"), [
    ((1, 0), None, GREEN), ((2, 0), None, YELLOW), ((1, 0), YELLOW, GREEN), ((1, 0), RED, YELLOW),
])  # fmt: skip
def test_small_compounds_together_do_not_turn_yellow_on_one_case(thefts, before, colour):
    """P(RR > 1.5) after one case where 0.72 are expected: Gamma(3.943, rate 3.616) above 1.5."""
    inputs = district(
        list(thefts), [30, 30], buildings=[1.0, 1.0], neighbours=[(0, 1)],
        previous_colour=[before, before],
    )  # fmt: skip
    found = rated(inputs)
    tail = stats.gamma.sf(1.5, 2.943 + sum(thefts), scale=1 / (2.896 + 0.72))
    assert found["p_red"][0] == pytest.approx(tail)
    assert tail > RULES.green_max_red, "by probability alone it would be yellow"
    assert found["colour"].tolist() == [colour, colour]
    if colour == GREEN:
        assert "不足2起，不因一起案件评黄" in found["reason_zh"][0]
        assert "fewer than 2 incidents never make small compounds" in found["reason_en"][0]


def test_a_severe_event_lifts_only_the_compound_where_it_happened():
    inputs = district(
        [0, 0], [30, 30], buildings=[1.0, 1.0], neighbours=[(0, 1)], severe=["robbery", ""]
    )
    assert rated(inputs)["colour"].tolist() == [YELLOW, GREEN]


def test_unknown_households_are_unrated_and_not_a_crash():
    found = rated(district([5, 5], [np.nan, 300]))
    assert found["colour"].tolist() == [UNRATED, YELLOW]
    assert np.isnan(found["p_red"][0])
    assert "户数不详" in found["reason_zh"][0]
    everything = rated(district([5], [np.nan]))
    assert everything["colour"].tolist() == [UNRATED]


def test_a_group_without_any_reference_is_unrated():
    nothing = Reference("2024-10", "2026-09", {EVERYBODY: {}})
    assert rated(district([1], [300]), reference=nothing)["colour"].tolist() == [UNRATED]


def test_quality_grades_and_flags():
    dates = pd.to_datetime(["2026-06-30", "2025-09-29", None, "2026-06-30"]).astype("datetime64[s]")
    found = rated(district([3, 3, 3, 0], [300, 300, 300, 5_000], households_as_of=dates))
    assert found["quality"].tolist()[:3] == ["A", "B", "B"]
    assert found["quality_notes"].tolist()[1] == "stale_households"
    # nobody in 5,000 households, 60 expected: (2.896 / 62.896) ** 2.943 = 1.2e-4
    assert found["low_count"].tolist() == [False, False, False, True]
    assert found["quality"][3] == "C"


def test_a_window_of_twelve_months_is_graded_short():
    found = rated(district([5], [300], months=MONTHS[12:]))
    assert found["quality_notes"].tolist() == ["short_window"]
    assert found["expected"].tolist() == pytest.approx([1.8])
    assert "共12个月" in found["reason_zh"][0]


def test_a_silent_community_is_a_reporting_gap():
    n = 40
    inputs = district([8] * n, [300] * n, area_code=["530102001001"] * 20 + ["530102001002"] * 20)
    monthly = inputs.monthly.copy()
    monthly[:20, 9:14] = 0
    found = rated(dataclasses.replace(inputs, monthly=monthly))
    assert (found["quality"][:20] == "C").all()
    assert (found["quality"][20:] == "A").all()


def test_reference_rates_by_hand():
    found = derive(
        np.array([[30, 0], [10, 10], [5, 0], [9, 9]]),
        np.array([1000.0, 1000.0, 500.0, np.nan]),
        np.array(["old", "old", "urban_village", "old"]),
        categories=("theft", "fire"),
        window=("2024-10", "2026-09"),
        min_incidents=20,
    )
    assert found.rates["old"] == {"theft": 0.02, "fire": 0.005}
    assert found.rates[EVERYBODY] == {"theft": 45 / 2500, "fire": 10 / 2500}
    assert "urban_village" not in found.rates  # five incidents: takes everybody's
    assert found.per_household_month("urban_village", ["fire", "noise"]).tolist() == [0.004, 0]
    assert Reference.from_json(found.as_json()) == found


def test_urban_villages_are_held_against_urban_villages():
    rates = {EVERYBODY: {"theft": 0.0005}, "urban_village": {"theft": 0.005}}
    inputs = district([10, 10], [300, 300], peer_group=["old", "urban_village"])
    found = rated(inputs, reference=Reference("2024-10", "2026-09", rates))
    assert found["colour"].tolist() == [RED, GREEN]


def drawn(n: int, seed: int = 3) -> Inputs:
    rng = np.random.default_rng(seed)
    households = np.round(np.exp(rng.normal(5.5, 0.8, n)).clip(20, 5000))
    theta = rng.gamma(2.943, 1 / 2.896, n)
    kinds = np.array(["commodity", "old", "urban_village", "resettlement"])
    return district(
        rng.poisson(theta * households * 0.012),
        households,
        peer_group=kinds[rng.integers(0, 4, n)].tolist(),
        area_code=[f"530102001{row % 150:03d}" for row in range(n)],
        buildings=rng.integers(1, 9, n).astype(float),
        neighbours=np.column_stack([np.arange(n - 1), np.arange(1, n)]),
    )


def test_the_same_input_gives_the_same_bits_and_the_input_is_not_changed():
    inputs = drawn(500)
    before = inputs.compounds.copy(deep=True)
    first = analysis.rate(inputs, rules=RULES, reference=SIX)
    second = analysis.rate(drawn(500), rules=RULES, reference=SIX)
    pd.testing.assert_frame_equal(first.frame, second.frame, check_exact=True)
    assert input_digest(inputs, RULES, SIX) == input_digest(drawn(500), RULES, SIX)
    pd.testing.assert_frame_equal(inputs.compounds, before)


def test_a_citys_inputs_come_back_from_their_file_and_fit_into_three_megabytes():
    rng = np.random.default_rng(1)
    city = drawn(20_000)
    unknown = rng.random(20_000) < 0.01
    frame = city.compounds.assign(
        households=city.compounds["households"].mask(unknown),
        households_as_of=city.compounds["households_as_of"].mask(unknown),
        previous_colour=pd.Series(rng.choice([GREEN, RED, None], 20_000), dtype=object),
        severe=np.where(unknown, "robbery,homicide", ""),
    )
    monthly = rng.poisson(2, city.monthly.shape)  # about a million incidents
    households = np.where(unknown[:, None], np.nan, city.households)
    city = dataclasses.replace(city, compounds=frame, monthly=monthly, households=households)
    basis = Basis(city, RULES, SIX)
    packed = basis.packed()
    assert len(packed.payload) < 3_000_000
    assert Basis.of(packed).digest == basis.digest
    assert Basis.of(packed).rules == RULES


def test_neighbours_out_of_order_are_not_kept_as_others():
    inputs = dataclasses.replace(drawn(3), neighbours=np.array([[1, 2], [0, 1]]))
    with pytest.raises(ValueError, match="sorted"):
        Basis(inputs, RULES, SIX).packed()


@pytest.mark.parametrize("what", ["count", "rule", "reference", "previous", "date"])
def test_the_digest_sees_every_input(what):
    inputs = drawn(50)
    changed, rules, reference = inputs, RULES, SIX
    if what == "count":
        counts = inputs.counts.copy()
        counts[7, 0] += 1
        changed = dataclasses.replace(inputs, counts=counts)
    if what == "previous":
        frame = inputs.compounds.assign(previous_colour=[RED] + [None] * 49)
        changed = dataclasses.replace(inputs, compounds=frame)
    if what == "date":
        changed = dataclasses.replace(inputs, as_of=date(2026, 9, 29))
    if what == "rule":
        rules = dataclasses.replace(RULES, red_enter=0.75)
    if what == "reference":
        reference = Reference("2024-10", "2026-09", {EVERYBODY: {"theft": 0.00051}})
    assert input_digest(changed, rules, reference) != input_digest(inputs, RULES, SIX)


def test_one_compound_with_the_runs_priors_is_rated_as_the_run_did():
    inputs = drawn(400)
    whole = analysis.rate(inputs, rules=RULES, reference=SIX)
    priors = shrinkage.priors_from_json(shrinkage.priors_as_json(whole.priors))
    alone = np.flatnonzero(whole.frame["rated_with"].isna())[:20]
    for row in alone:
        part = slice(row, row + 1)
        one = Inputs(
            inputs.compounds.iloc[part].reset_index(drop=True), inputs.categories, MONTHS,
            inputs.counts[part], inputs.monthly[part], inputs.households[part],
            np.zeros((0, 2), dtype=np.int64), inputs.as_of,
        )  # fmt: skip
        found = analysis.rate(one, rules=RULES, reference=SIX, priors=priors).frame
        columns = ["colour", "p_red", "p_amber", "reason_zh"]
        pd.testing.assert_frame_equal(
            found[columns], whole.frame.iloc[part].reset_index(drop=True)[columns], check_exact=True
        )


def test_a_small_peer_group_takes_the_variation_of_all():
    inputs = drawn(200)
    few = inputs.compounds["peer_group"].where(np.arange(200) >= 5, "affordable")
    inputs = dataclasses.replace(inputs, compounds=inputs.compounds.assign(peer_group=few))
    priors = analysis.rate(inputs, rules=RULES, reference=SIX).priors
    assert priors["affordable"] == priors[EVERYBODY]
    assert priors["old"] != priors[EVERYBODY]


def test_compounds_must_be_sorted_and_of_one_size():
    inputs = drawn(10)
    with pytest.raises(ValueError, match="sorted"):
        dataclasses.replace(inputs, compounds=inputs.compounds.iloc[::-1])
    with pytest.raises(ValueError, match="monthly has shape"):
        dataclasses.replace(inputs, monthly=inputs.monthly[:-1])


def test_a_group_of_ten_has_a_prior_of_its_own_and_one_of_nine_takes_that_of_all():
    group = np.array(["old"] * 10 + ["urban_village"] * 9)
    observed = np.array([1, 9, 2, 7, 0, 8, 3, 6, 1, 9, *[0, 30] * 4, 30])
    found = analysis.fit_priors(observed, np.full(19, 5.0), group, rules=RULES)
    assert found["old"] == shrinkage.fit(observed[:10], np.full(10, 5.0))
    assert found["old"] != found[analysis.POOLED] == found["urban_village"]
