"""What a request is given: the house, one session, checked parameters."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager
from datetime import date
from typing import Annotated, Any, NamedTuple

from fastapi import Depends, Query, Request
from fastapi import Path as PathParam
from fastapi.concurrency import contextmanager_in_threadpool, run_in_threadpool
from sqlalchemy.orm import Session

from api.auth.identity import Identified, user_of
from api.house import House
from api.serving.at_once import at_once
from api.serving.works import Asker
from gis.access.rights import Action, Capability
from gis.areas.levels import Level
from gis.db.session import User, sessions
from gis.errors import Forbidden, Missing, SignInNeeded, Withheld
from gis.layers.model import Layer, layer, tiled
from gis.layers.service import Scope
from gis.period import Period

_NEAR = {"127.0.0.1", "::1", "socket"}


def house(request: Request) -> House:
    """The installation that serves the request."""
    found = request.app.state.house
    assert isinstance(found, House)
    return found


def caller(request: Request, entered: Identified) -> User:
    """Who asks: the user of a session or a token, else somebody who may nothing.

    Raises Missing for somebody who is signed in by half.

    The gate's log and the audit trail find the user in the request's state.
    """
    if entered is not None and entered.missing:
        raise Missing(entered.missing)
    user = user_of(entered)
    request.state.user = user
    return user


Caller = Annotated[User, Depends(at_once(caller))]


def allow(user: User, capability: Capability, action: Action = Action.READ) -> None:
    """Raises SignInNeeded for nobody and Forbidden for somebody without that right."""
    if user == User.anonymous():
        raise SignInNeeded
    if not user.may(capability, action):
        raise Forbidden.right(capability, action)


def signed_in(user: Caller) -> User:
    """Rule of what everybody may see who has an account; raises SignInNeeded."""
    if user == User.anonymous():
        raise SignInNeeded
    return user


class Needs:
    """A route's rule, given as ``dependencies=[needs(Capability.VIDEO)]``; raises Forbidden."""

    def __init__(self, capability: Capability, action: Action = Action.READ) -> None:
        self.capability, self.action = capability, action

    async def __call__(self, user: Caller) -> User:
        """The caller, who may."""
        allow(user, self.capability, self.action)
        return user


def needs(capability: Capability, action: Action = Action.READ) -> Any:
    """`Needs` as an entry of a route's or a router's ``dependencies``."""
    return Depends(Needs(capability, action))


def near_or_health(request: Request, entered: Identified) -> None:
    """Probes of this machine itself ask freely; from elsewhere one needs ``health:read``."""
    address = request.state.origin.address
    if address not in _NEAR:
        allow(user_of(entered), Capability.HEALTH)


async def place(request: Request) -> AsyncIterator[None]:
    """A place in the `Line`, kept to the end of the request; raises Busy."""
    async with request.app.state.line.place():
        yield


InLine = Annotated[None, Depends(place, scope="function")]


def transaction(request: Request, user: User) -> AbstractContextManager[Session]:
    """One request, one transaction, one user's rights: commit on return, roll back on raise.

    For a route that is `InLine`; it begins and ends in the thread of whoever opens it.
    """
    info = {"user": user, "request": request.state.origin}
    return sessions(request.app.state.engine).begin(info=info)


async def session(request: Request, user: Caller, _: InLine) -> AsyncIterator[Session]:
    """The same as a dependency, which begins and ends in threads of its own."""
    async with contextmanager_in_threadpool(transaction(request, user)) as db:
        yield db


async def asker(request: Request) -> AsyncIterator[Asker]:
    """Whoever waits for long work in this request; it is told when the client goes away."""
    found = Asker()
    watching = asyncio.create_task(_watched(request, found))
    try:
        yield found
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)  # a body may be refused there, too


async def _watched(request: Request, found: Asker) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
    await run_in_threadpool(found.leave)


Waits = Annotated[Asker, Depends(asker, scope="function")]
At = Annotated[House, Depends(at_once(house))]
Db = Annotated[Session, Depends(session, scope="function")]

AreaPrefix = Annotated[
    str, Query(pattern=r"^[0-9A-Za-z-]{0,20}$", description="division code or its beginning")
]
PeriodText = Annotated[
    str | None, Query(pattern=r"^\d{4}(Q[1-4]|-(0[1-9]|1[0-2]))$", description="2026Q3 or 2026-07")
]
AsOf = Annotated[date | None, Query(description="day whose state is shown")]
RowId = Annotated[int, PathParam(ge=1, le=2**62, examples=[7])]  # what a bigint holds
Limit = Annotated[int, Query(ge=1, le=10_000, description="rows per page")]
Offset = Annotated[int, Query(ge=0, le=10_000_000, description="rows to skip")]
Resolution = Annotated[int, Query(ge=8, le=10, description="H3 resolution")]


class Wanted(NamedTuple):
    """What of a layer the address names, well written; whether the caller sees it is not asked."""

    area: str
    period: str | None
    as_of: date | None
    level: Level
    resolution: int


def wanted(
    area: AreaPrefix = "",
    period: PeriodText = None,
    as_of: AsOf = None,
    level: Level = Level.COMMUNITY,
    resolution: Resolution = 9,
) -> Wanted:
    """The words of an address; raises BadInput for a period that is none."""
    if period is not None:
        Period.parse(period)
    return Wanted(area, period, as_of, level, resolution)


InAddress = Annotated[Wanted, Depends(at_once(wanted))]


def scope(request: Request, user: Caller, asked: InAddress) -> Scope:
    """What of a layer a request asks for."""
    at = house(request)
    return Scope(
        area_prefix=at.district.prefix_of(asked.area), period=asked.period, as_of=asked.as_of,
        level=asked.level, resolution=asked.resolution,
        internal=at.settings.serve_internal and user.may(Capability.VIDEO),
    )  # fmt: skip


Asked = Annotated[Scope, Depends(at_once(scope))]


LayerName = Annotated[str, PathParam(pattern=r"^[a-z0-9_]{1,40}$", examples=["coverage"])]


def shown_layer(request: Request, user: Caller, name: LayerName) -> Layer:
    """The layer called ``name`` if the caller may see it; raises NotFound, Withheld, Forbidden."""
    return _seen(layer(name), house(request), user)


def tiled_layer(request: Request, user: Caller, name: LayerName) -> Layer:
    """The same, and what lies below layers: it has tiles and nothing else."""
    return _seen(tiled(name), house(request), user)


def _seen(found: Layer, at: House, user: User) -> Layer:
    allow(user, found.capability)
    if found.internal and not at.settings.serve_internal:
        raise withheld(found)
    return found


def withheld(one: Layer) -> Withheld:
    """Why an internal layer is not given."""
    return Withheld(
        f"图层 {one.name} 为内部图层，本服务不提供 / "
        f"layer {one.name} is internal, and this service shows none: WANGGE_SERVE_INTERNAL"
    )


def said(example: Any, media_type: str = "application/json") -> dict[int | str, dict[str, Any]]:
    """What the OpenAPI document shows as an operation's answer."""
    return {200: {"content": {media_type: {"example": example}}}}


ShownLayer = Annotated[Layer, Depends(at_once(shown_layer))]
TiledLayer = Annotated[Layer, Depends(at_once(tiled_layer))]
