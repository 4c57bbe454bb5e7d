"""Sets a page in type: a template of ours and data as JSON become a PDF or a picture.

Data reach the template as strings of ``sys.inputs``, never as source, so nothing in a record is
markup. The template's fonts are embedded; a machine without them is told so instead of printing
boxes.
"""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from importlib.resources import files
from typing import Any, Literal

import typst

from gis.errors import GisError


class FontsMissing(GisError):
    """The Chinese font of printed pages is not installed."""

    code = "fonts_missing"

    def __init__(self, warning: str) -> None:
        super().__init__(
            f"{warning}: install the font Noto Sans CJK SC (Debian: fonts-noto-cjk) and repeat"
        )


def pdf(package: str, template: str, data: Mapping[str, Any], *, day: date) -> bytes:
    """The template ``template`` of ``package`` filled with ``data``, dated ``day``.

    The same data give the same bytes. Raises FontsMissing.
    """
    made_on = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return _compiled(package, template, data, format="pdf", timestamp=made_on)


def png(package: str, template: str, data: Mapping[str, Any], *, dpi: float) -> bytes:
    """The same as a picture; the template must fill one page. Raises FontsMissing."""
    return _compiled(package, template, data, format="png", ppi=dpi)


def _compiled(
    package: str,
    template: str,
    data: Mapping[str, Any],
    *,
    format: Literal["pdf", "png"],
    **options: Any,
) -> bytes:
    source = files(package).joinpath(template).read_bytes()
    inputs = {"data": json.dumps(data, ensure_ascii=False)}
    made, warnings = typst.compile_with_warnings(
        source, format=format, sys_inputs=inputs, **options
    )
    for warning in warnings:
        if "font" in str(warning):
            raise FontsMissing(str(warning))
    assert isinstance(made, bytes)
    return made
