"""COM-1 and COM-2 by hand: 3,000 to 5,000 households, one worker per 500."""

from pathlib import Path

import pytest

from gis import policy
from gis.areas.size import SizeRules, judge

RULES = SizeRules.of(policy.load(Path(__file__).parents[2] / "data" / "reference" / "policy.toml"))


@pytest.mark.parametrize(
    ("households", "workers", "size", "due", "staffing"),
    [
        (3000, 6, "within", 6, "within"),
        (2999, 5, "low", 6, "low"),
        (5000, 12, "within", 10, "within"),  # more than due are no fault
        (5001, 10, "high", 11, "low"),
        (4000, None, "within", 8, "unknown"),
        (0, 3, "unknown", None, "unknown"),
        (None, 3, "unknown", None, "unknown"),
    ],
)
def test_size_and_workers(households, workers, size, due, staffing):
    found = judge(households, workers, RULES)
    assert (found.size, found.workers_due, found.staffing) == (size, due, staffing)
