"""What a reader may open: each link asks the rule of the route that it leads to."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import FastAPI, Query
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute

from api.deps import Needs
from gis.access.rights import Right
from gis.db.session import User

Next = Annotated[str, Query(max_length=500)]  # where somebody wanted to go who had to sign in first


def may_open(app: FastAPI, user: User | None, address: str, method: str = "GET") -> bool:
    """Whether ``user`` holds every right that the route of ``address`` asks for."""
    path = urlsplit(address).path
    for route in _routes(app):
        if method in (route.methods or ()) and route.path_regex.match(path):
            return user is not None and set(_needed(route.dependant)) <= user.rights
    return True  # a file, or a part of the page itself


def page_of(app: FastAPI, path: str) -> str:
    """The address that shows what a form sent to ``path`` is about: itself, or the page above.

    Answers to forms stand at addresses of which some take no GET (/accounts/post-1/password).
    """
    while path.count("/") > 1:
        if any("GET" in (one.methods or ()) and one.path_regex.match(path) for one in _routes(app)):
            return path
        path = path.rpartition("/")[0]
    return path


@lru_cache(maxsize=4)
def _routes(app: FastAPI) -> tuple[APIRoute, ...]:
    return tuple(_flat(app.routes))


def _flat(routes: list[BaseRoute]) -> Iterator[APIRoute]:
    for one in routes:
        router = getattr(one, "original_router", None)
        if router is not None:
            yield from _flat(router.routes)
        elif isinstance(one, APIRoute):
            yield one


def _needed(dependant: Dependant) -> Iterator[Right]:
    for one in dependant.dependencies:
        if isinstance(one.call, Needs):
            yield one.call.capability, one.call.action
        yield from _needed(one)


def own_address(text: str) -> str:
    """A path of this service to go on to; the start page for any other address.

    >>> own_address("/maps/combined?area=530102"), own_address("//evil.example/"), own_address("x")
    ('/maps/combined?area=530102', '/', '/')
    """
    parts = urlsplit(text)
    plain = text.isprintable() and "\\" not in text
    ours = not parts.scheme and not parts.netloc and text.startswith("/") and text[1:2] != "/"
    return text if plain and ours else "/"
