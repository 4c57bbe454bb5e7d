"""Notes what an analysis asks of the database and of its pure functions, to do both again alone."""

import importlib
import inspect
import io
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import wraps
from types import FunctionType, ModuleType
from typing import Any

import psycopg2
from psycopg2 import extensions
from sqlalchemy import Engine, event

CAPABILITIES = ("facilities", "grids", "rental", "safety", "video")
_NOT_PURE = {"store", "service", "model", "rules", "inputs"}  # tables, sessions, settings, digests


@dataclass(frozen=True)
class Statement:
    """One statement as the server got it; ``body`` is what a COPY sent."""

    sql: bytes
    body: bytes | None
    copies: bool


@dataclass(frozen=True)
class Call:
    """One call of a pure function that no other pure function made."""

    function: Callable[..., Any]
    positional: tuple[Any, ...]
    named: Mapping[str, Any]


@dataclass
class Recording:
    """Statements and calls in the order in which they were made."""

    statements: list[Statement] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)

    def repeat_statements(self, cursor: extensions.cursor) -> None:
        """Run every statement and fetch every row, with the bare driver."""
        for one in self.statements:
            if one.copies:
                cursor.copy_expert(one.sql, io.BytesIO(one.body or b""))
            else:
                cursor.execute(one.sql)
                if cursor.description is not None:
                    cursor.fetchall()

    def repeat_calls(self) -> None:
        """Call every pure function on the frames it got, which are in memory."""
        for one in self.calls:
            one.function(*one.positional, **one.named)


@contextmanager
def statements_of(engine: Engine, recording: Recording) -> Iterator[None]:
    """Note what the engine's connections send; those that are open are closed first."""

    class Noting(extensions.cursor):  # type: ignore[misc]
        def execute(self, query: Any, parameters: Any = None) -> None:
            super().execute(query, parameters)
            recording.statements.append(Statement(bytes(self.query), None, copies=False))

        def copy_expert(self, sql: Any, file: Any, size: int = 8192) -> None:
            text = sql.as_string(self) if hasattr(sql, "as_string") else sql
            sent = file.getvalue() if b"FROM STDIN" in text.encode() else None
            super().copy_expert(sql, file, size)
            recording.statements.append(Statement(text.encode(), sent, copies=True))

    def connect(_dialect: Any, _record: Any, _args: Any, parameters: dict[str, Any]) -> None:
        parameters["cursor_factory"] = Noting

    engine.dispose()
    event.listen(engine, "do_connect", connect)
    try:
        yield
    finally:
        event.remove(engine, "do_connect", connect)
        engine.dispose()


@contextmanager
def calls_of(recording: Recording) -> Iterator[None]:
    """Note the calls of the capabilities' pure functions, the outermost only."""
    modules = [module for name in CAPABILITIES for module in _modules(f"gis.{name}")]
    pure = {module.__name__ for module in modules if _name(module) not in _NOT_PURE}
    depth = [0]

    def noting(function: FunctionType) -> Callable[..., Any]:
        @wraps(function)
        def call(*positional: Any, **named: Any) -> Any:
            if not depth[0]:
                recording.calls.append(Call(function, positional, named))
            depth[0] += 1
            try:
                return function(*positional, **named)
            finally:
                depth[0] -= 1

        return call

    kept: list[tuple[ModuleType, str, FunctionType]] = []
    for module in modules:
        for name, value in list(vars(module).items()):
            if inspect.isfunction(value) and value.__module__ in pure and name[0] != "_":
                kept.append((module, name, value))
                setattr(module, name, noting(value))
    try:
        yield
    finally:
        for module, name, value in kept:
            setattr(module, name, value)


def _modules(package: str) -> list[ModuleType]:
    """All modules of a capability, those of its rooms too."""
    found = importlib.import_module(package)
    names = [one.name for one in pkgutil.walk_packages(found.__path__, f"{package}.")]
    return [importlib.import_module(name) for name in names]


def _name(module: ModuleType) -> str:
    return module.__name__.rsplit(".", 1)[1]


def bare(url: str) -> Any:
    """A connection of the bare driver with the session settings of the application."""
    return psycopg2.connect(url, options="-c search_path=wangge,public -c TimeZone=UTC")
