"""What another policy would turn, as a job: in a large district that takes a while."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from api.house import REFERENCE
from api.policies import rulebook, turns
from api.tasks.work import Work


def run(work: Work, session: Session) -> Mapping[str, Any]:
    """Compare the policy in force with the ``draft`` that was kept; nothing is stored."""
    home, before = work.house.settings.home, work.house.policy
    text = rulebook.draft(home, work.parameters["draft"])
    after = rulebook.checked(REFERENCE / "policy.toml", text, home / rulebook.KEPT)
    seen = turns.turned(
        session, work.house.district, before=before, after=after, say=work.say
    )  # fmt: skip
    return {"before": before.digest, **turns.listed(seen)}
