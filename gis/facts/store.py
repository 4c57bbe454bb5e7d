"""Reads and writes facts about the store, and counts the rows of its tables."""

from collections.abc import Collection

from sqlalchemy import TableClause, exists, func, literal, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session
from sqlalchemy.sql.expression import column, table

from gis.db import SCHEMA, sql

_SQL = sql.load("gis.facts")
# By name, not by model: every command asks, and the models take half a second to import.
_FACTS = table("store_facts", column("key"), column("value"), column("area_code"), schema=SCHEMA)


def read(session: Session, key: str) -> str | None:
    """The value of one fact; None where nothing was noted."""
    value = select(_FACTS.c.value).where(_FACTS.c.key == key)
    return session.execute(value).scalar_one_or_none()


def note(session: Session, key: str, value: str, *, area_code: str) -> None:
    """Write a fact down; one that is there stays as it is."""
    fact = {"key": key, "value": value, "area_code": area_code}
    session.execute(insert(_FACTS).values(fact).on_conflict_do_nothing())


def replace(session: Session, key: str, value: str, *, area_code: str) -> None:
    """Write a fact down in place of what was said before."""
    fact = insert(_FACTS).values(key=key, value=value, area_code=area_code)
    session.execute(fact.on_conflict_do_update(index_elements=["key"], set_={"value": value}))


def row_counts(session: Session) -> dict[str, int]:
    """Rows of every table that the application may read; the audit trail's months are one."""
    counted = {one.name: select(func.count()).select_from(one) for one in _tables(session)}
    return {name: session.execute(query).scalar_one() for name, query in counted.items()}


def filled(session: Session, *, besides: Collection[str]) -> list[str]:
    """Tables that hold a row, without those named."""
    asked = {
        one.name: select(exists(select(literal(1)).select_from(one)))
        for one in _tables(session)
        if one.name not in besides
    }
    return [name for name, query in asked.items() if session.execute(query).scalar_one()]


def files_besides(session: Session, digests: Collection[str]) -> list[str]:
    """Kinds of the files that were imported and not undone, without those of ``digests``."""
    return list(session.scalars(_SQL["files_besides"], {"digests": list(digests)}))


def _tables(session: Session) -> list[TableClause]:
    return [table(name, schema=SCHEMA) for name in session.scalars(_SQL["readable_tables"])]
