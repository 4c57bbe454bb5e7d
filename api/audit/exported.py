"""What goes with a file that leaves the house: watermark, signed manifest, a line of the trail."""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from api.audit import trail
from api.house import House
from api.version import VERSION
from data.export import manifest
from data.export.model import Watermark
from gis import files
from gis.access.rights import PERMISSIONS, Action, Capability, Role, spelled
from gis.audit import store
from gis.audit.signing import Signer
from gis.db.session import User
from gis.errors import BadInput, Forbidden, PurposeMissing
from gis.layers.model import COMBINED, layer
from gis.layers.service import Scope
from gis.privacy import checked
from gis.runs.model import Analysis
from maps.typeset import Mark

PURPOSE_LENGTH = 200
_SEEN_BY_ALL = PERMISSIONS[Role.VIEWER]


def names(asked: str, *, internal: bool) -> list[str]:
    """The layers in a file of ``asked``; ``combined`` leaves internal ones out unless wanted."""
    if asked != "combined":
        return [layer(asked).name]
    return [one for one in COMBINED if internal or not layer(one).internal]


def may_take(user: User, name: str) -> None:
    """Raises Forbidden for somebody without the right to take a layer out.

    A page shows how many incidents a compound had; a file of them is for police duty.
    """
    capability = Capability.INCIDENTS if name == "incidents" else layer(name).capability
    if not user.may(capability, Action.EXPORT):
        raise Forbidden.right(capability, Action.EXPORT)


def is_public(capability: Capability) -> bool:
    """Whether its records are public figures, which leave without saying what for.

    Ratings are none: a quarter that nobody has published yet stands among them.
    """
    return capability is not Capability.RATING and (capability, Action.READ) in _SEEN_BY_ALL


def wants_purpose(user: User, name: str) -> bool:
    """Whether a file of a layer, as ``user`` takes it, holds more than public figures."""
    one = layer(name)
    inside = {one.capability, *(column.needs for column in one.columns if column.needs)}
    return one.internal or any(user.may(each) and not is_public(each) for each in inside)


def may_fetch(user: User, name: str, *, asked_with: Collection[str]) -> None:
    """Raises Forbidden where a file of a layer may hold what ``user`` may not read or take.

    ``asked_with`` are the rights, as `spelled`, that it was made with: what those did not open is
    not in it.
    """
    may_take(user, name)
    one = layer(name)
    inside = {one.capability, *(column.needs for column in one.columns if column.needs)}
    if one.analysis == Analysis.RATING:
        inside |= {Capability.DRAFTS, Capability.INCIDENTS}
    for capability in sorted(inside):
        if spelled((capability, Action.READ)) in asked_with and not user.may(capability):
            raise Forbidden.right(capability, Action.READ)


def said_purpose(purpose: str | None) -> str | None:
    """What a file is taken out for, in one line; raises PersonalText, for the trail keeps it."""
    words = " ".join((purpose or "").split())[:PURPOSE_LENGTH]
    return checked(words, "用途") or None


def watermark(
    session: Session, *, purpose: str | None, internal: bool, wanted: bool = False
) -> Watermark:
    """Who takes the file out, when and what for.

    Raises PurposeMissing where an internal one, or one of which it is ``wanted``, says nothing.
    """
    words = said_purpose(purpose)
    if (internal or wanted) and words is None:
        raise purpose_missing()
    return Watermark(
        user=session.info["user"].id,
        at=datetime.now(UTC).replace(microsecond=0),
        purpose=words,
        internal=internal,
    )


def purpose_missing() -> PurposeMissing:
    """What anything beyond public figures is answered that is taken out for no purpose."""
    return PurposeMissing(
        "请写明用途：导出的不只是公开数据 / say what it is taken out for: it holds more than public"
        " figures"
    )


def printed(
    session: Session,
    house: House,
    *,
    purpose: str,
    internal: bool = False,
    wanted: bool = False,
    on_paper: bool = True,
) -> Mark:
    """Who takes a print along, when and what for; raises PurposeMissing as `watermark` does."""
    mark = watermark(session, purpose=purpose, internal=internal, wanted=wanted)
    at = mark.at.astimezone(house.district.zone)
    return Mark(mark.user, f"{at:%Y-%m-%d %H:%M:%S%z}", mark.purpose or "—", on_paper)


def seal(
    house: House, file: Path, mark: Watermark, *, rows: int, scope: Scope | None, **more: Any
) -> Path:
    """Write the signed manifest of ``file`` beside it."""
    said = {
        "rows": rows,
        "filter": _filter(scope) if scope else {},
        "exported_by": mark.user,
        "exported_at": mark.at.isoformat(),
        "purpose": mark.purpose,
        "marking": mark.marking,
        "software": VERSION,
        **more,
    }
    return manifest.write(file, said, Signer(house.settings.home).signed)


def check(house: House, file: Path) -> dict[str, Any]:
    """The manifest of ``file`` if this installation signed it and the file is whole."""
    return manifest.check(file, Signer(house.settings.home).holds)


def write_trail(session: Session, house: House, out: Path, *, purpose: str) -> int:
    """The whole audit trail as CSV with its manifest; how many lines."""
    mark = watermark(session, purpose=purpose, internal=True)
    try:
        with files.whole(out) as draft, draft.open("w", encoding="utf-8", newline="") as file:
            rows = sum(1 for row in trail.as_csv(session, store.Asked()) if file.write(row)) - 1
    except OSError as exc:
        raise BadInput.at(
            str(out), f"无法写入（{exc.strerror}），请换一处",
            f"cannot be written ({exc.strerror}): name another place",
        ) from exc  # fmt: skip
    seal(house, out, mark, rows=rows, scope=None, layers=["audit"])
    return rows


def _filter(scope: Scope) -> Mapping[str, Any]:
    """What was asked for, without what was left open."""
    asked = {
        "area": scope.area_prefix, "period": scope.period,
        "as_of": scope.as_of and scope.as_of.isoformat(), "level": scope.level.value,
        "resolution": scope.resolution, "internal": scope.internal,
    }  # fmt: skip
    return {name: value for name, value in asked.items() if value not in ("", None)}
