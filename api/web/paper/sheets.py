"""Map sheets of one layer for paper: what is asked for, counted, then drawn at once or by a job."""

from datetime import date
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, Field
from sqlalchemy.orm import Session

from api.audit import reads
from api.audit.exported import PURPOSE_LENGTH, may_take, printed, said_purpose, wants_purpose
from api.deps import withheld
from api.house import House
from api.web import words
from gis.areas.levels import Level
from gis.audit.service import note
from gis.errors import BadInput, NoData
from gis.facts import service as facts
from gis.jobs import service as jobs
from gis.jobs.model import Job, JobKind
from gis.layers import service, store
from gis.layers.model import layer
from gis.layers.service import Scope, Shown
from gis.privacy import checked
from maps.plaque import Paper
from maps.sheet import Drawn, Sheet

AT_ONCE = 5_000  # features that are drawn while somebody waits; a job draws more
MOST = 20_000  # features on one sheet; more cannot be told apart on paper
WHERE_LENGTH = 60  # characters beside the title; more would push the drawing off an A4 page


def _whole_names(where: str) -> str:
    """As many names as there is room for; an ellipsis stands for the others."""
    if len(where) <= WHERE_LENGTH:
        return where
    head = where[: WHERE_LENGTH - 1]
    return f"{head.rpartition('、')[0] or head}…"


class SheetIn(BaseModel, extra="forbid"):
    """Which layer is drawn, where, and what stands beside it; ``where`` names the areas."""

    layer: str = Field(pattern=r"^[a-z0-9_]{1,40}$")
    area: str = Field(default="", pattern=r"^[0-9A-Za-z-]{0,20}$")
    where: Annotated[str, BeforeValidator(_whole_names)] = ""
    period: str | None = Field(default=None, pattern=r"^\d{4}(Q[1-4]|-(0[1-9]|1[0-2]))$")
    as_of: date | None = None
    level: Level = Level.COMMUNITY
    resolution: int = Field(default=9, ge=8, le=10)
    paper: Paper = Paper.A4
    title: str = Field(default="", max_length=100)
    maker: str = Field(default="", max_length=100)
    purpose: str = Field(default="", max_length=PURPOSE_LENGTH)
    language: words.Language = "zh"

    @property
    def file_name(self) -> str:
        """Name of the file."""
        return f"{self.layer}-{self.paper}.pdf"

    def scope(self, house: House) -> Scope:
        """What of the layer is read."""
        return Scope(
            area_prefix=house.district.prefix_of(self.area), period=self.period, as_of=self.as_of,
            level=self.level, resolution=self.resolution, internal=layer(self.layer).internal,
        )  # fmt: skip


def features(session: Session, house: House, asked: SheetIn) -> int:
    """How many features the sheet would show.

    Raises Forbidden and Withheld for a layer that may not leave, NoData where there is nothing to
    draw, BadInput for more than a sheet takes.
    """
    wanted = layer(asked.layer)
    may_take(session.info["user"], wanted.name)
    if wanted.internal and not house.settings.serve_internal:
        raise withheld(wanted)
    found = service.count(
        session, wanted, district=house.district, policy=house.policy,
        scope=asked.scope(house),
    )  # fmt: skip
    if not found:
        raise NoData(f"此处没有可绘制的要素 / {asked.layer}: nothing to draw here")
    if found > MOST:
        raise BadInput(
            f"{found:,} 个要素一页画不下，请选择辖区 / "
            f"{found:,} features do not fit a sheet: choose an area"
        )
    return found


def ask(session: Session, house: House, asked: SheetIn) -> Job:
    """Have a worker draw it; raises PersonalText."""
    _said(asked)
    told = asked.model_copy(update={"purpose": said_purpose(asked.purpose) or ""})
    said = {name: value for name, value in told.model_dump(mode="json").items() if value}
    return jobs.ask(session, JobKind.SHEET, said, district_code=house.district.code)


def _said(asked: SheetIn) -> tuple[str, str]:
    """Title and maker, which are printed: neither names a person."""
    language = asked.language
    return (
        checked(asked.title, words.word("exports.title_of", language)),
        checked(asked.maker, words.word("exports.maker", language)),
    )


def taken(session: Session, house: House, asked: SheetIn, *, most: int = MOST) -> tuple[Sheet, int]:
    """The sheet, to be taken along by whoever works in the session, and how many features it has.

    The trail gets a line. Raises as `features` does, BadInput for more than ``most``, PersonalText,
    and PurposeMissing for more than public figures without a purpose.
    """
    shown_layer, scope = layer(asked.layer), asked.scope(house)
    title, maker = _said(asked)
    secret = shown_layer.internal
    wanted = wants_purpose(session.info["user"], asked.layer)
    mark = printed(session, house, purpose=asked.purpose, internal=secret, wanted=wanted)
    rows = features(session, house, asked)
    if rows > most:
        raise BadInput(
            f"共 {rows:,} 个要素，直接绘制的图幅最多 {most:,} 个；请在“导出”页由后台任务绘制 / "
            f"{rows:,} features, and {most:,} are drawn at once: ask for the sheet on /exports"
        )
    shown = service.read(
        session, shown_layer, district=house.district, policy=house.policy, scope=scope,
        surroundings=False,
    )  # fmt: skip
    note(
        session, event="export", target=f"sheet {asked.layer}", purpose=said_purpose(asked.purpose),
        area_code=scope.area_prefix or None, rows=rows,
    )  # fmt: skip
    reads.note_read(session, shown_layer, scope, rows=rows)
    zh, at = asked.language == "zh", house.district
    made = Sheet(
        title=title or (shown_layer.zh if zh else shown_layer.en), subtitle=_subtitle(asked, shown),
        layers=(Drawn(shown_layer, shown.features),),
        outlines=store.outlines(
            session, level="community", area_prefix=scope.area_prefix, as_of=shown.as_of
        ),
        srid=at.srid, day=shown.as_of, maker=maker or (at.name_zh if zh else at.name_en),
        rule=_rules(shown), mark=words.word("shell.secret", asked.language) if secret else "",
        paper=asked.paper, language=asked.language, demo=facts.is_demo(session), taken=mark,
    )  # fmt: skip
    return made, rows


def _subtitle(asked: SheetIn, shown: Shown) -> str:
    """Area, period and day of what is drawn."""
    period = shown.run.period if shown.run else None
    return " · ".join(filter(None, (asked.where, period, f"{shown.as_of}")))


def _rules(shown: Shown) -> str:
    rules = shown.features.get("rule", [])
    return ", ".join(sorted({str(one) for one in rules if one}))
