"""The menu: which pages there are and what right each one needs; a new page adds its line."""

from collections.abc import Mapping
from dataclasses import dataclass

from gis.access.rights import Action, Capability, Right, Role
from gis.db.session import User


@dataclass(frozen=True)
class Item:
    """One page of the menu: its address, its words (``menu.<key>``), its icon, its right."""

    path: str
    key: str
    icon: str
    capability: Capability
    action: Action = Action.READ
    group: str = "work"

    @property
    def right(self) -> Right:
        """What the reader must be allowed."""
        return self.capability, self.action


ITEMS: tuple[Item, ...] = (
    Item("/today", "today", "sun", Capability.GRIDS),
    Item("/map", "map", "map", Capability.RATING),
    Item("/dangers", "dangers", "alert", Capability.DANGERS),
    Item("/visits", "visits", "list", Capability.DANGERS, Action.WRITE),
    Item("/coverage-board", "coverage", "chart", Capability.COVERAGE, group="planning"),
    Item("/walking", "walking", "walk", Capability.COVERAGE, group="planning"),
    Item("/facilities", "facilities", "house", Capability.FACILITIES, group="planning"),
    Item("/scenarios", "scenarios", "fork", Capability.SCENARIOS, group="planning"),
    Item("/grids", "grids", "grid", Capability.GRIDS, group="planning"),
    Item("/ratings", "ratings", "flag", Capability.RATING, Action.WRITE, "police"),
    Item("/plaques", "plaques", "sign", Capability.RATING, Action.EXPORT, "police"),
    Item("/sharp-eyes", "sharp_eyes", "camera", Capability.VIDEO, group="police"),
    Item("/rankings", "rankings", "podium", Capability.REPORTS, group="police"),
    Item("/bulletins", "bulletins", "news", Capability.REPORTS, Action.WRITE, "police"),
    Item("/imports", "imports", "upload", Capability.IMPORTS, group="administration"),
    Item("/accounts", "accounts", "person", Capability.ACCOUNTS, group="administration"),
    Item("/areas", "areas", "tree", Capability.ACCOUNTS, group="administration"),
    Item("/policy", "policy", "book", Capability.POLICY, group="administration"),
    Item("/exports", "exports", "down", Capability.JOBS, group="administration"),
    Item("/jobs", "jobs", "clock", Capability.JOBS, group="administration"),
    Item("/audit", "audit", "lock", Capability.AUDIT, group="administration"),
    Item("/health", "health", "pulse", Capability.HEALTH, group="administration"),
)
GROUPS = ("work", "planning", "police", "administration")
# Where a role begins; a role without a line begins at its first page.
HOME: Mapping[Role, str] = {
    Role.GRID_SUPERVISOR: "/today",
    Role.GRID_WORKER: "/today",
    Role.DATA_STEWARD: "/imports",
    Role.SYSTEM_ADMIN: "/accounts",
    Role.SECURITY_ADMIN: "/accounts",
    Role.AUDITOR: "/audit",
    Role.POLICE_LIAISON: "/ratings",
}


def items(user: User | None) -> list[Item]:
    """The pages the reader may open."""
    return [one for one in ITEMS if user is not None and one.right in user.rights]


def groups(user: User | None) -> dict[str, list[Item]]:
    """The same by group, groups without a page left out."""
    shown = items(user)
    found = {group: [one for one in shown if one.group == group] for group in GROUPS}
    return {group: inside for group, inside in found.items() if inside}


def home(user: User) -> str:
    """The page a reader begins at."""
    if user.role is not None and user.role in HOME:
        return HOME[user.role]
    return next((one.path for one in items(user)), "/help")
