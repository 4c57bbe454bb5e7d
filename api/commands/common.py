"""Options that several commands share."""

from datetime import date
from typing import Annotated

import typer
from pydantic import ValidationError

from api.house import House
from api.invalid import reason
from gis.errors import BadInput
from gis.period import plausible
from gis.settings import Settings

Json = Annotated[bool, typer.Option("--json", help="One JSON object on stdout, nothing else.")]
Period = Annotated[str | None, typer.Option(help="Quarter 2026Q3, or month 2026-07 (preview).")]
AsOf = Annotated[str | None, typer.Option(help="Day YYYY-MM-DD; default: from the data.")]
Internal = Annotated[
    bool, typer.Option("--internal", help="With internal layers; files are private (0600).")
]


def group() -> typer.Typer:
    """The commands of one module."""
    return typer.Typer(rich_markup_mode=None)


def settings() -> Settings:
    """What the environment says; raises BadInput naming the variable that cannot be used."""
    try:
        return Settings()
    except ValidationError as exc:
        first = exc.errors()[0]
        name = "_".join(str(part) for part in first["loc"]).upper()
        zh, en = reason(first)
        en = first["msg"] if first["type"] == "value_error" else en
        raise BadInput.at(f"WANGGE_{name}", zh, en) from exc
    except OSError as exc:
        raise BadInput.at(
            str(exc.filename), f"某个 WANGGE_..._FILE 所指的文件无法读取（{exc.strerror}）",
            f"which a WANGGE_..._FILE names, cannot be read ({exc.strerror})",
        ) from exc  # fmt: skip


def house() -> House:
    """The installation that the environment describes."""
    return House(settings())


def day(text: str | None) -> date | None:
    """``YYYY-MM-DD`` as a date; raises BadInput."""
    if text is None:
        return None
    try:
        return plausible(date.fromisoformat(text))
    except ValueError as exc:
        raise BadInput.at(
            f"--as-of {text!r}", "不是日期，请写成 2026-09-30", "write a day as 2026-09-30"
        ) from exc
