"""Maps and exports of what the store holds, for the command and the service alike."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

import maps
import maps.layers
from api.audit import exported
from api.files.frames import Frames, page_layers
from api.house import House
from data.export.model import Caption, Format, Part, Watermark
from data.export.service import export
from gis import files
from gis.audit import service as audit
from gis.db.session import User
from gis.errors import BadInput, NoData, Withheld
from gis.facts import service as facts
from gis.layers.model import REGISTRY, Layer, layer
from gis.layers.service import Scope, Shown
from gis.memory import give_back
from maps.context import Basemap, MapContext, rule_texts


def pages(name: str, internal: bool) -> tuple[str, ...]:
    """The pages that ``name`` (a layer, ``combined`` or ``all``) stands for.

    Raises NotFound for no such layer and Withheld for an internal one unless ``internal``.
    """
    if name == "combined":
        return (name,)
    if name == "all":
        open_layers = [one.name for one in REGISTRY if internal or not one.internal]
        return (*open_layers, "combined")
    allowed(layer(name), internal=internal)
    return (name,)


def allowed(one: Layer, *, internal: bool) -> Layer:
    """``one`` if it may leave the store; raises Withheld."""
    if one.internal and not internal:
        raise Withheld(
            f"图层 {one.name} 含视频点位，须注明内部使用 / "
            f"layer {one.name} shows where cameras stand or look: ask for internal layers"
        )
    return one


def caption(session: Session, house: House, shown: Shown, mark: Watermark) -> Caption:
    """What a file of ``shown`` says about itself."""
    return Caption(
        district=f"{house.district.name_zh} / {house.district.name_en}",
        layer=shown.layer,
        as_of=shown.as_of,
        period=shown.run.period if shown.run else None,
        policy_version=shown.run.policy_version if shown.run else house.policy.version,
        demo=facts.is_demo(session),
        watermark=replace(mark, internal=mark.internal and shown.layer.internal),
    )


def write_export(
    session: Session,
    house: House,
    name: str,
    scope: Scope,
    form: Format,
    out: Path,
    *,
    purpose: str | None = None,
    where: tuple[str, str] | None = None,
    frames: Frames | None = None,
) -> tuple[Path, int]:
    """Write one layer (``combined``: all layers of the combined page) and count its rows.

    The file carries who took it out, when and what for; a signed manifest lies beside it
    (`data.export.manifest.beside`), and the audit trail has a line. ``where`` keeps the features
    whose column has that value; ``frames`` were read for another format already. Raises
    PurposeMissing for an internal layer without ``purpose``, PersonalText, and Forbidden where
    the session's user may not take a layer out.
    """
    purpose = exported.said_purpose(purpose)
    line = audit.note(
        session, event="export", target=name, purpose=purpose, detail={"format": form.value},
        area_code=scope.area_prefix or None,
    )  # fmt: skip
    names = exported.names(name, internal=scope.internal)
    for one in names:
        exported.may_take(session.info["user"], one)
        allowed(layer(one), internal=scope.internal)
    internal = any(layer(one).internal for one in names)
    mark = exported.watermark(session, purpose=purpose, internal=internal)
    frames = frames or Frames(session, house, scope)
    parts: list[Part] = []
    for one in names:
        shown = frames.layer(one)
        frame = shown.features
        if where is not None and where[0] in frame:
            frame = frame[frame[where[0]].astype(str) == where[1]]
        parts.append((frame, caption(session, house, shown, mark)))
    written = export(parts, form=form, out=out)
    line.rows = sum(len(frame) for frame, _ in parts)
    exported.seal(
        house, written, mark, rows=line.rows, scope=scope, layers=names, format=form.value,
        policy_version=sorted({words.policy_version for _, words in parts}),
        as_of=max(words.as_of for _, words in parts).isoformat(),
        period=next((words.period for _, words in parts if words.period), None),
        where=where and {where[0]: where[1]},
    )  # fmt: skip
    line.detail["sha256"] = files.sha256(written)
    return written, line.rows


def write_maps(
    session: Session, house: House, names: Sequence[str], scope: Scope, out: Path
) -> tuple[list[Path], dict[str, str]]:
    """Write one page per name into ``out``, everything inlined; frames are read once.

    Of several pages, those whose analysis has not run are left out. Returns the paths and, for
    what was left out, what to run. Raises NoData when nothing can be drawn. A page that shows
    internal layers is readable by its owner only.
    """
    frames = Frames(session, house, scope)
    written: list[Path] = []
    lacking: dict[str, str] = {}
    for nth, name in enumerate(names):
        path = out / f"{name}.html"
        frames.forget_all_but(names[nth:])
        give_back()
        try:
            page = page_pieces(frames, name)
        except NoData as exc:
            lacking[name] = str(exc)
            if len(lacking) == len(names):
                raise
            continue
        private = scope.internal and any(layer(one).internal for one in page_layers(name, scope))
        _write_text(path, page, mode=files.PRIVATE if private else files.OPEN)
        frames.settle()
        written.append(path)
    return written, lacking


def build_page(frames: Frames, name: str, **server: Any) -> str:
    """One page as HTML; ``server`` holds what a served page adds (mode, nonce, query)."""
    return "".join(page_pieces(frames, name, **server))


def page_pieces(frames: Frames, name: str, **server: Any) -> Iterator[str]:
    """The same piece by piece."""
    user: User = frames.session.info["user"]
    may = [one for one in page_layers(name, frames.scope) if user.may(layer(one).capability)]
    shown = {one: found for one in may if (found := frames.find(one))}
    if not shown or (name != "combined" and name not in shown):
        frames.layer(name if name != "combined" else "coverage")  # raises what is missing
    internal = frames.scope.internal and any(one.layer.internal for one in shown.values())
    runs = [one.run for one in shown.values() if one.run is not None]
    as_of = max(one.as_of for one in shown.values())
    material = frames.material(shown, as_of)
    tiled = maps.layers.sheet(name).buildings and frames.tiled_buildings(material)
    made = context(
        frames.session, frames.house, as_of=as_of,
        period=next((run.period for run in runs if run.period), None), internal=internal,
        bounds=frames.house.district.bounds, buildings_tiled=tiled, **server,
    )  # fmt: skip
    return maps.pieces(name, material, context=made)


def context(session: Session, house: House, **page: Any) -> MapContext:
    """What every page says of the district and its policy, with what ``page`` says of its own."""
    return MapContext(
        district_zh=house.district.name_zh,
        district_en=house.district.name_en,
        language=house.district.language,
        demo=facts.is_demo(session),
        policy_version=house.policy.version,
        rules=rule_texts(house.policy),
        basemap=_basemap(house),
        **page,
    )


def _basemap(house: House) -> Basemap | None:
    given = house.settings
    if not (given.basemap_pmtiles or given.basemap_url):
        return None
    return Basemap(given.basemap_pmtiles, given.basemap_url, given.basemap_attribution)


def write_private(path: Path, text: str) -> None:
    """Write a file that its owner alone can read; raises BadInput."""
    _write_text(path, [text], mode=files.PRIVATE)


def _write_text(path: Path, pieces: Iterable[str], *, mode: int) -> None:
    """Write a file whole or not at all; raises BadInput."""
    try:
        with files.whole(path, mode=mode) as draft, draft.open("w", encoding="utf-8") as file:
            file.writelines(pieces)
    except OSError as exc:
        raise BadInput.at(
            str(path), f"无法写入（{exc.strerror}），请换一处",
            f"cannot be written ({exc.strerror}): name another place",
        ) from exc  # fmt: skip
