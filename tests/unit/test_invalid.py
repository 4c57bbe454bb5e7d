"""Each kind of error that pydantic knows has its words, in both languages."""

import re
from datetime import date
from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, Field, ValidationError
from pydantic_core._pydantic_core import list_all_errors

from api import invalid

KINDS = {one["type"]: set(one["example_context"] or {}) for one in list_all_errors()}
CHINESE = re.compile(r"[\u4e00-\u9fff]")


def test_every_kind_has_words_and_no_words_are_left_over():
    assert set(invalid.WORDS) == set(KINDS)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_the_words_are_chinese_and_english_and_ask_for_what_the_error_tells(kind):
    zh, en = invalid.WORDS[kind]
    assert CHINESE.search(zh)
    assert not CHINESE.search(en)
    assert set(re.findall(r"\{(\w+)\}", zh + en)) <= KINDS[kind]


class Asked(BaseModel, extra="forbid"):
    limit: Annotated[int, Field(ge=1)]
    day: date
    kind: Literal["a", "b"]


def test_all_that_is_wrong_stands_in_one_line_in_both_languages():
    with pytest.raises(ValidationError) as wrong:
        Asked.model_validate({"limit": 0, "day": "soon", "kind": "c"})
    assert invalid.both(wrong.value.errors()) == (
        "limit：应不小于 1；day：应为日期，如 2026-09-30；kind：可选：a, b / "
        "limit: should be 1 or more; day: should be a date such as 2026-09-30; "
        "kind: choose one of a, b"
    )
