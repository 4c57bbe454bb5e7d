"""The front page: everybody begins where their work is."""

from fastapi import APIRouter
from fastapi.responses import RedirectResponse

from api.deps import Caller
from api.web import menu

router = APIRouter()


@router.get("/")
def read_front(user: Caller) -> RedirectResponse:
    """To the first page of the reader's role."""
    return RedirectResponse(menu.home(user), 303)
