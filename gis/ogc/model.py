"""What is asked of a collection, and what is answered."""

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Self

from shapely.geometry.base import BaseGeometry

from gis.errors import BadQuery
from gis.layers.model import Layer
from gis.ogc.crs import Crs
from gis.ogc.times import Span

MAX_LIMIT = 10_000


@dataclass(frozen=True)
class Token:
    """Where the next page begins and what it shows, whatever was written since the first one."""

    after: str
    as_of: date
    run_id: int | None

    def encode(self) -> str:
        """Text for an address."""
        told = json.dumps([self.after, self.as_of.isoformat(), self.run_id])
        return base64.urlsafe_b64encode(told.encode()).decode().rstrip("=")

    @classmethod
    def decode(cls, text: str) -> Self:
        """Raises BadQuery for a text that no page gave."""
        try:
            padded = text + "=" * (-len(text) % 4)
            after, as_of, run_id = json.loads(base64.b64decode(padded, altchars=b"-_"))
            if isinstance(after, str) and "\0" not in after and isinstance(run_id, int | None):
                after.encode()
                if run_id is None or 0 < run_id < 2**63:
                    return cls(after, date.fromisoformat(as_of), run_id)
        except (ValueError, TypeError, binascii.Error, RecursionError) as exc:
            raise cls._bad() from exc
        raise cls._bad()

    @staticmethod
    def _bad() -> BadQuery:
        return BadQuery.at(
            "page", "不是“下一页”链接给出的值，请从第一页重新开始",
            "not a token of a next link: begin anew at the first page",
        )  # fmt: skip


@dataclass(frozen=True)
class Query:
    """A page of a collection: ``box`` and ``filter_crs`` in degrees and as the filter is written.

    ``limit`` above `MAX_LIMIT` counts as that. ``filter`` is a tree of `gis.ogc.cql`.
    """

    crs: Crs
    filter_crs: Crs
    limit: int
    box: BaseGeometry | None = None
    span: Span | None = None
    filter: Mapping[str, Any] | None = None
    token: Token | None = None


@dataclass(frozen=True)
class Feature:
    """One feature; ``geojson`` is its geometry as GeoJSON text in the system asked for."""

    id: str
    properties: Mapping[str, Any]
    geojson: str | None


@dataclass(frozen=True)
class Page:
    """Features in the order of their keys, how many match in all, and where the rest begins."""

    layer: Layer
    features: Sequence[Feature]
    matched: int
    as_of: date
    run_id: int | None
    rest: Token | None
