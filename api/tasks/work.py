"""What a task is given: the house, the job, and a way to say how far it is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from api.house import House
from gis.jobs.model import Job
from gis.progress import Say


@dataclass(frozen=True)
class Work:
    """One job on its way."""

    house: House
    job: Job
    say: Say

    @property
    def parameters(self) -> Mapping[str, Any]:
        """What was asked for."""
        return self.job.parameters


Task = Callable[[Work, Session], Mapping[str, Any]]
"""Does the work in the session's one transaction and returns the job's result."""


class Failed(Exception):
    """The job ends without success and has a result to show, such as the report of a file."""

    def __init__(self, code: str, message: str, result: Mapping[str, Any]) -> None:
        super().__init__(message)
        self.code, self.result = code, result
