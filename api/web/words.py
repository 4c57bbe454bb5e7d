"""Words of the pages in Chinese and English: one file per area in ``api/web/words``."""

import tomllib
from functools import cache
from importlib.resources import files
from typing import Literal

Language = Literal["zh", "en"]
Pair = tuple[str, str]
LANGUAGES: tuple[Language, ...] = ("zh", "en")


@cache
def area(name: str) -> dict[str, Pair]:
    """The words of one area by key; ``today.toml`` is the area ``today``."""
    text = files("api.web").joinpath("words", f"{name}.toml").read_text("utf-8")
    return {key: (pair[0], pair[1]) for key, pair in tomllib.loads(text).items()}


def word(key: str, language: Language, **values: object) -> str:
    """The words of ``area.key``; ``{name}`` in them stands for the value of that name.

    Raises KeyError for a word that no file has: a page shows no raw keys.
    """
    name, _, inside = key.partition(".")
    said = area(name)[inside][LANGUAGES.index(language)]
    return said.format(**values) if values else said
