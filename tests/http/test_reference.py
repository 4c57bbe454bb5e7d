"""The pages about the command and the HTTP surface say what the code does."""

from pathlib import Path

from api import reference
from api.commands.runs import What
from gis.runs.model import TITLES, Analysis

DOCS = Path(__file__).parents[2] / "docs"


def test_the_page_of_commands_is_up_to_date():
    assert (DOCS / "commands.md").read_text("utf-8") == reference.commands_page()


def test_the_command_runs_every_analysis_there_is():
    assert {one.value for one in What} == {*Analysis, "all"}
    assert set(TITLES) == set(Analysis)


def test_the_page_of_routes_is_up_to_date():
    assert (DOCS / "http.md").read_text("utf-8") == reference.http_page()


def test_the_table_of_rights_is_that_of_the_code():
    page = (DOCS / "rights.md").read_text("utf-8")
    shown = page.partition("<!-- table -->\n")[2].partition("<!-- /table -->")[0]
    assert shown == reference.rights_table()


def test_every_schema_belongs_to_a_command():
    names = {path.stem for path in (DOCS / "json").glob("*.json")}
    assert names == {
        "audit", "backup", "counts", "demo", "error", "export", "import", "import-undo", "map",
        "replay", "restore", "run", "serve", "status", "video-check", "video-plan",
    }  # fmt: skip
