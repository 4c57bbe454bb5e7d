"""Pages are kept until the store moves on, and never for another user."""

from datetime import date
from itertools import count

from api.shelf import MOST_PAGES, Shelf
from gis.access.rights import Role
from gis.db.session import User
from gis.publication import store as publication
from gis.publication.model import RatingCycle
from gis.runs.model import Import, Run


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


def test_a_page_is_made_again_when_a_quarter_was_published(store):
    """For who sees no drafts; nothing was imported or computed between."""
    shelf, made = Shelf(MOST_PAGES), count()

    def page() -> str:
        with store.begin(User.of(Role.VIEWER, id="one", area_prefixes=("530102",))) as session:
            return shelf.kept(session, "rating", lambda: f"page {next(made)}")

    with store.begin() as session:
        run = Run(
            area_code="530102", analysis="rating", period="2026Q3", as_of=date(2026, 9, 30),
            policy_version="t", policy_digest="t", input_digest="t", parameters={}, totals={},
        )  # fmt: skip
        session.add(run)
        session.flush()
        cycle = RatingCycle(area_code="530102", period="2026Q3", revision=1, run_id=run.id,
                            opened_by="li")  # fmt: skip
        session.add(cycle)
    assert [page(), page()] == ["page 0", "page 0"]
    with store.begin() as session:
        publication.publish(session, session.merge(cycle), issuer="五华区", user_id="li")
    assert [page(), page()] == ["page 1", "page 1"]


def test_the_shelf_forgets_the_page_asked_for_longest_ago(store):
    shelf, made = Shelf(MOST_PAGES), count()
    with store.begin() as session:
        for shown in range(20):
            shelf.kept(session, shown, lambda: f"page {next(made)}")
        assert shelf.kept(session, 19, lambda: "made again") == "page 19"
        assert shelf.kept(session, 0, lambda: "made again") == "made again"
