"""What the standard asks of every answer: 400 for what cannot be used, the encoding asked for."""

from collections.abc import Callable, Coroutine, Iterator
from enum import StrEnum
from typing import Annotated, Any

from fastapi import Depends, Query, Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute

from api import invalid
from api.serving.at_once import at_once
from gis.errors import BadInput, BadQuery

PAGE_CHOICES = {"language", "theme"}  # of the shell round the HTML pages


class StrictRoute(APIRoute):
    """A route that answers 400 to parameters it does not know, has twice or cannot use."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler with those checks round it."""
        inner = super().get_route_handler()
        known = PAGE_CHOICES.union(_names(self.dependant))

        async def answer(request: Request) -> Response:
            given = [name for name, _ in request.query_params.multi_items()]
            for name in given:
                if name not in known:
                    raise BadQuery(
                        f"没有参数 {name!r}；可用 {', '.join(sorted(known))} / the parameter"
                        f" {name!r} is unknown; there are {', '.join(sorted(known))}"
                    )
                if given.count(name) > 1:
                    raise BadQuery(
                        f"参数 {name!r} 重复 / the parameter {name!r} is given more than once"
                    )
            try:
                return await inner(request)
            except BadQuery:
                raise
            except BadInput as exc:
                raise BadQuery(str(exc)) from exc
            except RequestValidationError as exc:
                raise BadQuery(invalid.both(exc.errors(), parts=slice(-1, None))) from exc

        return answer


def _names(dependant: Dependant) -> Iterator[str]:
    """The query parameters of a route and of all that it depends on."""
    yield from (one.alias for one in dependant.query_params)
    for inner in dependant.dependencies:
        yield from _names(inner)


class Encoding(StrEnum):
    """How an answer is written."""

    JSON = "json"
    HTML = "html"


Asked = Annotated[
    Encoding | None,
    Query(alias="f", description="encoding of the answer; without it the Accept header decides"),
]


def _encoding(request: Request, f: Asked = None) -> Encoding:
    return f or _accepted(request.headers.get("accept", ""))


def by_a_person(request: Request) -> bool:
    """Whether the answer, a refusal too, is to be a page: ``f`` says so, else the Accept header."""
    asked = request.query_params.get("f")
    return (asked if asked in set(Encoding) else _encoding(request)) == Encoding.HTML


def _accepted(accept: str) -> Encoding:
    """HTML for a browser, which prefers it to JSON; JSON for everybody else."""
    weights = {Encoding.HTML: 0.0, Encoding.JSON: 0.0}
    for one in accept.split(","):
        kind, _, rest = one.strip().lower().partition(";")
        weight = rest.replace(" ", "").partition("q=")[2] or "1"
        encoding = Encoding.HTML if kind.strip() == "text/html" else Encoding.JSON
        if encoding is Encoding.HTML or "json" in kind:
            weights[encoding] = max(weights[encoding], _number(weight))
    html = weights[Encoding.HTML]
    return Encoding.HTML if html > weights[Encoding.JSON] else Encoding.JSON


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


Encoded = Annotated[Encoding, Depends(at_once(_encoding))]
