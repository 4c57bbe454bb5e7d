"""Reads and writes the cycle's rows; decides nothing."""

from collections.abc import Sequence
from datetime import datetime

import pandas as pd
from sqlalchemy import RowMapping, func, select
from sqlalchemy.orm import Session

from gis.db import sql, statistics
from gis.publication.model import ColourOverride, CycleState, PublishedRating, RatingCycle

_SQL = sql.load("gis.publication")


def in_review(session: Session, *, area_code: str, period: str) -> RatingCycle | None:
    """The quarter's cycle that is being reviewed."""
    asked = select(RatingCycle).where(
        RatingCycle.area_code == area_code,
        RatingCycle.period == period,
        RatingCycle.state == CycleState.REVIEW,
    )
    return session.execute(asked).scalar_one_or_none()


def cycle(session: Session, cycle_id: int, *, alone: bool = False) -> RatingCycle | None:
    """One cycle as it stands; nobody ends it before the transaction does.

    ``alone`` waits for everybody who reviews it and keeps others away: for whoever ends it. The row
    itself is the district's, and only whoever may change it could lock it.
    """
    session.execute(_SQL["end_cycle" if alone else "join_cycle"], {"cycle_id": cycle_id})
    return session.get(RatingCycle, cycle_id, populate_existing=True)


def hold_compound(session: Session, cycle: RatingCycle, code: str) -> None:
    """Wait for whoever asks or decides on a compound's colour in a cycle; keep others waiting."""
    session.execute(_SQL["hold_compound"], {"cycle_id": cycle.id, "code": code})


def override(session: Session, override_id: int) -> ColourOverride | None:
    """One asked-for colour, locked until the transaction ends."""
    return session.get(ColourOverride, override_id, with_for_update=True)


def now(session: Session) -> datetime:
    """The moment of the transaction by the database's clock."""
    return session.execute(select(func.now())).scalar_one()


def next_revision(session: Session, *, area_code: str, period: str) -> int:
    """Number of the quarter's next cycle."""
    asked = {"area_code": area_code, "period": period}
    return int(session.execute(_SQL["next_revision"], asked).scalar_one())


def published_before(session: Session, cycle: RatingCycle) -> int | None:
    """The cycle whose colours hang at the entrances while ``cycle`` is reviewed."""
    asked = {"area_code": cycle.area_code, "period": cycle.period, "revision": cycle.revision}
    return session.execute(_SQL["published_before"], asked).scalar_one_or_none()


def times_published(session: Session) -> int:
    """How many cycles have been published that the session's user may see."""
    return int(session.execute(_SQL["times_published"]).scalar_one())


def newest_published(session: Session, period: str | None) -> RatingCycle | None:
    """The newest published cycle of a quarter (of any for None)."""
    found = session.execute(_SQL["newest_published"], {"period": period}).scalar_one_or_none()
    return None if found is None else session.get_one(RatingCycle, found)


def changes(session: Session, cycle: RatingCycle, *, before_id: int | None) -> pd.DataFrame:
    """The cycle's changes of colour with reviews and the newest asked-for colour of each."""
    asked = {"before_id": before_id, **_of(session, cycle)}
    return sql.table(session, _SQL["changes"], asked)


def rated(session: Session, cycle: RatingCycle, codes: Sequence[str]) -> pd.DataFrame:
    """Compounds of the cycle among ``codes``: compound_code, area_code, colour as it stands."""
    return sql.table(session, _SQL["rated"], {"codes": list(codes), **_of(session, cycle)})


def confirm(
    session: Session, cycle: RatingCycle, codes: Sequence[str], *, note: str | None, user_id: str
) -> int:
    """Note that somebody let these colours stand; how many were not noted before."""
    asked = {"cycle_id": cycle.id, "run_id": cycle.run_id, "codes": list(codes), "note": note,
             "user_id": user_id}  # fmt: skip
    return int(getattr(session.execute(_SQL["confirm"], asked), "rowcount", 0))


def data_check(session: Session, cycle: RatingCycle) -> dict[str, int]:
    """Counts of what should be looked at in the data behind a run."""
    row = session.execute(_SQL["data_check"], {"run_id": cycle.run_id}).mappings().one()
    return {name: int(value) for name, value in row.items()}


def data_checked(
    session: Session, cycle: RatingCycle, *, most: int
) -> dict[str, list[tuple[str, str]]]:
    """Code and name of the compounds that `data_check` counts, at most so many of each kind."""
    asked = {"run_id": cycle.run_id, "most": most}
    found: dict[str, list[tuple[str, str]]] = {}
    for kind, code, name in session.execute(_SQL["data_checked"], asked):
        found.setdefault(kind, []).append((code, name))
    return found


def publish(session: Session, cycle: RatingCycle, *, issuer: str, user_id: str) -> None:
    """Write the published colours and close the cycle with their digest."""
    session.execute(_SQL["publish"], _of(session, cycle))
    statistics.refresh(session, PublishedRating.__tablename__)
    digest = str(session.execute(_SQL["digest"], {"cycle_id": cycle.id}).scalar_one())
    closing = {"cycle_id": cycle.id, "user_id": user_id, "issuer": issuer, "digest": digest}
    session.execute(_SQL["close"], closing)
    session.refresh(cycle)


def _of(session: Session, cycle: RatingCycle) -> dict[str, int | None]:
    """The cycle, its run, and the publication of the same run that it corrects (None: none)."""
    kept_id = corrected(session, cycle)
    return {"cycle_id": cycle.id, "run_id": cycle.run_id, "kept_id": kept_id}


def corrected(session: Session, cycle: RatingCycle) -> int | None:
    """The publication of the same run that a cycle corrects; None where it is the run's first."""
    asked = {"run_id": cycle.run_id, "revision": cycle.revision}
    found: int | None = session.execute(_SQL["corrected"], asked).scalar_one_or_none()
    return found


