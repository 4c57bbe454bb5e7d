"""Every word a page asks for exists in both languages; templates hold nothing inline."""

import re
import tomllib
from pathlib import Path

import pytest

from api.web import menu, search, words

WEB = Path(__file__).parents[2] / "api" / "web"
TEMPLATES = sorted((WEB / "templates").rglob("*.html"))
WORDS = sorted((WEB / "words").glob("*.toml"))
SOURCES = [path.read_text("utf-8") for path in (*TEMPLATES, *WEB.parent.rglob("*.py"))]
BUILT = {  # words whose key is put together of values: ``t("jobs.state_" ~ row["state"])``
    "accounts": ("action_", "cap_", "level_", "state_", "token_"),
    "audit": ("event_", "result_"),
    "coverage": ("floor_", "level_", "size_", "workers_"),
    "dangers": ("handler_", "kind_", "move_", "severity_"),
    "error": ("4", "5", "other", "cannot_undo", "not_ready"),
    "exports": ("format_",),
    "eyes": (
        "by_", "blind_lead", "column_", "covered_lead", "findings_lead", "id_", "met_",
        "point_class_", "poles_none_", "status_", "tab_", "told_by_", "watched_lead",
    ),
    "facilities": ("status_",),
    "grids": ("change_", "saved", "undone"),
    "imports": ("cameras_", "count_", "kind_", "severity_", "state_", "status_", "step_"),
    "jobs": ("kind_", "state_"),
    "policy": ("compounds", "divisions"),
    "rankings": ("class_", "inspection", "level_", "media", "problems_fixed", "satisfaction"),
    "ratings": ("check_", "decided_", "fate_", "origin_", "status_"),
    "reports": ("grid_", "ranking_"),
    "scenarios": ("kind_", "said_"),
    "shell": ("role_", "table_csv", "table_xlsx", "theme_"),
    "today": ("all_",),
    "visits": ("kind_",),
}  # fmt: skip
WHOLE = {"glossary", "kinds", "menu", "tour"}  # lists that are gone through from end to end
ASKED = re.compile(r"""\bt\(\s*["']([a-z]+\.[a-z0-9_]+)["']\s*[,)]""")


@pytest.mark.parametrize("path", [*TEMPLATES, *sorted(WEB.rglob("*.py"))], ids=lambda p: p.name)
def test_every_word_asked_for_is_written(path):
    for key in ASKED.findall(path.read_text("utf-8")):
        for language in words.LANGUAGES:
            assert words.word(key, language), key


def test_every_event_of_the_trail_has_a_word():
    source = "\n".join(path.read_text("utf-8") for top in ("api", "gis", "data") for path in
                       (WEB.parents[1] / top).rglob("*.py"))  # fmt: skip
    written = re.findall(r'event="(\w+)"(?: if [^,]+ else "(\w+)")?', source)
    bare = re.findall(r'(?:_note\(session, |\bLine\()"(\w+)"', source)
    events = {one for pair in written for one in pair if one} | set(bare)
    assert len(events) > 30
    named = {key.removeprefix("event_") for key in words.area("audit") if key.startswith("event_")}
    assert named == events


@pytest.mark.parametrize("area", sorted({path.stem for path in WORDS} - WHOLE))
def test_every_word_is_asked_for(area):
    """By its full name, by one that is built, or by its bare key in a file that adds the area."""
    named, quoted = set(), set()
    for source in SOURCES:
        named |= set(re.findall(rf"""["']{area}\.(\w+)["']""", source))
        if re.search(rf"""["']{area}\.["'{{]""", source):
            quoted |= set(re.findall(r"""["'](\w+)["']""", source))
    left = words.area(area).keys() - named - quoted
    assert sorted(key for key in left if not key.startswith(BUILT.get(area, ()))) == []


@pytest.mark.parametrize("path", WORDS, ids=lambda p: p.stem)
def test_words_stand_in_both_languages_with_the_same_values(path):
    for key, pair in tomllib.loads(path.read_text("utf-8")).items():
        zh, en = pair
        assert zh.strip(), key
        assert en.strip(), key
        assert set(re.findall(r"{\w+}", zh)) == set(re.findall(r"{\w+}", en)), key


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda p: p.name)
def test_templates_hold_nothing_inline(path):
    text = path.read_text("utf-8")
    assert not re.search(r"""\s(style|on[a-z]+|hx-on[^=]*)=["']""", text)
    assert "<style" not in text
    assert all("nonce" in tag for tag in re.findall(r"<script[^>]*>", text) if "json" not in tag)


def test_a_missing_word_is_an_error_and_values_are_put_in():
    with pytest.raises(KeyError):
        words.word("shell.nothing_of_the_kind", "zh")
    assert words.word("shell.table_rows", "en", matched=3) == "3 rows"


@pytest.mark.parametrize("typed", ["金鼎", "JDXQ", "jd", "A001"])
def test_a_place_is_found_by_its_name_code_or_initials(typed):
    assert search.matches(typed, ["金鼎小区", "530102001001-A001", None])


def test_other_initials_find_nothing():
    assert not search.matches("xqjd", ["金鼎小区"])


def test_no_two_pages_of_the_menu_share_a_drawing():
    drawn = re.findall(r'^  "(\w+)": "', (WEB / "templates/parts/ui.html").read_text("utf-8"), re.M)
    icons = [one.icon for one in menu.ITEMS]
    assert len(icons) == len(set(icons))
    assert set(icons) <= set(drawn)
