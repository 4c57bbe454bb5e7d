"""Which changes of colour may be confirmed several at once, and which want a look of their own."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from gis.publication.model import RatingCycle
from gis.publication.service import NotReady, changes, confirm
from gis.safety.rules import Colour


def looked_at_alone(*, stands: str, quality: str) -> bool:
    """Whether a change is confirmed by itself: a turn to red, or data of quality C behind it."""
    return stands == Colour.RED or quality == "C"


def confirm_together(session: Session, cycle_id: int, codes: Sequence[str]) -> int:
    """Let several colours stand at once, none of which has to be looked at alone.

    Raises what `confirm` does, and NotReady where one turns red or has data of quality C.
    """
    found = changes(session, session.get_one(RatingCycle, cycle_id)).set_index("code")
    named = found.loc[found.index.isin(codes)]
    alone = sum(
        looked_at_alone(stands=stands, quality=quality)
        for stands, quality in zip(named["stands"], named["quality"], strict=True)
    )
    if alone:
        raise NotReady(
            f"{alone} 个小区转为红牌或数据质量为 C，须逐个看过理由再确认 / "
            f"{alone} compounds turn red or have data of quality C: confirm each by itself"
        )
    return confirm(session, cycle_id, codes)
