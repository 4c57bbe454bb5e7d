"""Plaques of a published quarter: what is stored, put into words and printed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from api import features
from api.audit.exported import PURPOSE_LENGTH, printed, said_purpose
from api.house import House
from api.web.search import matches
from api.web.tables import Row
from gis.audit.service import note
from gis.audit.signing import KEY_FILE, Signer
from gis.errors import BadInput, NoData, NotFound
from gis.facts import service as facts
from gis.jobs import service as jobs
from gis.jobs.model import Job, JobKind
from gis.privacy import checked
from gis.publication import seal, store
from gis.publication.model import RatingCycle
from gis.publication.seal import Sealed
from gis.publication.service import require_published
from maps.plaque import Paper, Plaque
from maps.typeset import Mark

CHECK_PATH = "/check"
AT_ONCE = 50  # sheets that are printed while somebody waits: two seconds; a job prints more
IN_A_FILE = 1_000  # sheets; a print of more has several files


class Batch(BaseModel, extra="forbid"):
    """Which plaques are printed: of one compound, or of an area as colour and search choose."""

    period: str = Field(pattern=r"^\d{4}Q[1-4]$")
    area: str = Field(default="", pattern=r"^[0-9A-Za-z-]{0,20}$")
    code: str | None = Field(default=None, max_length=200)
    q: str = Field(default="", max_length=100)
    colour: str = Field(default="", pattern=r"^[a-z]{0,10}$")
    paper: Paper = Paper.A4
    purpose: str = Field(default="", max_length=PURPOSE_LENGTH)

    @property
    def file_name(self) -> str:
        """Name of the file."""
        return f"plaques-{self.period}-{self.paper}.pdf"

    def file_of(self, nth: int, files: int) -> str:
        """Name of one of several files, so that they stand in order."""
        return f"plaques-{self.period}-{self.paper}-{nth:0{len(str(files))}}-{files}.pdf"


def settle(session: Session, house: House) -> None:
    """Keep the home's key of a store with publications: it may have signed plaques that hang, from
    before keys were kept.
    """
    home = house.settings.home
    if (home / KEY_FILE).exists() and store.times_published(session):
        key = Signer(home).public_key
        store.remember_key(session, key, area_code=house.district.code)


def ask(session: Session, house: House, asked: Batch) -> Job:
    """Have a worker print a batch; raises NoData, NotFound and PersonalText."""
    checked(asked.q, "查找")
    told = asked.model_copy(update={"purpose": said_purpose(asked.purpose) or ""})
    if not listed(session, require_published(session, asked.period), asked):
        raise _nothing(asked)
    said = {name: value for name, value in told.model_dump(mode="json").items() if value}
    return jobs.ask(session, JobKind.PLAQUES, said, district_code=house.district.code)


@dataclass(frozen=True)
class Taken:
    """So many plaques, one per entrance, in order, made as they are asked for, and their mark."""

    sheets: int
    plaques: Iterator[Plaque]
    mark: Mark

    @property
    def files(self) -> int:
        """How many files they fill."""
        return files_of(self.sheets)


def files_of(sheets: int) -> int:
    """How many files so many sheets fill."""
    return -(-sheets // IN_A_FILE)


def taken(session: Session, house: House, asked: Batch, *, most: int | None = None) -> Taken:
    """The plaques of a batch, to be taken along by whoever works in the session.

    The trail gets a line. The key that signs them and their short codes are kept in the store: a
    store restored in another home still confirms them. Raises NoData where there are none, NotFound
    for a compound that has none, BadInput for more than ``most``; then nothing is signed.
    """
    mark = printed(session, house, purpose=asked.purpose, on_paper=False)
    line = note(session, event="export", target=f"plaques {asked.period}",
                area_code=asked.area or None, purpose=said_purpose(asked.purpose))  # fmt: skip
    cycle = require_published(session, asked.period)
    rows = listed(session, cycle, asked)
    sheets = sum(row["entrances"] for row in rows)
    if not rows:
        raise _nothing(asked)
    if most is not None and sheets > most:
        raise BadInput(
            f"共 {sheets} 张，一次只能直接下载 {most} 张；请在“打印标牌”页由后台任务打印 / "
            f"{sheets} sheets, and {most} are printed at once: ask for them on the page /plaques"
        )
    sealed = _sealed(session, house, cycle, rows)
    store.keep_labels(session, cycle, [
        (seal.label(check).replace("-", ""), row["code"], check) for row, check in sealed
    ])  # fmt: skip
    line.rows = sheets
    return Taken(sheets, _made(session, house, cycle, sealed), mark)


def preview(session: Session, house: House, *, period: str, code: str) -> Plaque:
    """A compound's plaque to look at; as nobody hangs it, its short code is not kept.

    Raises NoData when the quarter is not published and NotFound where it has no plaque.
    """
    cycle = require_published(session, period)
    rows = _rows(session, cycle, area="", code=code)
    return next(_made(session, house, cycle, _sealed(session, house, cycle, rows)))


def listed(session: Session, cycle: RatingCycle, asked: Batch) -> list[Row]:
    """The rows of `store.plaques` that a batch chooses, as the page lists them.

    Raises NotFound when the one compound that is asked for has no plaque.
    """
    return [
        row for row in _rows(session, cycle, area=asked.area, code=asked.code)
        if asked.colour in ("", row["colour"]) and matches(asked.q, (row["name"], row["code"]))
    ]  # fmt: skip


def _rows(
    session: Session, cycle: RatingCycle, *, area: str, code: str | None
) -> Sequence[dict[str, Any]]:
    rows = store.plaques(session, cycle, area_prefix=area, code=code)
    if code is not None and rows.empty:
        raise NotFound("plaque", code)
    return features.records(rows)


def _nothing(asked: Batch) -> NoData:
    return NoData(
        f"{asked.period} 此处没有标牌 / {asked.period}: no plaque in {asked.area or 'any area'}"
    )


def _sealed(
    session: Session, house: House, cycle: RatingCycle, rows: Sequence[Row]
) -> list[tuple[Row, str]]:
    """Compounds with the signed text of their plaques; the key that signs is kept."""
    signer = Signer(house.settings.home)
    store.remember_key(session, signer.public_key, area_code=cycle.area_code)
    return [
        (row, seal.text(Sealed(row["code"], cycle.period, row["colour"], cycle.revision), signer))
        for row in rows
    ]  # fmt: skip


def _made(
    session: Session, house: House, cycle: RatingCycle, sealed: Sequence[tuple[Row, str]]
) -> Iterator[Plaque]:
    demo = facts.is_demo(session)
    for row, check in sealed:
        yield from _of(row, check, house, cycle, demo=demo)


def _of(row: Row, check: str, house: House, cycle: RatingCycle, *, demo: bool) -> Iterator[Plaque]:
    assert cycle.published_at is not None, "only published cycles have plaques"
    for entrance in range(1, row["entrances"] + 1):
        yield Plaque(
            compound_name=row["name"], colour=row["colour"], period=_quarter(cycle.period),
            advice=house.advice.sentences(row["colour"], row["kinds"]), issuer=cycle.issuer or "",
            issued_on=cycle.published_at.astimezone(house.district.zone).date(),
            check=check if house.settings.public_url is None
            else f"{house.settings.public_url}{CHECK_PATH}?{urlencode({'t': check})}",
            check_label=seal.label(check), entrance=entrance, entrances=row["entrances"], demo=demo,
        )  # fmt: skip


def _quarter(period: str) -> str:
    """``2026Q3`` as it stands on a plaque."""
    return f"{period[:4]}年第{period[-1]}季度"
