"""One sentence per result, in Chinese and in English: rule, threshold, figures, source."""

from collections.abc import Iterator
from datetime import date

import pandas as pd

from gis.rental.rules import RentalRules
from gis.rounding import floored

_OLD = "old"


def with_reasons(rows: pd.DataFrame, rules: RentalRules, *, as_of: date) -> pd.DataFrame:
    """``rows`` with ``rule``, ``threshold``, ``reason_zh`` and ``reason_en``.

    Compounds are judged by REN-2 (share of let dwellings), everything else is measured by REN-1,
    whose threshold is the usable area per person of suspected group rental; the sentence says
    beside it on which side of REN-2's line the share is.
    """
    is_compound = rows["subject_kind"] == "compound"
    sentences = pd.DataFrame(list(_sentences(rows, rules, as_of)), columns=["zh", "en"])
    return rows.assign(
        rule=is_compound.map({True: "REN-2", False: "REN-1"}),
        threshold=is_compound.map(
            {True: rules.mainly_rental_share, False: rules.min_m2_per_person}
        ),
        reason_zh=sentences["zh"].to_numpy(),
        reason_en=sentences["en"].to_numpy(),
    )


def _sentences(rows: pd.DataFrame, rules: RentalRules, as_of: date) -> Iterator[tuple[str, str]]:
    columns = (
        "subject_kind", "kind", "suppressed", "rented_dwellings", "dwellings", "rented_per_100",
        "mainly_rental", "by_households", "lacking", "outside", "unplaced",
    )  # fmt: skip
    for kind, compound_kind, suppressed, *figures in zip(*(rows[c] for c in columns), strict=True):
        rented, dwellings, per_100, mainly, by_households, lacking, outside, unplaced = figures
        if suppressed:
            yield _hidden(rules)
        elif pd.isna(rented):
            yield _unknown(rules, as_of)
        else:
            zh, en = _counted(rented, dwellings, per_100, by_households, as_of)
            too_zh, too_en = _too_high(lacking, outside, of_buildings=kind == "cell")
            low_zh, low_en = _too_low(unplaced)
            end_zh, end_en = _verdict(mainly, compound_kind, rules)
            rest_zh, rest_en = ("", "") if kind == "compound" else _source(rules)
            yield zh + too_zh + low_zh + end_zh + rest_zh, en + too_en + low_en + end_en + rest_en


def _hidden(rules: RentalRules) -> tuple[str, str]:
    k = rules.suppress_below
    return (
        f"REN-1：在租套数少于 {k} 套或可借此推算他处小数，不予显示（{rules.density_source}）",
        f"REN-1: fewer than {k} let dwellings, or they would reveal such a count elsewhere; "
        f"withheld ({rules.density_source})",
    )


def _unknown(rules: RentalRules, as_of: date) -> tuple[str, str]:
    return (
        f"REN-1：{as_of} 无出租登记也无出租总数，情况不详（{rules.density_source}）",
        f"REN-1: neither registered lettings nor a stated total on {as_of}; unknown "
        f"({rules.density_source})",
    )


def _counted(
    rented: float, dwellings: float, per_100: float, by_households: bool, as_of: date
) -> tuple[str, str]:
    zh, en = f"{as_of} 在租 {rented:.0f} 套", f"{rented:.0f} dwellings let on {as_of}"
    if pd.isna(dwellings):
        return f"{zh}，住宅数不详", f"{en}, number of dwellings unknown"
    base_zh, base_en = ("户", "households") if by_households else ("套住宅", "dwellings")
    zh, en = f"{zh}／{dwellings:.0f} {base_zh}", f"{en} of {dwellings:.0f} {base_en}"
    if pd.isna(per_100):
        return zh, en
    rate = f"{floored(per_100, 1):.1f}"
    return f"{zh}，每百套 {rate} 套", f"{en}, {rate} per 100"


def _too_high(lacking: float, outside: bool, *, of_buildings: bool) -> tuple[str, str]:
    """Why more lettings than dwellings are counted, if so."""
    zh, en = "", ""
    if lacking:
        unit_zh, unit_en = ("栋楼", "building") if of_buildings else ("个小区", "compound")
        lack = f"1 {unit_en} lacks" if lacking == 1 else f"{lacking:.0f} {unit_en}s lack"
        zh += f"（{lacking:.0f} {unit_zh}缺住宅数，比率偏高）"
        en += f" ({lack} a dwelling count: the rate is too high)"
    if outside:
        zh += "（另有在租住宅不在任何小区内，比率偏高）"
        en += " (some of them lie in no compound: the rate is too high)"
    return zh, en


def _too_low(compounds: float) -> tuple[str, str]:
    """Why fewer lettings than there are may be counted in a cell, if so."""
    if not compounds:
        return "", ""
    state = "1 compound states" if compounds == 1 else f"{compounds:.0f} compounds state"
    return (
        f"（{compounds:.0f} 个小区只报在租总数，其住宅可能在此格内，比率可能偏低）",
        f" ({state} only a total, of dwellings that may lie in this cell: the rate may be too low)",
    )


def _verdict(mainly: bool | None, compound_kind: str, rules: RentalRules) -> tuple[str, str]:
    line, source = 100 * rules.mainly_rental_share, rules.mainly_source
    if mainly is None:
        return (
            f"；REN-2 无法判定是否以出租为主（界线每百套 {line:g} 套，{source}）",
            f"; REN-2 cannot be judged (line {line:g} per 100, {source})",
        )
    if not mainly:
        return (
            f"；REN-2 未达以出租为主（界线每百套 {line:g} 套，{source}）",
            f"; REN-2 not mainly rental (line {line:g} per 100, {source})",
        )
    if compound_kind == _OLD:
        return (
            f"；REN-2 以出租为主的老旧小区，应加强服务（界线每百套 {line:g} 套，{source}）",
            f"; REN-2 old and mainly rental, needs stronger service "
            f"(line {line:g} per 100, {source})",
        )
    return (
        f"；REN-2 以出租为主，但该条只针对老旧小区（界线每百套 {line:g} 套，{source}）",
        f"; REN-2 mainly rental, though the rule speaks of old compounds "
        f"(line {line:g} per 100, {source})",
    )


def _source(rules: RentalRules) -> tuple[str, str]:
    area, rooms = rules.min_m2_per_person, rules.max_persons_per_room
    return (
        f"；REN-1，疑似群租按人均不足 {area:g} 平方米或每间超过 {rooms:g} 人"
        f"（{rules.density_source}）",
        f"; REN-1, group rental suspected below {area:g} m² per person or above {rooms:g} per room "
        f"({rules.density_source})",
    )
