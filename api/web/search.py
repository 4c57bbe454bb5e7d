"""Finding a place by what people type: name, code, address, or the initials of its pinyin."""

from collections.abc import Iterable
from functools import lru_cache


@lru_cache(maxsize=100_000)
def initials(name: str) -> str:
    """First letters of the pinyin: 金鼎小区 is ``jdxq``; other signs stay as they are."""
    from pypinyin import Style, lazy_pinyin  # noqa: PLC0415 - its phrases take a second to read

    return "".join(lazy_pinyin(name, style=Style.FIRST_LETTER)).lower()


def matches(wanted: str, values: Iterable[object]) -> bool:
    """Whether any value holds the words as they are, or by pinyin initials."""
    words = wanted.strip().lower()
    if not words:
        return True
    texts = [str(one).lower() for one in values if one not in (None, "")]
    if any(words in text for text in texts):
        return True
    return words.isascii() and any(words in initials(text) for text in texts)
