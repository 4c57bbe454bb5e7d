"""The installation's own policy file: which one holds, and its versions.

Without ``WANGGE_POLICY_FILE`` it is ``<home>/policy.toml``; every file that was ever set there is
kept in ``<home>/policies``.
"""

import os
import re
import secrets
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from gis import policy as policies
from gis.errors import BadPolicy
from gis.policy import Policy
from gis.settings import Settings

FILE, KEPT = "policy.toml", "policies"
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
    if len(text.encode()) > MOST_BYTES:
        raise BadPolicy(f"文件超过 {MOST_BYTES:,} 字节 / more than {MOST_BYTES:,} bytes")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / f".{secrets.token_hex(8)}.toml"
    try:
        path.write_text(text, encoding="utf-8")
        return policies.load(builtin, path)
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


def publish(home: Path, text: str, *, version: str, now: datetime) -> Path:
    """Set the home's policy file; the text is kept under its moment and version first."""
    folder = home / KEPT
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    word = re.sub(r"[^\w.+-]", "_", version)[:40]
    kept = folder / f"{now:%Y%m%dT%H%M%SZ}-{word}.toml"
    kept.write_text(text, encoding="utf-8")
    part = home / f".{FILE}.part"
    part.write_text(text, encoding="utf-8")
    os.replace(part, home / FILE)
    return kept


def versions(home: Path) -> list[str]:
    """Names of the files that were set, the newest first."""
    return sorted((one.name for one in (home / KEPT).glob("[0-9]*.toml")), reverse=True)
