"""What of a job's result somebody is shown."""

from datetime import UTC, datetime

import pytest

from api.job_shown import JobOut
from gis.access.rights import Role
from gis.db.session import User
from gis.jobs.model import Job, JobKind, JobState


@pytest.mark.parametrize(("role", "quarter", "month", "coverage"), [
    (Role.POLICE_LIAISON, True, True, True),
    (Role.PLANNER, True, False, True),
    (Role.GRID_SUPERVISOR, True, False, True),
    (Role.SYSTEM_ADMIN, False, False, False),
])  # fmt: skip
def test_totals_of_a_run_are_for_who_may_read_its_results(role, quarter, month, coverage):
    runs = [
        {"analysis": name, "period": period, "run_id": 1, "totals": {"red": 3}}
        for name, period in (("rating", "2026Q3"), ("rating", "2026-10"), ("coverage", None))
    ]
    job = Job(
        id=7, kind=JobKind.RUN, state=JobState.DONE, progress=1.0, parameters={}, asked_by="li",
        area_code="530102", attempts=1, created_at=datetime.now(UTC), result={"runs": runs},
    )  # fmt: skip
    shown = JobOut.of(job, User.of(role, id="x", area_prefixes=("",))).result["runs"]
    assert [bool(one["totals"]) for one in shown] == [quarter, month, coverage]
    assert [one["run_id"] for one in shown] == [1, 1, 1]
