"""The installation's own policy file: which one holds, and its versions.

Without ``WANGGE_POLICY_FILE`` it is ``<home>/policy.toml``; every file that was ever set there is
kept in ``<home>/policies``. A file holds once the line that says so is committed, and not before:
``<home>/policy.pending`` names one whose line may or may not be.
"""

import fcntl
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from api.kept import Kept
from gis import policy as policies
from gis.audit import store as trail
from gis.errors import BadPolicy, NotFound
from gis.files import write_whole
from gis.policy import Policy
from gis.settings import Settings

FILE, KEPT, PENDING = "policy.toml", "policies", "policy.pending"
_MOMENTS, _MOMENT = "%Y%m%dT%H%M%S.%fZ", len("20260930T080000.000000Z")
DRAFT_DAYS, MOST_DRAFTS = 7, 100
MOST_BYTES = 200_000


def own_file(settings: Settings) -> Path | None:
    """The file whose values replace built-in ones; None where none does."""
    if settings.policy_file is not None:
        return settings.policy_file
    path = settings.home / FILE
    return path if path.is_file() else None


def in_force(builtin: Path, own: Path | None) -> Policy:
    """The rules of this moment: a file that was replaced counts from the next look on."""
    if own is None:
        return _loaded(builtin, None, None)
    try:
        seen = own.stat()
    except OSError:
        return policies.load(builtin, own)  # says what is wrong
    return _loaded(builtin, own, (seen.st_ino, seen.st_mtime_ns, seen.st_size))


@lru_cache(maxsize=8)
def _loaded(builtin: Path, own: Path | None, mark: tuple[int, ...] | None) -> Policy:
    return policies.load(builtin, own)


def checked(builtin: Path, text: str, folder: Path) -> Policy:
    """The policy that ``text`` would make; raises BadPolicy with line and reason."""
    from api.policies.rule_sets import RULE_SETS  # noqa: PLC0415 - with the analyses' libraries

    if len(text.encode()) > MOST_BYTES:
        raise BadPolicy(f"文件超过 {MOST_BYTES:,} 字节 / more than {MOST_BYTES:,} bytes")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / f".{secrets.token_hex(8)}.toml"
    try:
        path.write_text(text, encoding="utf-8")
        made = policies.load(builtin, path)
        for rules in RULE_SETS:  # what their values must hold, each by itself and to each other
            rules.of(made)
        return made
    except BadPolicy as exc:
        raise BadPolicy(str(exc).replace(f"{path}: ", "")) from exc
    finally:
        path.unlink(missing_ok=True)


def changed_terms(before: Policy, after: Policy) -> list[tuple[str, str, Any, Any]]:
    """Rule, name, value before and after of every value that differs."""
    return [
        (rule, name, before[rule, name], after[rule, name])
        for rule, name in sorted(after.terms)
        if before[rule, name] != after[rule, name]
    ]


def keep_draft(home: Path, text: str) -> str:
    """Keep a file that somebody looks at; returns what it is asked for by."""
    return _drafts(home).keep(text)


def draft(home: Path, key: str) -> str:
    """The text under ``key``; raises NotFound for one that was forgotten."""
    text = _drafts(home).text(key)
    if text is None:
        raise NotFound("policy draft", key)
    return text


def _drafts(home: Path) -> Kept:
    return Kept(home / KEPT / "drafts", ".toml", days=DRAFT_DAYS, most=MOST_DRAFTS)


@contextmanager
def setting(
    home: Path, text: str, *, version: str, now: datetime, session: Session
) -> Iterator[Path]:
    """Set the home's policy file once the block has committed the line that tells of it.

    Gives the path under which the text is kept, by its moment and version: the line names it. When
    the block or the process fails nothing holds yet; `settle` finds out what was committed, and
    so does the next one here before its own. ``session`` reads the whole trail and writes nothing.
    """
    with _alone(home):
        _settle(home, session)
        kept = _next(home / KEPT, version, now)
        kept.write_text(text, encoding="utf-8")
        write_whole(home / PENDING, kept.name, mode=None)
        yield kept
        _take(home, kept)


def _next(folder: Path, version: str, now: datetime) -> Path:
    """The name of a file that is set after all that were set before, at ``now`` at the earliest."""
    word = re.sub(r"[^\w.+-]", "_", version)[:40]
    newest = max((one.name[:_MOMENT] for one in folder.glob("[0-9]*T*Z-*.toml")), default="")
    if f"{now:{_MOMENTS}}" <= newest:
        now = datetime.strptime(newest, _MOMENTS).replace(tzinfo=UTC) + timedelta(microseconds=1)
    return folder / f"{now:{_MOMENTS}}-{word}.toml"


def settle(home: Path, session: Session) -> None:
    """Bring the file in line with the trail where a process ended between the two.

    For whoever may read the whole trail; costs a look for a file where nothing is pending.
    """
    if (home / PENDING).is_file():
        with _alone(home):
            _settle(home, session)


def _settle(home: Path, session: Session) -> None:
    pending = home / PENDING
    if not pending.is_file():  # somebody was at it
        return
    kept = home / KEPT / (pending.read_text(encoding="utf-8") or "nothing")
    if trail.policy_was_set(session, kept.name):
        _take(home, kept)
    else:
        kept.unlink(missing_ok=True)
        pending.unlink()


def _take(home: Path, kept: Path) -> None:
    write_whole(home / FILE, kept.read_bytes(), mode=None)
    (home / PENDING).unlink()


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    """One at a time, in whichever process; the lock ends with its holder."""
    folder = home / KEPT
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def versions(home: Path) -> list[str]:
    """Names of the files that were set, the newest first."""
    return sorted((one.name for one in (home / KEPT).glob("[0-9]*.toml")), reverse=True)
