"""Named SQL of a package: reads ``queries.sql`` once, runs its queries into frames."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CursorResult,
    Date,
    DateTime,
    Float,
    LargeBinary,
    Select,
    Subquery,
    Text,
    TextClause,
    column,
    func,
    literal_column,
    select,
    text,
)
from sqlalchemy.orm import Session
from sqlalchemy.types import TypeEngine

if TYPE_CHECKING:
    import geopandas as gpd
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

_HEADER = re.compile(r"^--\s*name:(?P<name>.*)$", re.MULTILINE)
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_QUOTED = re.compile(r"--[^\n]*|'(?:[^']|'')*'|\"[^\"]*\"")

# PostgreSQL type (its oid in pg_type) to the type of the column, so that a frame looks the same
# with and without rows. Types not named here stay Python objects; text is None where it is null.
_BOOL, _FLOAT, _INT, _INSTANT = "bool", "float64", "int64", "datetime64[us, UTC]"
_DTYPE = {
    16: _BOOL,
    **dict.fromkeys((20, 21, 23), _INT),
    **dict.fromkeys((700, 701, 1700), _FLOAT),
    1184: _INSTANT,
}

# The same for columns that another statement compares and orders; what is not named is text.
_TYPES: Mapping[int, TypeEngine[Any]] = {
    16: Boolean(),
    **dict.fromkeys((20, 21, 23), BigInteger()),
    **dict.fromkeys((700, 701, 1700), Float()),
    17: LargeBinary(),
    1009: ARRAY(Text),
    1015: ARRAY(Text),
    1082: Date(),
    1184: DateTime(timezone=True),
}


class BadQueryFile(ValueError):
    """A ``queries.sql`` that cannot be used; names the file, the query and the reason."""


class Queries(Mapping[str, TextClause]):
    """The named queries of one package; an unknown name says which there are."""

    def __init__(self, origin: str, queries: Mapping[str, TextClause]) -> None:
        self.origin = origin
        self._queries = dict(queries)

    def __getitem__(self, name: str) -> TextClause:
        try:
            return self._queries[name]
        except KeyError:
            raise KeyError(f"{self.origin} has no query {name!r}, only {sorted(self)}") from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._queries)

    def __len__(self) -> int:
        return len(self._queries)


@cache
def load(package: str) -> Queries:
    """The queries of ``package``, read once from the file ``queries.sql`` beside its modules.

    A query begins at its line ``-- name: words_like_this`` and ends at the next one. Comments
    stay in it, so ``pg_stat_activity`` shows what runs. A colon inside a comment, a string or a
    quoted name is text; anywhere else ``:word`` is a parameter.

    Raises
    ------
    BadQueryFile
        A name is missing, malformed or given twice, or a query is empty.
    """
    return parse(
        files(package).joinpath("queries.sql").read_text("utf-8"), f"{package}/queries.sql"
    )


def parse(source: str, origin: str) -> Queries:
    """The named queries in the text ``source``; ``origin`` is the file that errors name."""
    headers = list(_HEADER.finditer(source))
    ends = [header.start() for header in headers[1:]] + [len(source)]
    if _statement(source[: headers[0].start() if headers else len(source)]):
        raise BadQueryFile(f"{origin}: SQL before the first '-- name:' line")
    queries: dict[str, TextClause] = {}
    for header, end in zip(headers, ends, strict=True):
        name, body = header["name"].strip(), source[header.start() : end].strip()
        if not _NAME.fullmatch(name):
            raise BadQueryFile(f"{origin}: {name!r} is not a name like nearest_facility")
        if name in queries:
            raise BadQueryFile(f"{origin}: the name {name!r} is used twice")
        if not _statement(body):
            raise BadQueryFile(f"{origin}: the query {name!r} is empty")
        queries[name] = text(_QUOTED.sub(_escape_colons, body))
    return Queries(origin, queries)


def _statement(source: str) -> str:
    """What is left of ``source`` without its comments."""
    return re.sub(r"--[^\n]*", "", source).strip()


def _escape_colons(quoted: re.Match[str]) -> str:
    return re.sub(r"(?<!\\):", r"\:", quoted[0])


_ROWS = 20_000
_TEXTS = {25, 1042, 1043}
_PAGE = "\nLIMIT CAST(:limit AS int) OFFSET CAST(:offset AS int)"
_LAST = re.compile(r"\nORDER BY (?!.*\b(?:LIMIT|OFFSET|FETCH|FOR)\b)[\w., ]+$", re.IGNORECASE)


def described(
    session: Session, clause: TextClause, params: Mapping[str, Any]
) -> Mapping[str, TypeEngine[Any]]:
    """The names and types of a query's columns; no row is fetched."""
    named = {name: params[name] for name in clause.compile().params}
    bare = _bare(clause).columns().subquery("feature")
    every: Select[Any] = select(literal_column("*"))
    result = session.execute(every.select_from(bare).limit(0), named)
    assert isinstance(result, CursorResult), "the session is not on one database"
    cursor = result.cursor
    assert cursor is not None, "the statement returns no rows"
    oids: list[Any] = [one[1] for one in cursor.description]
    names = [one[0] for one in cursor.description]
    return {name: _TYPES.get(oid, Text()) for name, oid in zip(names, oids, strict=True)}


def as_table(clause: TextClause, types: Mapping[str, TypeEngine[Any]]) -> Subquery:
    """A query as the table ``feature`` of another one, with the columns that `described` found."""
    columns = [column(name, kind) for name, kind in types.items()]
    return _bare(clause).columns(*columns).subquery("feature")


