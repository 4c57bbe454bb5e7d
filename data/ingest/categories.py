"""The names of incident categories, and what follows from a name: severe, preventable."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from data.ingest.fields import fold
from data.ingest.values.cells import as_text
from gis.safety.model import Category

_FILE = Path(__file__).resolve().parents[1] / "reference" / "categories.toml"


@dataclass(frozen=True)
class Categories:
    """Folded name → category; the folded names that are severe; the preventable categories."""

    words: Mapping[str, str]
    severe: frozenset[str]
    preventable: frozenset[str]


@lru_cache(maxsize=1)
def load() -> Categories:
    """The product's list (``data/reference/categories.toml``)."""
    raw = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    words: dict[str, str] = {}
    severe: set[str] = set()
    for category in Category:
        entry = raw.get(category, {})
        usual, grave = entry.get("names", []), entry.get("severe_names", [])
        for name in (category, *usual, *grave):
            words[fold(name)] = str(category)
        severe |= {fold(name) for name in grave}
        if entry.get("severe", False):
            severe |= {fold(name) for name in (category, *usual)}
    preventable = {str(c) for c in Category if raw.get(c, {}).get("preventable", False)}
    return Categories(words, frozenset(severe), frozenset(preventable))


def follows(names: pa.Array, categories: pa.Array) -> tuple[pa.Array, pa.Array]:
    """``severe`` by the name in the file and ``preventable`` by the category it was mapped to."""
    known = load()
    encoded = as_text(names).dictionary_encode()
    grave = [_is_severe(value, known) for value in encoded.dictionary.to_pylist()]
    severe = pa.array(grave, pa.bool_()).take(encoded.indices)
    preventable = pc.is_in(categories, pa.array(sorted(known.preventable), pa.string()))
    return pc.fill_null(severe, False), pc.fill_null(preventable, False)


def _is_severe(name: str, known: Categories) -> bool:
    folded = fold(name)
    return folded in known.severe or folded.removesuffix("案") in known.severe
