"""What a reader may open: each link asks the rule of the route that it leads to."""

from collections.abc import Iterator
from functools import lru_cache
from urllib.parse import urlsplit

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute

from api.deps import Needs
from gis.access.rights import Right
from gis.db.session import User


def may_open(app: FastAPI, user: User | None, address: str, method: str = "GET") -> bool:
    """Whether ``user`` holds every right that the route of ``address`` asks for."""
    path = urlsplit(address).path
    for route in _routes(app):
        if method in (route.methods or ()) and route.path_regex.match(path):
            return user is not None and set(_needed(route.dependant)) <= user.rights
    return True  # a file, or a part of the page itself


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
