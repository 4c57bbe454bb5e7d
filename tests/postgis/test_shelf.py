"""Pages are kept until the store moves on, and never for another user."""

from itertools import count

from api.shelf import MOST_PAGES, Shelf
from gis.db.session import User
from gis.runs.model import Import


def imported() -> Import:
    return Import(
        area_code="530102", kind="compounds", file_name="x", file_sha256="0", read=0, kept=0,
        repaired=0, flagged=0, refused=0, summary={},
    )  # fmt: skip


def test_a_page_is_made_again_when_something_was_imported(store):
    shelf, made = Shelf(MOST_PAGES), count()

    def page(shown: str = "rating", user: User | None = None) -> str:
        with store.begin(user) as session:
            return shelf.kept(session, shown, lambda: f"page {next(made)}")

    assert [page(), page()] == ["page 0", "page 0"]
    assert page("coverage") == "page 1"
    assert page(user=User(id="somebody", area_prefixes=("530102001",))) == "page 2"
    with store.begin() as session:
        session.add(imported())
    assert page() == "page 3"


def test_the_shelf_forgets_the_page_asked_for_longest_ago(store):
    shelf, made = Shelf(MOST_PAGES), count()
    with store.begin() as session:
        for shown in range(20):
            shelf.kept(session, shown, lambda: f"page {next(made)}")
        assert shelf.kept(session, 19, lambda: "made again") == "page 19"
        assert shelf.kept(session, 0, lambda: "made again") == "made again"
