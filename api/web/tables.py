"""A table as a page shows it: search, filters, sort, choice of columns, pages, downloads."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from fastapi import Response

from api.audit import exported
from api.serving.limits import limits_of
from api.web import table_files
from api.web.desk import Desk
from api.web.search import matches
from api.web.table_files import Marked
from data.export.columns import harmless
from data.export.model import Watermark
from gis.access.rights import Action, Capability
from gis.audit import service as audit
from gis.db.session import sessions
from gis.errors import Forbidden
from gis.legend import Entry

PER_PAGE = 50
EVERY = 1_000_000  # rows of a table that is searched and sorted as a whole
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Column:
    """One column: ``text`` makes what is read of a row; without it the value itself is written.

    ``chip`` makes the class that is drawn before the words; ``link`` puts the row's address on it.
    """

    name: str
    label: str
    text: Callable[[Row], str] | None = None
    chip: Callable[[Row], Entry] | None = None
    number: bool = False
    link: bool = False
    at_first: bool = True


@dataclass(frozen=True)
class Filter:
    """One choice above the table: ``options`` are value and word; rows keep it by ``of``."""

    name: str
    label: str
    options: Sequence[tuple[str, str]]
    of: Callable[[Row], str]
    value: str = ""


@dataclass(frozen=True)
class Cell:
    """What one cell reads."""

    text: str
    chip: dict[str, str] | None = None


@dataclass(frozen=True)
class Line:
    """One row: its key, its address, its cells by column."""

    key: str
    href: str
    cells: Mapping[str, Cell]


@dataclass
class View:
    """What the macro ``table`` draws, and what a download holds: the same rows and columns."""

    desk: Desk
    name: str
    title: str
    columns: Sequence[Column]
    matching: Sequence[Row]
    filters: Sequence[Filter]
    capability: Capability
    key: str
    href: Callable[[Row], str]
    kept: Mapping[str, str] = field(default_factory=dict)
    internal: bool = False

    # -- what the address asks for --------------------

    @property
    def _asked(self) -> Mapping[str, str]:
        return self.desk.request.query_params

    @property
    def q(self) -> str:
        """The words searched for."""
        return self._asked.get("q", "")

    @property
    def sort(self) -> str:
        """The column sorted by; empty: as the rows came."""
        asked = self._asked.get("sort", "")
        return asked if asked in {one.name for one in self.columns} else ""

    @property
    def down(self) -> bool:
        """Largest first."""
        return self._asked.get("down") == "1"

    @property
    def page(self) -> int:
        """Page number from 1."""
        asked = self._asked.get("page", "1")
        last = max(1, -(-self.matched // PER_PAGE))
        number = int(asked) if re.fullmatch("[0-9]{1,9}", asked) else 1
        return min(max(number, 1), last)

    @property
    def shown_names(self) -> set[str]:
        """Names of the columns shown."""
        asked = set(self.desk.request.query_params.getlist("columns"))
        known = {one.name for one in self.columns}
        return asked & known or {one.name for one in self.columns if one.at_first}

    @property
    def shown(self) -> list[Column]:
        """The columns shown, in their order."""
        return [one for one in self.columns if one.name in self.shown_names]

    # -- rows --------------------

    @property
    def matched(self) -> int:
        """How many rows match."""
        return len(self.matching)

    @property
    def first(self) -> int:
        """Number of the page's first row."""
        return (self.page - 1) * PER_PAGE + 1

    @property
    def last(self) -> int:
        """Number of the page's last row."""
        return min(self.page * PER_PAGE, self.matched)

    @property
    def rows(self) -> list[Line]:
        """The rows of the page."""
        return [self._line(row) for row in self.matching[self.first - 1 : self.last]]

    def _line(self, row: Row) -> Line:
        cells = {column.name: self._cell(column, row) for column in self.shown}
        return Line(str(row[self.key]), self.href(row), cells)

    def _cell(self, column: Column, row: Row) -> Cell:
        chip = self.desk.chip(column.chip(row)) if column.chip else None
        if chip is not None:
            return Cell(chip["word"], chip)
        return Cell(column.text(row) if column.text else _plain(self.desk, row[column.name]))

    # -- addresses --------------------

    def sorted_by(self, name: str) -> str:
        """The same table sorted by a column, the other way round at the second click."""
        down = "1" if self.sort == name and not self.down else None
        return self._address(sort=name, down=down, page=None)

    def at_page(self, number: int) -> str:
        """Another page of the same table."""
        return self._address(page=str(number))

    @property
    def choices(self) -> list[tuple[str, str]]:
        """What the address asks for, as entries of the form that takes the table along."""
        apart = {"page", "download", "purpose"}
        return [
            (name, value)
            for name, value in self.desk.request.query_params.multi_items()
            if value and name not in apart
        ]

    def _address(self, **changed: str | None) -> str:
        return self.desk.here(**changed)

    # -- files --------------------

    @property
    def may_leave(self) -> bool:
        """Whether the reader may take the table along."""
        user = self.desk.user
        return user is not None and user.may(self.capability, Action.EXPORT)

    def file(self) -> Response | None:
        """The file the address asks for: exactly the columns, rows and order that are seen.

        None where no file is asked for; raises Forbidden without the right to export, and
        PurposeMissing where more than public figures is asked for without saying what for.
        """
        form = self._asked.get("download")
        if form not in table_files.MEDIA:
            return None
        if not self.may_leave:
            raise Forbidden.right(self.capability, Action.EXPORT)
        limits_of(self.desk.request).export(self.desk.caller_id)
        marked = Marked(self.title, self._noted(form), self.desk.demo)
        body = table_files.written(form, marked, self._written())
        name = f"{'demo-' if marked.demo else ''}{self.name}.{form}"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return Response(body, media_type=table_files.MEDIA[form], headers=headers)

    def _noted(self, form: str) -> Watermark:
        """Leave a line of what is taken out; without it nothing leaves."""
        request = self.desk.request
        info = {"user": self.desk.user, "request": request.state.origin}
        with sessions(request.app.state.engine).begin(info=info) as session:
            mark = exported.watermark(
                session,
                purpose=self._asked.get("purpose"),
                internal=self.internal,
                wanted=not exported.is_public(self.capability),
            )
            audit.note(
                session, event="export", target=f"table {self.name}", rows=self.matched,
                purpose=mark.purpose, detail={"format": form},
            )  # fmt: skip
        return mark

    def _written(self) -> Iterable[list[Any]]:
        yield [column.label for column in self.shown]
        for row in self.matching:
            yield [
                row[column.name]
                if column.number and isinstance(row[column.name], int | float)
                else harmless(self._cell(column, row).text)
                for column in self.shown
            ]


