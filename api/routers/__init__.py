"""HTTP routes, one module per capability; a router translates and does not think."""

from api.routers import (
    accounts,
    areas,
    audit,
    auth,
    exports,
    health,
    imports,
    jobs,
    layers,
    maps,
    ogc,
    results,
    tiles,
    video,
    video_ground,
    video_plan,
)

ROUTERS = (  # what maps ask for hundreds of times is found first
    tiles.router,
    ogc.router,
    health.router,
    auth.router,
    accounts.router,
    audit.router,
    areas.router,
    results.router,
    layers.router,
    maps.router,
    jobs.router,
    imports.router,
    exports.router,
    video.router,
    video_ground.router,
    video_plan.router,
)