def standing_colour(session: Session, cycle: RatingCycle, code: str) -> str:
    """A rated compound's colour in a cycle: published, or as it stands before anybody asks."""
    row = session.get(PublishedRating, (cycle.id, code))
    return str(rated(session, cycle, [code])["colour"].iloc[0] if row is None else row.colour)


def objections(session: Session, cycle: RatingCycle) -> Sequence[RowMapping]:
    """Objections to a publication: id, code, name, colour, to_colour, reason, filed_by, filed_at,
    fate (what becomes of it; the query names them) and as_of, the day of the next cycle's rating.
    """
    return session.execute(_SQL["objections"], {"cycle_id": cycle.id}).mappings().all()


def take_up(
    session: Session, published: RatingCycle, cycle: RatingCycle, *, code: str | None = None
) -> None:
    """Ask in ``cycle`` for what objections to a publication wish, all or of one compound.

    Left out is what the cycle gives by itself, what stands behind another wish, and a compound that
    the cycle's run has not rated: `objections` says so of each.
    """
    asked = {"published_id": published.id, "code": code, **_of(session, cycle)}
    session.execute(_SQL["take_up"], asked)


def remember_key(session: Session, public_key: str, *, area_code: str) -> None:
    """Keep a public key that signs plaques; twice changes nothing."""
    session.execute(_SQL["remember_key"], {"public_key": public_key, "area_code": area_code})


def known_keys(session: Session) -> list[str]:
    """The public keys that have signed plaques of this store, the oldest first."""
    return [str(one) for one in session.scalars(_SQL["known_keys"])]


def published(session: Session, cycle: RatingCycle, *, area_prefix: str) -> pd.DataFrame:
    """The published colours of a cycle within an area."""
    asked = {"cycle_id": cycle.id, "area_prefix": area_prefix}
    return sql.table(session, _SQL["published"], asked)


def colours(session: Session, cycle: RatingCycle) -> dict[str, int]:
    """How many compounds a cycle published in each colour."""
    rows = session.execute(_SQL["published_colours"], {"cycle_id": cycle.id})
    return {str(colour): int(compounds) for colour, compounds in rows}


def rated_colours(session: Session, cycle: RatingCycle) -> dict[str, int]:
    """How many compounds the cycle's run gave each colour; as `colours`, in the user's areas."""
    rows = session.execute(_SQL["rated_colours"], {"run_id": cycle.run_id})
    return {str(colour): int(compounds) for colour, compounds in rows}


def plaques(
    session: Session, cycle: RatingCycle, *, area_prefix: str, code: str | None
) -> pd.DataFrame:
    """What plaques need of a cycle: code, name, colour, entrances, kinds of incidents.

    The kinds come the most frequent first, of yellow and red compounds.
    """
    asked = {"cycle_id": cycle.id, "area_prefix": area_prefix, "code": code}
    return sql.table(session, _SQL["plaques"], asked)


def quarters(session: Session) -> pd.DataFrame:
    """Rated quarters, newest first: period, run_id, cycle_id, state, revision, published_at."""
    return sql.table(session, _SQL["quarters"])


def published_quarters(session: Session) -> list[str]:
    """Quarters with a publication, newest first, also while a correction is in review."""
    return [str(one) for one in session.scalars(_SQL["published_quarters"])]


def history(session: Session, code: str) -> list[tuple[str, str]]:
    """Published (period, colour) of one compound, newest first."""
    rows = session.execute(_SQL["history"], {"code": code}).all()
    return [(str(period), str(colour)) for period, colour in rows]


def hanging(session: Session, code: str) -> RowMapping | None:
    """What hangs at a compound's entrances: cycle_id, period, run_id, issuer, published_at,
    colours, reason.

    None where nothing of it has been published.
    """
    return session.execute(_SQL["hanging"], {"code": code}).mappings().first()


def publication_of(session: Session, *, period: str, revision: int, code: str) -> RowMapping | None:
    """Name and colour that one revision of a quarter published of a compound."""
    asked = {"period": period, "revision": revision, "code": code}
    return session.execute(_SQL["publication_of"], asked).mappings().first()


def keep_labels(
    session: Session, cycle: RatingCycle, printed: Sequence[tuple[str, str, str]]
) -> None:
    """Keep (short code, compound, signed text) of plaques of a cycle; twice changes nothing."""
    labels, codes, texts = (list(one) for one in zip(*printed, strict=True))
    asked = {"cycle_id": cycle.id, "labels": labels, "codes": codes, "texts": texts}
    session.execute(_SQL["keep_labels"], asked)


def labelled(session: Session, label: str, *, period: str) -> list[str]:
    """The signed texts of a quarter that a short code stands for; one, but for a rare chance."""
    asked = {"label": label, "period": period}
    return [str(one) for one in session.scalars(_SQL["labelled"], asked)]


def unlabelled(session: Session, period: str) -> Sequence[RowMapping]:
    """Plaques of a quarter from before codes were kept, newest first: code, colour, revision."""
    return session.execute(_SQL["unlabelled"], {"period": period}).mappings().all()


def said(session: Session, *, run_id: int, code: str) -> RowMapping | None:
    """What people said of a compound's colour in a run: who looked, who asked, who decided."""
    return session.execute(_SQL["said"], {"run_id": run_id, "code": code}).mappings().first()


def hanging_colours(session: Session) -> dict[str, str]:
    """The colours of the newest published cycle by compound."""
    found = newest_published(session, None)
    rows = [] if found is None else published(session, found, area_prefix="").itertuples()
    return {str(row.code): str(row.colour) for row in rows}