def view(
    desk: Desk,
    rows: Sequence[Row],
    columns: Sequence[Column],
    *,
    name: str,
    title: str,
    capability: Capability,
    key: str = "code",
    href: Callable[[Row], str] = lambda row: "",
    filters: Sequence[Filter] = (),
    search: Sequence[str] = ("name", "code"),
    kept: Sequence[str] = (),
    internal: bool = False,
) -> View:
    """The table of ``rows`` as the address asks for it.

    ``search`` names the values that the search box looks through (also by pinyin initials),
    ``kept`` the other choices in the address that a search must not lose. An ``internal`` table
    leaves only for a purpose. Raises TooMany for whoever searches, filters or sorts too often.
    """
    asked = desk.request.query_params
    if any(asked.get(one) for one in ("q", "sort", *(one.name for one in filters))):
        limits_of(desk.request).filter(desk.caller_id, "tables")
    chosen = [replace(one, value=asked.get(one.name, "")) for one in filters]
    rows = [row for row in rows if all(not f.value or f.of(row) == f.value for f in chosen)]
    found = View(
        desk, name, title, columns, rows, chosen, capability, key, href,
        {one: asked[one] for one in ("sort", "down", "language", *kept) if one in asked},
        internal,
    )  # fmt: skip
    if found.q:
        rows = [row for row in rows if matches(found.q, [row.get(one) for one in search])]
    if found.sort:
        rows = _ordered(rows, found.sort, down=found.down)
    found.matching = rows
    return found


def _ordered(rows: Sequence[Row], name: str, *, down: bool) -> list[Row]:
    """Rows by one value; those without one stay last either way."""
    having = [row for row in rows if row[name] not in (None, "")]
    lacking = [row for row in rows if row[name] in (None, "")]
    return [*sorted(having, key=lambda row: row[name], reverse=down), *lacking]


def _plain(desk: Desk, value: Any) -> str:
    if isinstance(value, bool):
        return desk.t("shell.yes" if value else "shell.no")
    if isinstance(value, int | float):
        return desk.n(value, 2)
    if isinstance(value, date):
        return desk.day(value)
    return "—" if value in (None, "") else str(value)
