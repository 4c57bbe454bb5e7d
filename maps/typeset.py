"""Sets a page in type: a template of ours and data as JSON become a PDF or a picture.

Data reach the template as strings of ``sys.inputs``, never as source, so nothing in a record is
markup. The template's fonts are embedded; a machine without them is told so instead of printing
boxes.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from importlib.resources import files
from io import BytesIO
from typing import Any, Literal

import typst
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from pypdf import PdfReader, PdfWriter

from gis.errors import GisError


class FontsMissing(GisError):
    """The Chinese font of printed pages is not installed."""

    code = "fonts_missing"

    def __init__(self, warning: str) -> None:
        super().__init__(
            "缺少中文字体，请安装 / "
            f"{warning}: install the font Noto Sans CJK SC (Debian: fonts-noto-cjk) and repeat"
        )


@dataclass(frozen=True)
class Mark:
    """Who takes a print along (a login name), when and what for.

    It stands in the document's metadata, and as a small line on every page where ``printed``.
    """

    user: str
    at: str
    purpose: str
    printed: bool = True


# Before the template: its own rules for page and document leave these as they are.
_MARKED = """
#let mark = json(bytes(sys.inputs.mark))
#let mark-line = (mark.user, mark.at, mark.purpose).join(" · ")
#set document(author: mark.user, description: mark-line, keywords: (mark.at, mark.purpose))
#set page(background: if mark.printed { place(bottom + center, dy: -3mm,
  text(font: "Noto Sans CJK SC", size: 6pt, fill: rgb("#52606D"), mark-line)) })
"""


def pdf(
    package: str, template: str, data: Mapping[str, Any], *, day: date, mark: Mark | None = None
) -> bytes:
    """The template ``template`` of ``package`` filled with ``data``, dated ``day``.

    The same data give the same bytes. Raises FontsMissing.
    """
    made_on = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return _compiled(package, template, data, mark=mark, format="pdf", timestamp=made_on)


def joined(parts: Sequence[bytes]) -> bytes:
    """PDFs one after another; the first one's metadata stand for all."""
    if len(parts) == 1:
        return parts[0]
    whole, out = PdfWriter(clone_from=BytesIO(parts[0])), BytesIO()
    for part in parts[1:]:
        whole.append(PdfReader(BytesIO(part)), import_outline=False)
    whole.write(out)
    return out.getvalue()


def png(
    package: str, template: str, data: Mapping[str, Any], *, dpi: float, mark: Mark | None = None
) -> bytes:
    """The same as a picture; the template must fill one page. Raises FontsMissing."""
    picture = _compiled(package, template, data, mark=mark, format="png", ppi=dpi)
    return picture if mark is None else _told(picture, mark)


def _told(picture: bytes, mark: Mark) -> bytes:
    """The picture with the mark among its own texts (PNG iTXt)."""
    texts = PngInfo()
    for key, value in (
        ("Author", mark.user), ("Creation Time", mark.at), ("Description", mark.purpose)
    ):  # fmt: skip
        texts.add_itxt(key, value)
    out = BytesIO()
    with Image.open(BytesIO(picture)) as drawn:
        drawn.save(out, "PNG", pnginfo=texts)
    return out.getvalue()


def _compiled(
    package: str,
    template: str,
    data: Mapping[str, Any],
    *,
    format: Literal["pdf", "png"],
    mark: Mark | None = None,
    **options: Any,
) -> bytes:
    source = files(package).joinpath(template).read_bytes()
    inputs = {"data": json.dumps(data, ensure_ascii=False)}
    if mark is not None:
        source = _MARKED.encode() + source
        inputs["mark"] = json.dumps(asdict(mark), ensure_ascii=False)
    made, warnings = typst.compile_with_warnings(
        source, format=format, sys_inputs=inputs, **options
    )
    for warning in warnings:
        if "font" in str(warning):
            raise FontsMissing(str(warning))
    assert isinstance(made, bytes)
    return made
