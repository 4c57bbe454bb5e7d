"""One sentence per rating or alarm, in Chinese and English: rule, period, figures, thresholds."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from gis.legend import COLOURS, PEER_GROUPS, PLAQUES
from gis.rounding import floored
from gis.safety.alarm import Alarm
from gis.safety.rules import ALARM_RULE, GREEN, RED, RULE, YELLOW, AlarmRules, RatingRules

NO_HOUSEHOLDS, TOO_SMALL, NO_REFERENCE = "no_households", "too_small", "no_reference"

EVENT_ZH = {
    "homicide": "命案", "robbery": "抢劫抢夺", "fatal_fire": "亡人或记为严重的火灾",
    "vice": "涉黄涉赌窝点", "drugs": "涉毒窝点",
}  # fmt: skip
EVENT_EN = {
    "homicide": "homicide", "robbery": "robbery", "fatal_fire": "fatal fire or one marked severe",
    "vice": "gambling or prostitution den", "drugs": "drug den",
}  # fmt: skip


@dataclass(frozen=True)
class Verdict:
    """What a sentence needs to know of one compound; figures are those of its rated unit."""

    colour: str
    base_colour: str  # before severe events
    previous: str | None
    peer_group: str
    households: float
    months: int
    observed: int
    expected: float
    relative_risk: float
    p_red: float
    p_amber: float
    members: int  # compounds rated together, 1 for one alone
    full_shrinkage: bool
    unrated: str | None


def chinese(verdict: Verdict, *, window: tuple[str, str], rules: RatingRules) -> str:
    """The reason in Chinese; ``window`` is the first and the last month, ``2024-10``."""
    source = f"，{rules.source}" if rules.source else ""
    head = f"依据{RULE}（{rules.version}版{source}）"
    if verdict.unrated:
        return f"{head}，{_unrated_zh(verdict, rules)}，故不评定颜色。"
    v = verdict
    group = PEER_GROUPS[v.peer_group][0]
    who = f"本小区与相邻小小区共{v.members}个合并评定，" if v.members > 1 else ""
    parts = [
        f"{head}，{window[0]}至{window[1]}共{v.months}个月，{who}计入警情{v.observed}起，"
        f"{group}同期基准应为{v.expected:.1f}起，平滑后为基准的{v.relative_risk:.2f}倍",
        f"高于{rules.red_relative_risk:g}倍的概率为{floored(v.p_red, 2):.2f}，"
        f"高于{rules.amber_relative_risk:g}倍的概率为{floored(v.p_amber, 2):.2f}",
        _threshold_zh(v, rules),
    ]
    if v.full_shrinkage:
        parts.append("同类小区之间差异未超出偶然，按同类总体评定")
    if v.colour != v.base_colour:
        parts.append("本期发生公布清单所列重大事件而提级")
    return "；".join([*parts, f"评为{COLOURS[v.colour][0]}（{PLAQUES[v.colour][0]}）"]) + "。"


def english(verdict: Verdict, *, window: tuple[str, str], rules: RatingRules) -> str:
    """The reason in English; ``window`` is the first and the last month, ``2024-10``."""
    source = f"; {rules.source}" if rules.source else ""
    head = f"Under {RULE} (version {rules.version}{source})"
    if verdict.unrated:
        return f"{head} no colour is given: {_unrated_en(verdict, rules)}."
    v = verdict
    group = PEER_GROUPS[v.peer_group][1].lower()
    who = f" for {v.members} small neighbouring compounds together" if v.members > 1 else ""
    parts = [
        f"{head}, {_count(v.observed, 'incident')} counted{who} in the {_count(v.months, 'month')} "
        f"{window[0]} to {window[1]}, {v.expected:.1f} expected at the reference rate of its peer "
        f"group ({group}), give {v.relative_risk:.2f} times that rate after shrinkage",
        f"the probability of more than {rules.red_relative_risk:g} times is "
        f"{floored(v.p_red, 2):.2f} and of more than {rules.amber_relative_risk:g} times "
        f"{floored(v.p_amber, 2):.2f}",
        _threshold_en(v, rules),
    ]
    if v.full_shrinkage:
        parts.append(
            "compounds of the group do not differ beyond chance, so the group's rate holds"
        )
    if v.colour != v.base_colour:
        parts.append("lifted by severe events of the published list")
    return "; ".join([*parts, f"rated {v.colour} ({PLAQUES[v.colour][1]})"]) + "."


def alarm_chinese(alarm: Alarm, *, rules: AlarmRules) -> str:
    """Since when a compound has had more incidents than usual, in Chinese."""
    return (
        f"自{alarm.since:%Y-%m}起警情多于往常：至{alarm.last:%Y-%m}共{alarm.months}个月"
        f"{alarm.observed}起，往常为{alarm.usual:.1f}起。依据{ALARM_RULE}（{rules.version}版），"
        f"每月超出{alarm.chart.k:.2f}起部分的累计为{floored(alarm.above, 2):.2f}，达到报警线"
        f"{floored(alarm.chart.h, 2):.2f}（平均{rules.false_alarm_months:g}个月误报不超过一次）。"
        "此提醒不影响颜色。"
    )


def alarm_english(alarm: Alarm, *, rules: AlarmRules) -> str:
    """Since when a compound has had more incidents than usual, in English."""
    return (
        f"Since {alarm.since:%Y-%m} more incidents than usual: {alarm.observed} in the "
        f"{_count(alarm.months, 'month')} to {alarm.last:%Y-%m}, where {alarm.usual:.1f} are "
        f"usual. Under {ALARM_RULE} (version {rules.version}) the sum of what exceeds "
        f"{alarm.chart.k:.2f} a month is {floored(alarm.above, 2):.2f} and reaches the threshold "
        f"{floored(alarm.chart.h, 2):.2f} (no more than one false alarm in "
        f"{rules.false_alarm_months:g} months on average). It does not change the colour."
    )


def _threshold_zh(v: Verdict, rules: RatingRules) -> str:
    """The threshold that decided the base colour, given the colour before."""
    red, amber = f"{rules.red_relative_risk:g}倍", f"{rules.amber_relative_risk:g}倍"
    before = f"此前为{COLOURS[v.previous][0]}，" if v.previous in PLAQUES else ""
    if v.base_colour == RED:
        p = rules.red_leave if v.previous == RED else rules.red_enter
        return f"{before}高于{red}的概率达到红色门槛{p:g}"
    p_red, p_amber = _green_limits(v.previous, rules)
    limits = f"{red}概率<{p_red:g}且{amber}概率<{p_amber:g}"
    if v.base_colour == GREEN and _one_case_together(v, p_red, p_amber):
        return f"{before}合并评定的小小区不足{rules.red_min_incidents}起，不因一起案件评黄"
    if v.base_colour == GREEN:
        return f"{before}满足绿色门槛（{limits}）"
    if _one_case(v, rules):
        return f"{before}不足{rules.red_min_incidents}起，不因一起案件评红"
    if v.previous == RED:
        return f"{before}高于{red}的概率未达留红门槛{rules.red_leave:g}，红色须先转黄色"
    return f"{before}未达红色门槛{rules.red_enter:g}，也未满足绿色门槛（{limits}）"


def _threshold_en(v: Verdict, rules: RatingRules) -> str:
    before = f"after {v.previous} before, " if v.previous in PLAQUES else ""
    if v.base_colour == RED:
        p = rules.red_leave if v.previous == RED else rules.red_enter
        return f"{before}the first reaches the red threshold {p:g}"
    p_red, p_amber = _green_limits(v.previous, rules)
    limits = f"first < {p_red:g} and second < {p_amber:g}"
    if v.base_colour == GREEN and _one_case_together(v, p_red, p_amber):
        return (
            f"{before}fewer than {rules.red_min_incidents} incidents never make small compounds "
            "that are rated together yellow"
        )
    if v.base_colour == GREEN:
        return f"{before}both meet the green thresholds ({limits})"
    if _one_case(v, rules):
        return f"{before}fewer than {rules.red_min_incidents} incidents never make a compound red"
    if v.previous == RED:
        return f"{before}the first is below {rules.red_leave:g}, and red leads to yellow first"
    return (
        f"{before}neither the red threshold {rules.red_enter:g} nor the green ones ({limits}) hold"
    )


def _green_limits(previous: str | None, rules: RatingRules) -> tuple[float, float]:
    """Below which probabilities (red, amber) a compound is green, given its colour before."""
    if previous == GREEN:
        return rules.green_to_yellow_red, rules.green_to_yellow_amber
    if previous == YELLOW:
        return rules.yellow_to_green_red, rules.yellow_to_green_amber
    return rules.green_max_red, rules.green_max_amber


def _count(number: int, word: str) -> str:
    return f"{number} {word if number == 1 else f'{word}s'}"


def _one_case(v: Verdict, rules: RatingRules) -> bool:
    p = rules.red_leave if v.previous == RED else rules.red_enter
    return v.p_red >= p and v.observed < rules.red_min_incidents


def _one_case_together(v: Verdict, p_red: float, p_amber: float) -> bool:
    """Whether a green unit misses the green limits: that it is too few incidents made it green."""
    return v.members > 1 and not (v.p_red < p_red and v.p_amber < p_amber)


def _unrated_zh(v: Verdict, rules: RatingRules) -> str:
    if v.unrated == TOO_SMALL:
        return (
            f"{v.households:.0f}户，不足{rules.min_households}户且不足{rules.min_buildings}栋，"
            "与相邻同类小小区合并后仍不足"
        )
    households = "户数为0" if v.households == 0 else "户数不详"
    return {NO_HOUSEHOLDS: households, NO_REFERENCE: "同类小区没有基准发案率"}[str(v.unrated)]


def _unrated_en(v: Verdict, rules: RatingRules) -> str:
    if v.unrated == TOO_SMALL:
        return (
            f"{_count(round(v.households), 'household')}, below {rules.min_households} and with "
            f"fewer than {rules.min_buildings} buildings, also together with small neighbours of "
            "its kind"
        )
    none = v.households == 0
    households = "it has no households" if none else "its households are not known"
    words = {NO_HOUSEHOLDS: households, NO_REFERENCE: "no reference rate"}
    return words[str(v.unrated)]


def events(lifted_by: str) -> tuple[str, str]:
    """The kinds of a rating's severe events in Chinese and English, for who may read incidents.

    Each once, with its number where it happened more often.

    >>> events("robbery,homicide,robbery")
    ('抢劫抢夺×2、命案', 'robbery×2, homicide')
    """
    return _listed(lifted_by, EVENT_ZH, "、"), _listed(lifted_by, EVENT_EN, ", ")


def _listed(lifted_by: str, words: Mapping[str, str], between: str) -> str:
    counted = Counter(words.get(event, event) for event in lifted_by.split(","))
    return between.join(word if n == 1 else f"{word}×{n}" for word, n in counted.items())
