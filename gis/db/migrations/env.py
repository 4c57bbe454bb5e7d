"""Alembic's entry: one connection handed in by ``gis.db.migrate``, schema ``wangge`` only."""

from typing import Any

from alembic import context
from geoalchemy2 import alembic_helpers

from gis.db import SCHEMA
from gis.schema import METADATA


def include_object(obj: Any, name: str | None, kind: str, reflected: bool, compare_to: Any) -> bool:
    """Leave everything alone that is not ours: PostGIS and its tiger tables live beside us."""
    if kind == "table" and getattr(obj, "schema", None) != SCHEMA:
        return False
    if kind == "table" and reflected and (name or "").startswith("audit_entries_"):
        return False  # a month of the audit trail, made by the store itself
    return bool(alembic_helpers.include_object(obj, name, kind, reflected, compare_to))


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    include_schemas=True,
    include_name=lambda name, kind, _: kind != "schema" or name == SCHEMA,
    include_object=include_object,
    process_revision_directives=alembic_helpers.writer,
    render_item=alembic_helpers.render_item,
    version_table_schema=SCHEMA,
)
with context.begin_transaction():
    context.run_migrations()
