"""A form as it was sent: its values, and what is wrong with each entry in the reader's words."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

import shapely
from fastapi import Depends, Request
from shapely.geometry.base import BaseGeometry
from starlette.datastructures import FormData, UploadFile

LONGEST_GEOJSON = 200_000  # characters; a building has some hundred


@dataclass
class Form:
    """Values by name, errors by name; an empty form shows neither. ``status`` is its page's."""

    values: Mapping[str, str] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    status: int = 200

    @property
    def ok(self) -> bool:
        """Whether nothing was found wrong."""
        return not self.errors

    def wrong(self, name: str, why: str) -> None:
        """Say what is wrong with an entry; the first reason stays."""
        self.errors.setdefault(name, why)
        self.status = 422

    def text(self, name: str) -> str:
        """What was written, without the spaces round it."""
        return self.values.get(name, "").strip()


async def sent(request: Request) -> FormData:
    """The posted fields and files; parsed here, since a route that blocks cannot await them."""
    return await request.form(max_files=4, max_fields=60)


Sent = Annotated[FormData, Depends(sent)]


def form_of(data: FormData) -> Form:
    """The text entries of what was posted."""
    return Form({name: value for name, value in data.items() if isinstance(value, str)})


def file_of(data: FormData, name: str) -> bytes | None:
    """The bytes of a posted file; None where none was chosen."""
    one: Any = data.get(name)
    if not isinstance(one, UploadFile) or not one.filename:
        return None
    return one.file.read()


# GEOS cuts what it quotes of a text anywhere, also inside a sign.
NO_GEOJSON = (shapely.errors.GEOSException, UnicodeDecodeError)


def shape_of(text: str) -> BaseGeometry | None:
    """A geometry written as GeoJSON; None where it is none or far too long."""
    if not text or len(text) > LONGEST_GEOJSON:
        return None
    try:
        found: BaseGeometry = shapely.force_2d(shapely.from_geojson(text))
    except NO_GEOJSON:
        return None
    west, south, east, north = found.bounds if not found.is_empty else (0, 0, 0, 0)
    inside = -180 <= west <= east <= 180 and -90 <= south <= north <= 90
    return found if inside and not found.is_empty else None
