"""A line of the audit trail before it is written and as it is stored, and where it came from."""

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a transaction came from: a network address, and the request it belongs to.

    Sessions carry it as ``info={"request": Origin(...)}``.
    """

    address: str
    request_id: str

    @classmethod
    def of_process(cls) -> Self:
        """A command on this machine: the account's number instead of an address."""
        return cls(address=f"local uid={os.getuid()}", request_id=secrets.token_hex(8))


@dataclass(slots=True)
class Line:
    """One line until its transaction ends; ``rows``, ``area_code`` and ``detail`` may be filled in.

    ``detail`` holds names, counts and digests; never what a person typed as a secret, and nothing
    of a person.
    """

    event: str
    target: str
    area_code: str = ""
    rows: int | None = None
    result: str = "done"
    purpose: str | None = None
    detail: dict[str, Any] = field(default_factory=dict)

    def failed(self, result: str, detail: Mapping[str, Any]) -> "Line":
        """The same line of a transaction that was rolled back."""
        told = result if self.result == "done" else self.result
        return Line(
            self.event, self.target, self.area_code, self.rows, told, self.purpose,
            {**self.detail, **detail},
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Stored:
    """A line as it is stored: every field as text (None is null), its number and its hash."""

    number: int
    fields: tuple[str | None, ...]
    hash: bytes


@dataclass(frozen=True, slots=True)
class Anchor:
    """A point the chain must pass: after line ``number`` its hash is ``hash``."""

    number: int
    hash: bytes


BEGINNING = b"\0" * 32  # the hash before the first line
