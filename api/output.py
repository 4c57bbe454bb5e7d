"""How commands speak: one JSON object or a table on stdout, everything else on stderr."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

NOTES = Console(stderr=True, highlight=False, soft_wrap=True)
_WITHOUT_EDGE = 10_000  # columns of a file or a pipe: tables are as wide as what they hold


def json_out(value: Mapping[str, Any]) -> None:
    """The command's one object on stdout."""
    text = json.dumps(value, ensure_ascii=False, default=str, allow_nan=False)
    print(text, flush=True)  # noqa: T201 - stdout is where it belongs


def refuse(code: str, message: str, *, json: bool, **more: Any) -> None:
    """What a command that changes nothing says: a line on stderr, the object on request."""
    say(f"{code}: {message}")
    if json:
        json_out({"error": {"code": code, "message": message}, **more})


def table_out(title: str, header: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """A table on stdout, below its title."""
    table = Table()
    for at, name in enumerate(header):
        table.add_column(name, justify="left" if at == 0 else "right", overflow="fold")
    for row in rows:
        table.add_row(*[Text(_shown(cell)) for cell in row])
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = _WITHOUT_EDGE
    console.print(title, markup=False, soft_wrap=True)
    console.print(table)


def figures_out(title: str, figures: Mapping[str, Any]) -> None:
    """A table of named figures on stdout; nested ones are named by their whole path."""
    table_out(title, ("", ""), list(_flat(figures)))


def _flat(figures: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in figures.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{path}{name} · ")
        else:
            yield f"{path}{name}", value


def _shown(cell: Any) -> str:
    """A cell in words: unknown as a dash, a fraction with two decimals at most."""
    if cell is None:
        return "—"
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, list | tuple):
        return " – ".join(map(_shown, cell))
    return f"{cell:.2f}".rstrip("0").rstrip(".") if isinstance(cell, float) else str(cell)


def say(text: str) -> None:
    """One line of progress on stderr; markup in the text is not interpreted."""
    NOTES.print(text, markup=False)


def progress() -> Progress:
    """A progress bar on stderr that leaves no trace where stderr is no terminal."""
    return Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
        console=NOTES, transient=True, disable=not NOTES.is_terminal,
    )  # fmt: skip
