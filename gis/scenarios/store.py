"""Reads scenarios and their changes; which ones, the store's row rights decide."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from gis.scenarios.model import Scenario, ScenarioChange


def scenarios(session: Session) -> Sequence[Scenario]:
    """What the user may see, newest first."""
    return session.scalars(select(Scenario).order_by(Scenario.id.desc())).all()


def scenario(session: Session, id: int) -> Scenario | None:
    """One scenario."""
    return session.get(Scenario, id)


def changes(session: Session, id: int) -> Sequence[ScenarioChange]:
    """The changes of a scenario in the order they were made."""
    asked = select(ScenarioChange).where(ScenarioChange.scenario_id == id)
    return session.scalars(asked.order_by(ScenarioChange.id)).all()
