"""Working rate day by day, repairs and what is overdue, on rows one can follow by hand."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pandas as pd

from gis.video import working

KUNMING = ZoneInfo("Asia/Shanghai")


def states(*rows):
    return pd.DataFrame(
        [(camera, datetime(2026, 6, *when, tzinfo=UTC), state) for camera, when, state in rows],
        columns=["camera", "observed_at", "state"],
    ).astype({"observed_at": "datetime64[us, UTC]"})


def cameras(**more):
    base = {"camera": ["a", "b", "c"], "status": "in_use", "key": [False, False, True],
            "installed_on": None, "removed_on": None, "owner_unit": ["x", "x", None]}  # fmt: skip
    return pd.DataFrame(base | more)


def days(found, value, name):
    part = found[found["value"].isna() if value is None else found["value"] == value]
    return part.sort_values("day")[name].tolist()


def by_day(points, seen, by=None):
    return working.by_day(
        points, seen, by=by, since=date(2026, 6, 1), until=date(2026, 6, 5), zone=KUNMING
    )


def test_a_state_holds_until_the_next_one_and_the_last_of_a_day_counts():
    seen = states(
        ("a", (1, 1), "working"),
        ("a", (2, 15, 59), "down"),  # 23:59 of 2 June in Kunming
        ("a", (2, 16), "working"),  # 00:00 of 3 June
        ("b", (4, 1), "down"),
    )
    found = by_day(cameras(key=False), seen)
    assert days(found, None, "in_use") == [3, 3, 3, 3]
    assert days(found, None, "known") == [1, 1, 1, 2]
    assert days(found, None, "working") == [1, 0, 1, 1]


def test_owners_and_key_industries_are_told_apart():
    seen = states(("a", (1, 1), "working"), ("b", (1, 1), "down"), ("c", (1, 1), "working"))
    found = by_day(cameras(), seen, by="owner_unit")
    assert days(found, "x", "working") == [1, 1, 1, 1]
    assert days(found, "x", "known") == [2, 2, 2, 2]
    assert found.loc[found["value"].isna(), "key"].all()


def test_a_point_counts_from_its_installation_to_its_removal():
    points = cameras(
        status=["in_use", "removed", "planned"],
        installed_on=[date(2026, 6, 3), None, None],
        removed_on=[None, date(2026, 6, 2), None],
    )
    assert days(by_day(points, states()), None, "in_use") == [1, 1, 1]  # b, then a on two days


def test_a_repair_lasts_from_the_first_failure_to_the_next_time_it_works():
    seen = states(
        ("a", (1, 0), "down"), ("a", (2, 0), "unknown"), ("a", (3, 0), "down"),
        ("a", (4, 12), "working"), ("b", (1, 0), "working"), ("b", (2, 0), "down"),
    )  # fmt: skip
    found = working.repairs(seen).set_index("camera")
    assert found.loc["a", "up_at"] - found.loc["a", "down_at"] == pd.Timedelta(hours=84)
    assert pd.isna(found.loc["b", "up_at"])


def test_overdue_is_longer_than_the_days_of_a_repair():
    points = cameras(
        observed=["down", "down", "working"],
        down_since=pd.to_datetime(["2026-06-26T18:00Z", "2026-06-27T00:00Z", None]),
    )
    found = working.overdue(points, as_of=date(2026, 6, 30), repair_days=3, zone=KUNMING)
    assert found.empty  # both are the 27th in Kunming: three days
    found = working.overdue(points, as_of=date(2026, 7, 1), repair_days=3, zone=KUNMING)
    assert found["days_down"].tolist() == [4, 4]
