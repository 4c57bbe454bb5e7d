"""The front page: everybody begins where their work is."""

from fastapi import APIRouter
from fastapi.responses import RedirectResponse

from api.deps import Caller
from api.web import menu
from gis.db.session import User
from gis.errors import SignInNeeded

router = APIRouter()


@router.get("/")
def read_front(user: Caller) -> RedirectResponse:
    """To the first page of the reader's role, or to the door."""
    if user == User.anonymous():
        raise SignInNeeded("请先登录 / sign in first")
    return RedirectResponse(menu.home(user), 303)