def _bare(clause: TextClause) -> TextClause:
    """As it can stand in brackets: a table has no order, and sorting it costs a count ten times.

    A comment ends with its line.
    """
    return text(_LAST.sub("", clause.text.rstrip().removesuffix(";")) + "\n")


def table(
    session: Session, clause: TextClause, params: Mapping[str, Any] | None = None
) -> "pd.DataFrame":
    """The rows of a query as a frame with one column per selected name.

    Numbers are ``int64`` or ``float64`` (``float64`` with NaN where a number is null), instants
    ``datetime64[us, UTC]``, truth values ``bool``; everything else stays the driver's object and
    null is None. The types do not depend on whether there are rows.

    Raises
    ------
    ValueError
        Two selected columns have the same name.
    """
    return _read(session, clause, params)


def _read(
    session: Session,
    clause: TextClause,
    params: Mapping[str, Any] | None,
    *,
    shape: str | None = None,
    streamed: bool = False,
) -> "pd.DataFrame":
    """What `table` gives, with the geometries of column ``shape``.

    Rows are taken over part by part: the driver's bytes of a city's outlines are gone before the
    next ones come. ``streamed``: the server, too, sends them part by part, at the price of some
    more turns; the driver else holds them all, outlines as twice their bytes.
    """
    import pandas as pd  # noqa: PLC0415 - half a second that a command without frames saves

    by_parts = {"stream_results": True} if streamed else {}
    result = session.execute(clause, params or {}, execution_options=by_parts)
    assert isinstance(result, CursorResult), "the session is not on one database"
    cursor = result.cursor  # plain tuples; SQLAlchemy's rows cost as much again
    assert cursor is not None, "the statement returns no rows"
    names = [column[0] for column in cursor.description]
    if len(set(names)) < len(names):
        raise ValueError(f"columns with the same name in {names}")
    if shape is not None and shape not in names:
        raise ValueError(f"no column {shape} in {names}")
    oids: list[Any] = [column[1] for column in cursor.description]
    columns: list[list[Any]] = [[] for _ in names]
    for rows in result.partitions(_ROWS) if streamed else iter(lambda: cursor.fetchmany(_ROWS), []):
        for at, values in enumerate(zip(*rows, strict=True)):
            if names[at] == shape:
                columns[at].extend(_geometries(values))
            else:
                columns[at].extend(_shared(values) if streamed and oids[at] in _TEXTS else values)
    index = pd.RangeIndex(len(columns[0]))  # shared, so that no column is aligned with the others
    typed = {
        name: _typed(values, None if name == shape else _DTYPE.get(oid), index)
        for name, oid, values in zip(names, oids, columns, strict=True)
    }
    return pd.DataFrame(typed, index=index, copy=False)  # they are nobody else's


def _shared(words: Sequence[Any]) -> Iterator[Any]:
    """The same words; equal ones are one object, which the driver makes anew for each row."""
    known: dict[Any, Any] = {}
    return map(known.setdefault, words, words)


def _geometries(values: Sequence[Any]) -> Sequence[Any]:
    import numpy as np  # noqa: PLC0415 - see `_read`
    import shapely  # noqa: PLC0415

    wkb = np.array([value and bytes(value) for value in values], dtype=object)
    return list(shapely.from_wkb(wkb))


def _typed(
    values: Sequence[Any], dtype: str | None, index: "pd.Index[Any]"
) -> "NDArray[np.generic] | pd.DatetimeIndex | pd.Series[Any]":
    import numpy as np  # noqa: PLC0415 - see `_read`
    import pandas as pd  # noqa: PLC0415

    if dtype == _FLOAT or (dtype == _INT and None in values):
        return np.array(values, dtype=np.float64)  # None becomes NaN
    if dtype == _INSTANT:
        return pd.DatetimeIndex(list(values), tz="UTC").as_unit("us")
    if dtype is None or None in values:
        return pd.Series(values, index=index, dtype=object)  # as an array it would become text
    return np.array(values, dtype=dtype)


def counted(session: Session, clause: TextClause, which: Mapping[str, Any]) -> int:
    """How many rows a query that ends with its order has."""
    matching = select(func.count()).select_from(_bare(clause).columns().subquery("matching"))
    return int(session.execute(matching, which).scalar_one())


def paged(clause: TextClause) -> TextClause:
    """A query that ends with its order, with ``limit`` and ``offset`` as further parameters."""
    return text(clause.text.rstrip().removesuffix(";") + _PAGE)


def page(
    session: Session, clause: TextClause, which: Mapping[str, Any], *, limit: int, offset: int
) -> "tuple[pd.DataFrame, int]":
    """A page of a query, and how many rows match in all: past the last page too."""
    rows = table(session, paged(clause), {**which, "limit": limit, "offset": offset})
    return rows, counted(session, clause, which)


def frame(
    session: Session,
    clause: TextClause,
    params: Mapping[str, Any] | None = None,
    *,
    streamed: bool = False,
) -> "gpd.GeoDataFrame":
    """The rows of a query whose column ``geom`` is ``ST_AsBinary(...)``, in EPSG:4326.

    The geometry column keeps the name ``geom``; the other columns are those of `table`.
    ``streamed``: for rows that may be a city's, which then take half the memory.

    Raises
    ------
    ValueError
        The query selects no column ``geom``.
    """
    import geopandas as gpd  # noqa: PLC0415 - see `_read`

    rows = _read(session, clause, params, shape="geom", streamed=streamed)
    return gpd.GeoDataFrame(rows, geometry="geom", crs=4326)
