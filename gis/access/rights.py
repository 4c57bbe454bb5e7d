"""The one table of permissions: role × capability × action; pages, routes and the store ask it."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Role(StrEnum):
    """What somebody is here for; the last three are kept apart from all work."""

    VIEWER = "viewer"
    GRID_WORKER = "grid_worker"
    GRID_SUPERVISOR = "grid_supervisor"
    PLANNER = "planner"
    POLICE_LIAISON = "police_liaison"
    DATA_STEWARD = "data_steward"
    SYSTEM_ADMIN = "system_admin"
    SECURITY_ADMIN = "security_admin"
    AUDITOR = "auditor"


class Capability(StrEnum):
    """What rights are given for; each layer, route, page, job and export belongs to one."""

    AREAS = "areas"
    GRIDS = "grids"
    COMPOUNDS = "compounds"
    FACILITIES = "facilities"
    COVERAGE = "coverage"
    RATING = "rating"
    DRAFTS = "drafts"  # ratings of quarters that nobody has published yet
    INCIDENTS = "incidents"  # places and times; counts per compound belong to RATING
    RENTAL = "rental"
    VIDEO = "video"  # positions, directions, view fields; the covered share belongs to RATING
    DANGERS = "dangers"  # hidden dangers, notes, visits (SAF-4, EVT-1)
    SCENARIOS = "scenarios"
    REPORTS = "reports"  # evaluations, rankings, monthly pages
    IMPORTS = "imports"
    RUNS = "runs"
    JOBS = "jobs"
    POLICY = "policy"
    ACCOUNTS = "accounts"  # WRITE makes and locks accounts, PUBLISH gives roles and areas
    AUDIT = "audit"
    HEALTH = "health"


class Action(StrEnum):
    """What may be done with a capability."""

    READ = "read"
    WRITE = "write"
    EXPORT = "export"
    PUBLISH = "publish"


Right = tuple[Capability, Action]


def spelled(right: Right) -> str:
    """A right in one word: ``video:read``."""
    return f"{right[0]}:{right[1]}"


def right_of(text: str) -> Right:
    """The right that is spelled so; raises ValueError."""
    capability, _, action = text.partition(":")
    return Capability(capability), Action(action)


_LETTERS = {"r": Action.READ, "w": Action.WRITE, "e": Action.EXPORT, "p": Action.PUBLISH}
_PUBLIC = "areas:r compounds:r facilities:r coverage:r rating:r reports:r"
_INNER = f"{_PUBLIC} drafts:r"
_TABLE: Mapping[Role, str] = {
    Role.VIEWER: _PUBLIC,
    Role.GRID_WORKER: f"{_INNER} grids:r rental:r dangers:rw",
    Role.GRID_SUPERVISOR: (
        f"{_INNER} grids:re coverage:e rating:e rental:re video:r dangers:rwe reports:e jobs:r"
    ),
    Role.PLANNER: (
        f"{_INNER} areas:e grids:rwe compounds:e facilities:we coverage:we rental:r "
        "scenarios:rwep dangers:r reports:e runs:rw jobs:rw policy:r"
    ),
    Role.POLICE_LIAISON: (
        f"{_INNER} areas:e grids:re compounds:e facilities:e coverage:e rating:wep incidents:re "
        "rental:re video:rwep dangers:rwe reports:rwep imports:rw runs:rw jobs:rw policy:r"
    ),
    Role.DATA_STEWARD: (
        "areas:rwe grids:rwe compounds:rwe facilities:rwe coverage:rwe rating:rw drafts:r "
        "incidents:rwe rental:rwe video:rw dangers:r reports:rw imports:rw runs:rw jobs:rw "
        "policy:r health:r"
    ),
    Role.SYSTEM_ADMIN: "accounts:rw jobs:rw policy:r health:rw",
    Role.SECURITY_ADMIN: "accounts:rp policy:rp health:r",
    Role.AUDITOR: "audit:re accounts:r health:r",
}


def _rights(words: str) -> frozenset[Right]:
    """Rights written ``capability:letters``; letters r, w, e, p are the actions."""
    pairs = (word.split(":") for word in words.split())
    return frozenset(
        (Capability(name), _LETTERS[one]) for name, letters in pairs for one in letters
    )


PERMISSIONS: Mapping[Role, frozenset[Right]] = MappingProxyType(
    {role: _rights(words) for role, words in _TABLE.items()}
)
EVERYTHING: frozenset[Right] = frozenset(
    (capability, action) for capability in Capability for action in Action
)
