"""Text and data on their way into a page: nothing a record holds can become markup or code."""

import base64
import hashlib
import json
import math
import re
from collections.abc import Iterable
from typing import Any

import pandas as pd
from markupsafe import Markup

_JSON_ESCAPES = {
    "<": "\\u003c",
    ">": "\\u003e",
    "&": "\\u0026",
    "\u2028": "\\u2028",
    "\u2029": "\\u2029",
}
_CREDITS = re.compile(r"""(href=\\?["'])https?://[^"'\\]*""")


def json_block(value: Any) -> Markup:
    """``value`` as JSON that cannot end a script element or a JavaScript line; NaN is refused."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for raw, escaped in _JSON_ESCAPES.items():
        text = text.replace(raw, escaped)
    return Markup(text)  # noqa: S704 - every < > & is a JSON escape now


def inline_script(source: str) -> Markup:
    """A script so that it may stand between script tags.

    Links in the credits that a library could show lead nowhere: the page is for closed networks.
    """
    source = _CREDITS.sub(r"\1#", source)
    closed = re.sub(r"</(script)", r"<\\/\1", source, flags=re.I)
    plain = re.sub(r"^//# sourceMappingURL=.*$", "", closed, flags=re.M)
    return Markup(plain.replace("<!--", "<\\!--"))  # noqa: S704 - our own pinned files


def inline_style(source: str) -> Markup:
    """A library's own style sheet so that it may stand between style tags."""
    return Markup(re.sub(r"</(style)", r"<\\/\1", source, flags=re.I))  # noqa: S704


def plain(value: Any) -> Any:
    """A cell of a frame as JSON speaks it: NaN and NaT are null, whole floats are integers."""
    if value is None or isinstance(value, str | bool):
        return value
    if hasattr(value, "item"):  # a numpy scalar
        value = value.item()
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, int | bool):
        return value
    return None if pd.isna(value) else str(value)


def plain_column(column: "pd.Series[Any]") -> list[Any]:
    """The cells of a column as JSON speaks them; numbers in one go."""
    if column.dtype.kind in "iub":
        return list(column.tolist())
    if column.dtype.kind == "f":
        return [_number(value) for value in column.tolist()]
    return [value if type(value) is str else plain(value) for value in column]


def _number(value: float) -> float | int | None:
    if not math.isfinite(value):
        return None
    return int(value) if value.is_integer() else round(value, 6)


def digest(content: str) -> str:
    """The hash that a Content-Security-Policy names for an inline script or style."""
    raw = hashlib.sha256(content.encode()).digest()
    return f"'sha256-{base64.b64encode(raw).decode()}'"


def file_policy(scripts: Iterable[str], styles: Iterable[str]) -> str:
    """The policy of a page saved as a file: its own scripts and styles, and no request at all."""
    return "; ".join((
        "default-src 'none'",
        "script-src " + " ".join(digest(one) for one in scripts),
        "style-src " + " ".join(digest(one) for one in styles),
        "img-src data: blob:",
        "base-uri 'none'",
        "form-action 'none'",
    ))  # fmt: skip
