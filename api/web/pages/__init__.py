"""Pages, one module each; a page's router is named here and its menu line in `api.web.menu`."""

from api.web.pages import (
    account,
    check,
    coverage,
    dangers,
    drawing,
    facilities,
    front,
    help,
    map,
    place,
    plaques,
    ratings,
    scenarios,
    today,
    visits,
)

PAGES = (
    account.router,
    front.router,
    help.router,
    today.router,
    map.router,
    place.router,
    dangers.router,
    visits.router,
    ratings.router,
    plaques.router,
    coverage.router,
    facilities.router,
    drawing.router,
    scenarios.router,
    check.router,
)
