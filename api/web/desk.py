"""What a page is made at: who asks, in which language, and the frame all pages share."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Annotated, Any
from urllib.parse import urlencode

from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal, format_percent
from fastapi import Depends, Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from api.deps import Caller, house
from api.house import House, transaction
from api.serving.at_once import at_once
from api.version import VERSION
from api.web import assets, links, menu, words
from gis.access.rights import Role
from gis.db.session import User
from gis.errors import GisError, halves
from gis.facts import service as facts
from gis.legend import Entry
from gis.rounding import floored
from maps.palette import SHAPES

# Whoever reads an open page: public figures of the whole district, nothing else.
PASSER_BY = User.of(Role.VIEWER, id="public", area_prefixes=("",))
_LOCALE = {"zh": "zh_CN", "en": "en_GB"}
_YEAR_S = 365 * 24 * 3600
_POLICY = (
    "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; "
    "img-src 'self' data: blob:; connect-src 'self'; form-action 'self'; frame-src 'self'; "
    "worker-src 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_TEMPLATES = Environment(
    loader=PackageLoader("api.web"), autoescape=True, trim_blocks=True, lstrip_blocks=True,
    undefined=StrictUndefined,
)  # fmt: skip


@dataclass(frozen=True)
class Desk:
    """One request for a page: ``user`` is None only on the open pages.

    ``away``: the page tells of a failure, and the store is not asked for anything.
    """

    request: Request
    house: House
    user: User | None
    language: words.Language
    theme: str
    away: bool = False

    def page(self, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
        """The page ``template`` in the shell's frame; its own policy and no copy in a cache.

        Every template has ``t`` (words), ``n``, ``held``, ``share``, ``day``, ``moment``
        (Babel's figures), ``either`` (the right one of a Chinese and an English text) and ``desk``.
        """
        nonce = secrets.token_urlsafe(16)
        text = _TEMPLATES.get_template(template).render(self._words(), nonce=nonce, **values)
        answer = HTMLResponse(text, status)
        answer.headers["Content-Security-Policy"] = _POLICY.format(nonce=nonce)
        answer.headers["Referrer-Policy"] = "same-origin"  # else a form's Origin is "null"
        answer.headers["Vary"] = "HX-Request"
        self._remember(answer)
        return answer

    def _words(self) -> dict[str, Any]:
        return {
            "desk": self, "t": self.t, "n": self.n, "held": self.held, "share": self.share,
            "day": self.day, "moment": self.moment, "either": self.either, "chip": self.chip,
            "menu": menu, "asset": assets.link, "shapes": SHAPES, "version": VERSION,
        }  # fmt: skip

    def _remember(self, answer: HTMLResponse) -> None:
        """A choice made in the address holds for the next pages."""
        for name in ("language", "theme"):
            if name in self.request.query_params:
                chosen = getattr(self, name)
                answer.set_cookie(
                    f"wangge_{name}", chosen, max_age=_YEAR_S, httponly=True, samesite="lax"
                )

    @property
    def caller_id(self) -> str:
        """Whose account is counted where there are limits; on open pages nobody's."""
        return (self.user or User.anonymous()).id

    def reaches(self, area_code: str) -> bool:
        """Whether an area lies in the reader's own; on open pages none does."""
        return self.user is not None and self.user.reaches(area_code)

    # -- words and figures in the reader's language --------------------

    def t(self, key: str, **values: object) -> str:
        """Words of ``area.key``."""
        return words.word(key, self.language, **values)

    def either(self, zh: str, en: str) -> str:
        """The text of the reader's language."""
        return zh if self.language == "zh" else en

    def why(self, refused: GisError) -> str:
        """What an error of the domain says, in the reader's language."""
        return self.either(*halves(str(refused)))

    def n(self, value: float | None, digits: int = 0) -> str:
        """A number as people write it; a dash for none."""
        if value is None:
            return "—"
        shape = "#,##0" + ("." + "#" * digits if digits else "")
        return str(format_decimal(value, shape, locale=_LOCALE[self.language]))

    def held(self, value: float | None, digits: int = 0) -> str:
        """A figure held against a least value, rounded down: below it, it never reads like it."""
        return self.n(None if value is None else floored(value, digits), digits)

    def share(self, value: float | None) -> str:
        """A share of 1 in per cent, rounded down as `held` does."""
        if value is None:
            return "—"
        return str(format_percent(floored(value, 3), "#,##0.#%", locale=_LOCALE[self.language]))

    def money(self, yuan: float) -> str:
        """A sum in the unit that readers of the language count in: 万元, million yuan."""
        unit = {"zh": 10_000, "en": 1_000_000}[self.language]
        return self.t("shell.money", value=self.n(yuan / unit, 1))

    def day(self, value: date | None) -> str:
        """A day."""
        if value is None:
            return "—"
        return str(format_date(value, "medium", locale=_LOCALE[self.language]))

    def moment(self, value: datetime | None) -> str:
        """A moment in the district's time zone."""
        if value is None:
            return "—"
        zone, locale = self.house.district.zone, _LOCALE[self.language]
        return str(format_datetime(value, "short", tzinfo=zone, locale=locale))

    def chip(self, entry: Entry) -> dict[str, str]:
        """A class of the legend as the macro ``chip`` shows it."""
        return {
            "value": entry.value, "word": self.either(entry.zh, entry.en), "fill": entry.fill,
            "shape": SHAPES[entry.shape],
        }  # fmt: skip

    # -- addresses and marks --------------------

    def opens(self, address: str, method: str = "GET") -> bool:
        """Whether the reader may follow a link, or send a form, to ``address``."""
        return links.may_open(self.request.app, self.user, address, method)

    def here(self, **changed: str | None) -> str:
        """The page's own address with some of its choices changed (None: dropped).

        A choice of several, as a table's columns, stays one of several. What a form led to is asked
        for anew without what was sent.
        """
        path = self.request.url.path
        if self.request.method == "POST":
            path = links.page_of(self.request.app, path)
        asked = self.request.query_params.multi_items()
        pairs = [(name, value) for name, value in asked if name not in changed]
        pairs += [(name, value) for name, value in changed.items() if value is not None]
        return f"{path}?{urlencode([pair for pair in pairs if pair[1]])}"

    @cached_property
    def demo(self) -> bool:
        """Whether pages must say 演示数据; asked once, beside the page's own transaction."""
        if self.away:
            return False
        with transaction(self.request.app.state.engine) as session:
            return facts.is_demo(session)


def _chosen(request: Request, name: str, allowed: Sequence[str]) -> str:
    """What the address says, else the cookie, else the first one allowed."""
    for said in (request.query_params.get(name), request.cookies.get(f"wangge_{name}")):
        if said is not None and said in allowed:
            return said
    return allowed[0]


def at_desk(request: Request, user: User | None, *, away: bool = False) -> Desk:
    """The desk of a request, for a page that anybody may open too."""
    at = house(request)
    language = _chosen(request, "language", (at.district.language, *words.LANGUAGES))
    known = None if user == User.anonymous() else user
    return Desk(
        request=request, house=at, user=known, language="en" if language == "en" else "zh",
        theme=_chosen(request, "theme", ("auto", "light", "dark")), away=away,
    )  # fmt: skip


def _desk(request: Request, user: Caller) -> Desk:
    return at_desk(request, user)


def _open_desk(request: Request) -> Desk:
    return at_desk(request, None)


AtDesk = Annotated[Desk, Depends(at_once(_desk))]
OpenDesk = Annotated[Desk, Depends(at_once(_open_desk))]
