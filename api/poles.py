"""Candidate places that somebody brought for a plan, kept under the digest of what they say.

The address of a plan names the digest, so that its map and its file show the same plan in every
process of the home.
"""

import hashlib
import json
import os
import time
from collections.abc import Sequence
from dataclasses import astuple
from pathlib import Path
from typing import Annotated

from fastapi import Query

from gis.errors import NotFound
from gis.video.ask import Candidate

KEPT_DAYS = 30
FOLDER = "poles"
Poles = Annotated[
    str | None,
    Query(pattern=r"^[0-9a-f]{32}$", description="candidate places that were given on the page"),
]


def keep(home: Path, found: Sequence[Candidate]) -> str:
    """Keep the places, readable by this service alone; returns what they are asked for by."""
    text = json.dumps([astuple(one) for one in found], ensure_ascii=False)
    key = hashlib.sha256(text.encode()).hexdigest()[:32]
    folder = home / FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _forget(folder)
    part = folder / f".{key}.{os.getpid()}"
    part.touch(mode=0o600)
    part.write_text(text, encoding="utf-8")
    os.replace(part, folder / f"{key}.json")
    return key


def kept(home: Path, key: str | None) -> tuple[Candidate, ...]:
    """The places under ``key``; none without one. Raises NotFound for those that were forgotten."""
    if key is None:
        return ()
    try:
        text = (home / FOLDER / f"{key}.json").read_text("utf-8")
    except FileNotFoundError as exc:
        raise NotFound("candidate places", key) from exc
    return tuple(Candidate(*one) for one in json.loads(text))


def _forget(folder: Path) -> None:
    """Remove what nobody has brought again for `KEPT_DAYS`."""
    oldest_s = time.time() - KEPT_DAYS * 86_400
    for one in folder.glob("*.json"):
        if one.stat().st_mtime < oldest_s:
            one.unlink(missing_ok=True)
