"""Which move leads where, who has to act next and by when; no database, no clock."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from gis.dangers.model import Handler, Move, Severity, State
from gis.errors import BadInput
from gis.policy import Policy
from gis.worktime import Due, WorkTime

_NEXT: Mapping[tuple[State, Move], State] = {
    (State.FOUND, Move.ASSIGN): State.ASSIGNED,
    (State.ASSIGNED, Move.FIX): State.FIXED,
    (State.FIXED, Move.CHECK): State.CHECKED,
    (State.FIXED, Move.REJECT): State.ASSIGNED,
    (State.CHECKED, Move.CLOSE): State.CLOSED,
}
_ABOVE: Mapping[Handler, Handler] = {
    Handler.COMMUNITY: Handler.STREET,
    Handler.STREET: Handler.DEPARTMENTS,
}
_OPEN = (State.FOUND, State.ASSIGNED)


class WrongMove(BadInput):
    """The danger is not in a state in which that can be done."""

    code = "wrong_move"


@dataclass(frozen=True)
class Turn:
    """Where a move leads; ``due`` None leaves the due time as it is."""

    state: State
    handler: Handler
    due: Due | None = None


def moves(state: State, handler: Handler) -> list[Move]:
    """What can be done now, the usual move first."""
    usual = [move for (of, move) in _NEXT if of is state]
    return [*usual, Move.ESCALATE] if state in _OPEN and handler in _ABOVE else usual


def turn(
    state: State, handler: Handler, move: Move, *, now: datetime, time: WorkTime, policy: Policy,
    to: Handler | None = None,
) -> Turn:  # fmt: skip
    """State and handler after ``move``; raises WrongMove.

    It is assigned ``to`` a level, within the term it has. A call or a whistle gives the next one
    above a term of its own (EVT-1).
    """
    if move not in moves(state, handler):
        raise WrongMove(
            f"不能从“{state}”执行“{move}” / {move} is not possible in the state {state}"
        )
    if move is Move.ESCALATE:
        above = _ABOVE[handler]
        return Turn(state, above, time.after(now, policy["EVT-1", f"{above}_hours"]))
    assigned = to if move is Move.ASSIGN and to is not None else handler
    return Turn(_NEXT[state, move], assigned)


def due(severity: Severity, *, found: datetime, time: WorkTime, policy: Policy) -> Due:
    """By when a danger must be dealt with (SAF-4)."""
    return time.after(found, policy["SAF-4", f"{severity}_hours"])
