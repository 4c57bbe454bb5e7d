"""Pages, one module each; a page's router is named here and its menu line in `api.web.menu`."""

from api.web.pages import front, help

PAGES = (
    front.router,
    help.router,
)
