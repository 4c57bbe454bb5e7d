"""Pages, one module each; a page's router is named here and its menu line in `api.web.menu`."""

from api.web.pages import check, front, help, plaques, ratings

PAGES = (
    front.router,
    help.router,
    ratings.router,
    plaques.router,
    check.router,
)
