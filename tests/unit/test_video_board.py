"""The sharp-eyes board: hand-worked rates and repairs, told apart and together."""

from datetime import date
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from gis.video.board import board
from gis.video.rules import VideoRules
from gis.video.status import Watch

ZONE = ZoneInfo("Asia/Shanghai")


@pytest.fixture
def seen():
    """Ten points of unit A, of which one fails on the second of four days; two of a bank, one down
    throughout and mended on the last day."""
    rows = [(f"a{i}", "A", "class_1", False) for i in range(10)]
    rows += [(f"b{i}", "Bank", None, True) for i in range(2)]
    cameras = pd.DataFrame(rows, columns=["camera", "owner_unit", "point_class", "key"]).assign(
        status="in_use", installed_on=None, removed_on=None, kind="fixed", observed="working",
        down_since=pd.Series(pd.NaT, range(12), dtype="datetime64[ns, UTC]"),
    )  # fmt: skip
    noted = [(f"a{i}", "2026-05-01T00:00Z", "working") for i in range(10)]
    noted += [("a0", "2026-06-02T00:00Z", "down"), ("b0", "2026-05-01T00:00Z", "working"),
              ("b1", "2026-05-31T02:00Z", "down"),
              ("b1", "2026-06-04T02:00Z", "working")]  # fmt: skip
    states = pd.DataFrame(noted, columns=["camera", "observed_at", "state"])
    states["observed_at"] = pd.to_datetime(states["observed_at"], utc=True, format="ISO8601")
    rules = VideoRules(
        working_share=0.98, working_share_industries=0.95, repair_days=3,
        public_industries=frozenset(), key_place_kinds=frozenset(), counties=frozenset(),
        inventory_source="", working_source="",
    )  # fmt: skip
    return Watch(cameras, states, rules, ZONE, date(2026, 6, 1), date(2026, 6, 4))


def test_each_owner_is_judged_by_its_own_threshold_on_the_last_day(seen):
    rows = board(seen, by="owner").groups.set_index("value")
    assert rows["share"].to_dict() == {"A": 0.9, "Bank": 1.0}
    assert rows["met"].to_dict() == {"A": False, "Bank": True}
    assert rows.loc["A", "mean_share"] == pytest.approx((10 + 9 + 9 + 9) / 40)
    assert rows.loc["Bank", "mean_share"] == pytest.approx((1 + 1 + 1 + 2) / 8)
    assert rows["open"].to_dict() == {"A": 1, "Bank": 0}
    assert rows.loc["Bank", "mean_hours"] == 96  # 31 May 02:00 to 4 June 02:00
    assert pd.isna(rows.loc["A", "mean_hours"])


def test_all_together_are_the_same_whatever_they_are_told_apart_by(seen):
    wholes = [board(seen, by=by).whole for by in ("owner", "class", "all")]
    for whole in wholes:
        assert (whole["known"], whole["working"], whole["open"], whole["mended"]) == (12, 11, 1, 1)
        assert (whole["mean_hours"], whole["met"]) == (96, False)


def test_every_day_of_each_kind_of_duty_has_its_share(seen):
    days = board(seen, by="class").days
    public = days[~days["key"]].set_index("day")["share"]
    assert public.tolist() == [1.0, 0.9, 0.9, 0.9]
    assert days[days["key"]]["share"].tolist() == [0.5, 0.5, 0.5, 1.0]


def test_an_empty_register_has_a_board(seen):
    none = Watch(seen.cameras[:0], seen.states[:0], seen.rules, ZONE, seen.since, seen.until)
    found = board(none, by="owner")
    assert (found.whole["in_use"], found.whole["met"]) == (0, None)
    assert found.days.empty
