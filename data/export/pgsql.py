"""A layer as SQL for an office's own PostGIS: its table, and the row that colours it in QGIS.

One transaction of ordinary statements, so that any client loads it whole or not at all. Values
stand in INSERT, not in COPY: after a COPY that failed, psql takes the lines of data for commands.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from data.export import columns, styles
from data.export.families import families, family_of, names_of
from data.export.model import Caption, Part

MADE = "wangge export"  # a table that says so may be replaced by a later file
_ROWS = 500  # of one statement
_MULTIPLE = (  # shapely's numbers of a type, its name, what makes one of its parts
    ({0, 4}, "MultiPoint", shapely.multipoints),
    ({1, 5}, "MultiLineString", shapely.multilinestrings),
    ({3, 6}, "MultiPolygon", shapely.multipolygons),  # the last: what an empty layer is
)
_BEGIN = """\
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
BEGIN;
DO $styles$
BEGIN
    IF to_regclass('public.layer_styles') IS NULL THEN  -- as QGIS lays it out where it looks for it
        CREATE TABLE public.layer_styles (
            id serial PRIMARY KEY, f_table_catalog varchar, f_table_schema varchar,
            f_table_name varchar, f_geometry_column varchar, stylename text, styleqml xml,
            stylesld xml, useasdefault boolean, description text,
            owner varchar(63) DEFAULT CURRENT_USER, ui xml,
            update_time timestamp DEFAULT CURRENT_TIMESTAMP, type varchar
        );
    END IF;
END
$styles$;
"""
_REPLACED = """\
DO $replaced$
DECLARE
    found record;
BEGIN
    FOR found IN
        SELECT relname, obj_description(oid, 'pg_class') LIKE {made} AS ours
        FROM pg_catalog.pg_class
        WHERE relnamespace = quote_ident(current_schema())::regnamespace
          AND relname = ANY (ARRAY[{names}])
    LOOP
        IF found.ours THEN
            EXECUTE format('DROP TABLE %I.%I', current_schema(), found.relname);
        ELSIF found.relname = ANY (ARRAY[{needed}]) THEN
            RAISE EXCEPTION '已有不是由 wangge 导出的 %：请装入另一模式 / % is there and none of wangge''s: load into another schema',
                found.relname, found.relname;
        END IF;
    END LOOP;
END
$replaced$;
DELETE FROM public.layer_styles
WHERE f_table_catalog = current_database() AND f_table_schema = current_schema()
  AND f_table_name = ANY (ARRAY[{names}]) AND owner = 'wangge';
"""  # noqa: E501 - one message
_STYLE = """\
INSERT INTO public.layer_styles (f_table_catalog, f_table_schema, f_table_name, f_geometry_column,
    stylename, styleqml, stylesld, useasdefault, description, owner)
SELECT current_database(), current_schema(), {table}, 'geom', {name}, XMLPARSE(DOCUMENT {qml}),
    XMLPARSE(DOCUMENT {sld}), NOT EXISTS (
        SELECT FROM public.layer_styles WHERE useasdefault AND f_table_name = {table}
            AND f_table_catalog = current_database() AND f_table_schema = current_schema()
    ), {title}, 'wangge';
