"""A stored rating computed again, as the command, the service and the pages ask for it."""

import re

from sqlalchemy.orm import Session

from api.house import House
from gis.audit.service import note
from gis.errors import NotFound
from gis.runs.model import Analysis, Run
from gis.runs.store import require_run
from gis.safety import replay
from gis.safety.replay import Replay


def again(session: Session, house: House, which: str) -> Replay:
    """Replay the run with that number, or a quarter's published run, else its newest.

    It reads every incident of its window, by kind: a line of the trail says so.

    Raises NotFound for a number that is no rating, BadPeriod, NoData and WholeDistrict.
    """
    run = _run(session, which)
    line = note(session, event="read", target="rating replay", detail={"run": run.id})
    found = replay.replay(session, run, policy=house.policy)
    line.rows = found.compounds
    return found


def words(found: Replay) -> list[tuple[str, str]]:
    """By which rules it was computed and what came out: sentences in Chinese and English."""
    kept, now, told = found.policy_version, found.policy_now, []
    if kept != now and found.compounds:
        same = ("数值相同", "the same values") if found.rules_now else ("数值不同", "other values")
        told.append((
            f"按当时保存的规则（{kept}版）复算；现行{now}版，{same[0]}。",
            f"Computed with the rules that were kept (version {kept}); version {now}, now in "
            f"force, has {same[1]}.",
        ))  # fmt: skip
    if found.equal:
        told.append((
            f"输入数据的摘要、{found.compounds}个小区的颜色和全部{found.figures}个数值逐位相同。",
            f"The digest of the inputs, the colours of {found.compounds} compounds and all "
            f"{found.figures} values are equal bit for bit.",
        ))  # fmt: skip
        return told
    told.append((f"有{found.differing}处不同。", f"What differs: {found.differing}."))
    if found.computed_with != found.libraries_now:
        told.append((
            f"当时使用{found.computed_with}，现在使用{found.libraries_now}，末位可能因此不同。",
            f"Computed then with {found.computed_with}, now with {found.libraries_now}: last "
            "digits may differ by that.",
        ))  # fmt: skip
    return told


def _run(session: Session, which: str) -> Run:
    if not re.fullmatch(r"[0-9]{1,18}", which):  # what a bigint holds
        return require_run(session, Analysis.RATING, replay.quarter(which), as_shown=True)
    run = session.get(Run, int(which))
    if run is None or run.analysis != Analysis.RATING:
        raise NotFound("rating run", which)
    return run
