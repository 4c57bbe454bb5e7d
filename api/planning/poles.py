"""Candidate places that somebody brought for a plan, kept under the digest of what they say.

The address of a plan names the digest, so that its map and its file show the same plan in every
process of the home.
"""

import json
from collections.abc import Sequence
from dataclasses import astuple
from pathlib import Path
from typing import Annotated

from fastapi import Query

from api.kept import Kept
from gis.errors import NotFound
from gis.video.siting.ask import Candidate

KEPT_DAYS, MOST_KEPT = 30, 500
Poles = Annotated[
    str | None,
    Query(pattern=r"^[0-9a-f]{32}$", description="candidate places that were given on the page"),
]


def keep(home: Path, found: Sequence[Candidate]) -> str:
    """Keep the places, readable by this service alone; returns what they are asked for by."""
    return _brought(home).keep(json.dumps([astuple(one) for one in found], ensure_ascii=False))


def kept(home: Path, key: str | None) -> tuple[Candidate, ...]:
    """The places under ``key``; none without one. Raises NotFound for those that were forgotten."""
    if key is None:
        return ()
    text = _brought(home).text(key)
    if text is None:
        raise NotFound("candidate places", key)
    return tuple(Candidate(*one) for one in json.loads(text))


def _brought(home: Path) -> Kept:
    return Kept(home / "poles", ".json", days=KEPT_DAYS, most=MOST_KEPT)