"""


def dump(parts: Sequence[Part], out: Path) -> None:
    """One table per layer and geometry family in the current schema, and their styles.

    Tables of an earlier file are replaced; one that is somebody else's stops the load.
    """
    with out.open("w", encoding="utf-8", newline="\n") as file:
        file.write(_BEGIN)
        for frame, caption in parts:
            made = list(families(frame, caption.layer.name))
            listed = ", ".join(literal(name) for name in names_of(caption.layer.name))
            needed = ", ".join(literal(name) for name, _ in made)
            file.write(_REPLACED.format(made=literal(f"{MADE}%"), names=listed, needed=needed))
            for name, part in made:
                file.writelines(_table(name, part, caption))
        file.write("COMMIT;\n")


def _table(name: str, part: gpd.GeoDataFrame, caption: Caption) -> Iterator[str]:
    """Statements that make a table, fill it and colour it."""
    table, rows = identifier(name), columns.plain(part)
    kinds = {str(one): _kind(rows[one]) for one in rows.columns.drop(rows.geometry.name)}
    values = [rows[one].tolist() for one in kinds]
    placed = part.empty or bool(part.geometry.notna().any())
    if placed:
        kind, shapes = _shapes(part)
        kinds["geom"] = f"geometry({kind}, 4326)"
        values.append(shapes)
    yield f"CREATE TABLE {table} (\n    fid bigint PRIMARY KEY"
    yield "".join(f",\n    {identifier(one)} {kind}" for one, kind in kinds.items()) + "\n);\n"
    yield from _comments(table, rows, caption)
    yield from _inserts(table, ["fid", *kinds], [range(1, len(rows) + 1), *values])
    if placed:
        yield f"CREATE INDEX ON {table} USING gist (geom);\n{_style(name, part, caption)}"


def _comments(table: str, rows: gpd.GeoDataFrame, caption: Caption) -> Iterator[str]:
    yield f"COMMENT ON TABLE {table} IS {literal(f'{MADE}: {caption.text}')};\n"
    for one in columns.listed(rows, caption):
        words = " / ".join(filter(None, (one.zh, one.en, one.unit)))
        yield f"COMMENT ON COLUMN {table}.{identifier(one.name)} IS {literal(words)};\n"


def _inserts(table: str, names: list[str], values: list[Sequence[Any]]) -> Iterator[str]:
    listed = ", ".join(map(identifier, names))
    for start in range(0, len(values[0]), _ROWS):
        several = zip(*(one[start : start + _ROWS] for one in values), strict=True)
        rows = ",\n".join(f"({', '.join(map(literal, row))})" for row in several)
        yield f"INSERT INTO {table} ({listed}) VALUES\n{rows};\n"


def _style(name: str, part: gpd.GeoDataFrame, caption: Caption) -> str:
    layer, family = caption.layer, family_of(part)
    return _STYLE.format(
        table=literal(name), name=literal(layer.en), title=literal(caption.title),
        qml=literal(styles.qml(layer, family=family)),
        sld=literal(styles.sld(layer, family=family)),
    )  # fmt: skip


def _kind(values: "pd.Series[Any]") -> str:
    """The type of a column whose values are plain."""
    if values.dtype != object and not pd.api.types.is_string_dtype(values):
        return {"b": "boolean", "i": "bigint", "u": "bigint", "f": "double precision"}.get(
            values.dtype.kind, "timestamptz"
        )
    found = {type(one) for one in values if not pd.isna(one)}
    for kind, types in (("boolean", {bool}), ("bigint", {int}), ("double precision", {int, float}),
                        ("date", {date})):  # fmt: skip
        if found and found <= types:
            return kind
    return "text"


def _shapes(part: gpd.GeoDataFrame) -> tuple[str, list[Any]]:
    """The type of the geometries and each of them as EWKB; areas and lines are all multiple."""
    flat = shapely.force_2d(part.geometry.to_numpy())
    types = set(shapely.get_type_id(flat).tolist())
    kind, join = "Geometry", None
    for among, name, maker in _MULTIPLE:
        if types <= among:
            kind, join = name, maker
    if types == {0}:
        kind, join = "Point", None
    if join is not None:
        flat = np.array([join(shapely.get_parts(one)) for one in flat], dtype=object)
    return kind, shapely.to_wkb(shapely.set_srid(flat, 4326), hex=True, include_srid=True).tolist()


def identifier(name: str) -> str:
    """A name as SQL takes it whatever is in it."""
    return '"' + name.replace('"', '""').replace("\0", "") + '"'


def literal(value: Any) -> str:
    """A value as SQL takes it whatever is in it, with backslashes meaning themselves or not."""
    if value is None or pd.isna(value):
        return "NULL"
    if isinstance(value, bool | np.bool_):
        return str(bool(value)).lower()
    if isinstance(value, int | np.integer):
        return str(int(value))
    text = value.isoformat() if isinstance(value, date | datetime) else str(value)
    quoted = text.replace("\0", "").replace("'", "''")
    return f"E'{quoted.replace(chr(92), chr(92) * 2)}'" if "\\" in quoted else f"'{quoted}'"
