"""The service: routes, errors, hosts and headers put together."""

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

from fastapi import FastAPI, Request, Response
from starlette.middleware.trustedhost import TrustedHostMiddleware

from api import errors, metrics
from api.house import House
from api.routers import ROUTERS
from api.version import VERSION
from gis.settings import Settings

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
}
_DESCRIPTION = "城市网格管理与公共安全 GIS / grid management and public-safety GIS of a district"


def create_app(settings: Settings) -> FastAPI:
    """The service over the store that ``settings`` describe.

    Documentation pages are the OpenAPI document alone: the usual viewers load from the internet.
    """
    house = House(settings)

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        with house.store(statement_timeout_ms=settings.statement_timeout_ms) as engine:
            app.state.engine = engine
            yield

    app = FastAPI(
        title="wangge", version=VERSION, description=_DESCRIPTION, lifespan=lifespan,
        docs_url=None, redoc_url=None, openapi_url="/api/v1/openapi.json",
    )  # fmt: skip
    app.state.house = house
    errors.install(app)
    for router in ROUTERS:
        app.include_router(router)
    metrics.install(app)
    app.middleware("http")(_headers)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=list(settings.allowed_hosts))
    return app


async def _headers(
    request: Request, call_next: Callable[[Request], Awaitable[Response]]
) -> Response:
    response = await call_next(request)
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    return response
