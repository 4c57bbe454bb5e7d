"""Plaques of a published quarter: what is stored, put into words and printed."""

from collections.abc import Container, Iterator
from typing import Any
from urllib.parse import urlencode

from sqlalchemy.orm import Session

from api import features
from api.house import House
from gis.audit.signing import Signer
from gis.errors import NotFound
from gis.facts import service as facts
from gis.publication import seal, store
from gis.publication.model import RatingCycle
from gis.publication.seal import Sealed
from gis.publication.service import require_published
from maps.plaque import Plaque

CHECK_PATH = "/check"


def plaques(
    session: Session, house: House, *, period: str | None, area_prefix: str,
    code: str | None = None, codes: Container[str] | None = None,
) -> tuple[RatingCycle, list[Plaque]]:  # fmt: skip
    """The plaques of a published quarter (the newest for None): one per entrance, in order.

    ``codes`` leaves out all other compounds (None: none is left out).

    The key that signs them is kept in the store: a store restored in another home still confirms
    them. Raises NoData when the quarter is not published and NotFound when ``code`` has no plaque
    in it.
    """
    cycle = require_published(session, period)
    rows = store.plaques(session, cycle, area_prefix=area_prefix, code=code)
    if code is not None and rows.empty:
        raise NotFound("plaque", code)
    signer, demo = Signer(house.settings.home), facts.is_demo(session)
    store.remember_key(session, signer.public_key, area_code=cycle.area_code)
    made = [
        plaque
        for row in features.records(rows)
        if codes is None or row["code"] in codes
        for plaque in _of(row, house, cycle, signer, demo=demo)
    ]
    return cycle, made


def _of(
    row: dict[str, Any], house: House, cycle: RatingCycle, signer: Signer, *, demo: bool
) -> Iterator[Plaque]:
    sealed = Sealed(row["code"], cycle.period, row["colour"], cycle.revision)
    check = seal.text(sealed, signer)
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
