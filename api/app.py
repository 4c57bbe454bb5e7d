"""The service: routes, errors and the gate put together."""

import contextlib
import functools
from collections.abc import AsyncIterator

from fastapi import APIRouter, Depends, FastAPI, Response
from sqlalchemy.pool import QueuePool

from api import errors
from api.audit.reads import Looks
from api.auth.sso import Flows, check_authorities
from api.deps import near_or_health
from api.house import House, transaction
from api.planning.plans import MOST_KEPT
from api.routers import ROUTERS
from api.serving.bare import Bare
from api.serving.gate import Gate
from api.serving.intake import Intake
from api.serving.limits import Limits
from api.serving.line import Line
from api.serving.metrics import Metrics
from api.serving.origin import OwnOrigin
from api.serving.standing import Standing
from api.serving.streams import Streams
from api.serving.works import Works
from api.shelf import MOST_MOMENTS, MOST_PAGES, Shelf, SlowShelf
from api.version import VERSION
from api.web import failures
from api.web.pages import PAGES
from api.web.paper import plaques
from gis.settings import Settings

_DESCRIPTION = "城市网格管理与公共安全 GIS / grid management and public-safety GIS of a district"


def create_app(settings: Settings) -> FastAPI:
    """The service over the store that ``settings`` describe.

    Documentation pages are the OpenAPI document alone: the usual viewers load from the internet.
    Raises BadDistrict, BadPolicy and BadInput at once, not on the first request.
    """
    house = House(settings)
    _ = house.district, house.policy  # read now: a broken file is told at the start
    check_authorities(settings)

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        with house.store(statement_timeout_ms=settings.statement_timeout_ms) as engine:
            app.state.engine = engine
            with transaction(engine) as session:
                plaques.settle(session, house)
            pool = engine.pool
            assert isinstance(pool, QueuePool), "an engine of gis.db.engine has a bounded pool"
            metrics.watch(pool.checkedout, app.state.works.__len__, Standing(house, engine))
            yield

    app = FastAPI(
        title="wangge", version=VERSION, description=_DESCRIPTION, lifespan=lifespan,
        docs_url=None, redoc_url=None, openapi_url="/api/v1/openapi.json",
    )  # fmt: skip
    app.state.house = house
    _remember(app, settings)
    errors.install(app)
    failures.install(app)
    app.router.routes.extend(_doors().routes)
    metrics = Metrics()

    @app.get("/metrics", include_in_schema=False, dependencies=[Depends(near_or_health)])
    def read_metrics() -> Response:
        """Measurements for Prometheus."""
        return metrics.answer()

    _guard(app, settings, metrics)
    return app


@functools.cache
def _doors() -> APIRouter:
    """What programs and pages ask, once for a process: to read its parameters takes a second."""
    doors = APIRouter(responses=errors.DOCUMENTED)
    for router in ROUTERS:
        doors.include_router(router)
    for page in PAGES:
        doors.include_router(page, include_in_schema=False, dependencies=[OwnOrigin])
    return doors


def _guard(app: FastAPI, settings: Settings, metrics: Metrics) -> None:
    """What every request passes before a route sees it; the last one added is the first passed."""
    app.add_middleware(
        Intake, limit_bytes=settings.body_limit_kb * 1024, patience_s=settings.body_patience_s,
        shown=failures.shown,
    )  # fmt: skip
    app.add_middleware(Bare)
    app.add_middleware(
        Gate, hosts=settings.allowed_hosts, inner_hosts=settings.inner_hosts, metrics=metrics,
        shown=failures.shown,
    )  # fmt: skip


def _remember(app: FastAPI, settings: Settings) -> None:
    """What one process keeps between requests: what was made, and who asked how often."""
    app.state.shelf, app.state.works = Shelf(MOST_PAGES), Works()
    app.state.plans = SlowShelf(MOST_KEPT, app.state.works)
    app.state.walks = SlowShelf(MOST_PAGES, app.state.works)
    app.state.looks, app.state.moments = Looks(), Shelf(MOST_MOMENTS)
    app.state.limits, app.state.streams = Limits(settings), Streams(settings)
    app.state.flows, app.state.line = Flows(), Line(settings)
