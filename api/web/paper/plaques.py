"""Plaques of a published quarter: what is stored, put into words and printed."""

from collections.abc import Container, Iterator
from typing import Any
from urllib.parse import urlencode

from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from api import features
from api.audit.exported import PURPOSE_LENGTH, printed, said_purpose
from api.house import House
from api.web.search import matches
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
MOST = 1_000  # sheets in one file


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


def taken(
    session: Session, house: House, asked: Batch, *, most: int = MOST
) -> tuple[list[Plaque], Mark]:
    """The plaques of a batch and the mark of who takes them along; the trail gets a line.

    Raises NoData where there are none, BadInput for more than `AT_ONCE` unless ``most`` allows it.
    """
    mark = printed(session, house, purpose=asked.purpose, on_paper=False)
    line = note(session, event="export", target=f"plaques {asked.period}",
                area_code=asked.area or None, purpose=said_purpose(asked.purpose))  # fmt: skip
    rows = listed(session, require_published(session, asked.period), asked)
    _, made = plaques(
        session, house, period=asked.period, area_prefix=asked.area, code=asked.code,
        codes={row["code"] for row in rows},
    )  # fmt: skip
    if not made:
        raise _nothing(asked)
    if len(made) > most < MOST and asked.code is None:
        raise BadInput(
            f"共 {len(made)} 张，一次只能直接下载 {most} 张；请在“打印标牌”页由后台任务打印 / "
            f"{len(made)} sheets, and {most} are printed at once: ask for them on the page /plaques"
        )
    line.rows = min(len(made), MOST)
    return made[:MOST], mark


def listed(session: Session, cycle: RatingCycle, asked: Batch) -> list[dict[str, Any]]:
    """The rows of `store.plaques` that a batch chooses, as the page lists them."""
    rows = store.plaques(session, cycle, area_prefix=asked.area, code=asked.code)
    return [
        row for row in features.records(rows)
        if asked.colour in ("", row["colour"]) and matches(asked.q, (row["name"], row["code"]))
    ]  # fmt: skip


def _nothing(asked: Batch) -> NoData:
    return NoData(
        f"{asked.period} 此处没有标牌 / {asked.period}: no plaque in {asked.area or 'any area'}"
    )


def plaques(
    session: Session, house: House, *, period: str | None, area_prefix: str,
    code: str | None = None, codes: Container[str] | None = None,
) -> tuple[RatingCycle, list[Plaque]]:  # fmt: skip
    """The plaques of a published quarter (the newest for None): one per entrance, in order.

    ``codes`` leaves out all other compounds (None: none is left out).

    The key that signs them and their short codes are kept in the store: a store restored in another
    home still confirms them. Raises NoData when the quarter is not published and NotFound when
    ``code`` has no plaque in it.
    """
    cycle = require_published(session, period)
    rows = store.plaques(session, cycle, area_prefix=area_prefix, code=code)
    if code is not None and rows.empty:
        raise NotFound("plaque", code)
    signer, demo = Signer(house.settings.home), facts.is_demo(session)
    store.remember_key(session, signer.public_key, area_code=cycle.area_code)
    chosen = [
        (row, _sealed(row, cycle, signer))
        for row in features.records(rows) if codes is None or row["code"] in codes
    ]  # fmt: skip
    if chosen:
        store.keep_labels(session, cycle, [
            (seal.label(check).replace("-", ""), row["code"], check) for row, check in chosen
        ])  # fmt: skip
    made = [
        plaque for row, check in chosen for plaque in _of(row, check, house, cycle, demo=demo)
    ]  # fmt: skip
    return cycle, made


def _sealed(row: dict[str, Any], cycle: RatingCycle, signer: Signer) -> str:
    return seal.text(Sealed(row["code"], cycle.period, row["colour"], cycle.revision), signer)


def _of(
    row: dict[str, Any], check: str, house: House, cycle: RatingCycle, *, demo: bool
) -> Iterator[Plaque]:
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
