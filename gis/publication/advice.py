"""The advice of a plaque: sentences for the incident kinds a compound has most of; pure."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gis.errors import BadInput
from gis.safety.model import Category
from gis.safety.rules import Colour

_KINDS = 3  # what somebody passing by still reads


@dataclass(frozen=True)
class Advice:
    """Sentences by incident kind and by colour, each ``zh`` and ``en``."""

    kinds: Mapping[str, Mapping[str, str]]
    colours: Mapping[str, Mapping[str, str]]

    def sentences(
        self, colour: str, kinds: Sequence[str], *, language: str = "zh"
    ) -> tuple[str, ...]:
        """Advice of one plaque: the first of ``kinds``, then its colour's sentence.

        A green plaque praises and warns of nothing. Kinds without a sentence are left out.
        """
        closing = self.colours[colour][language]
        if colour == Colour.GREEN:
            return (closing,)
        told = [self.kinds[kind][language] for kind in kinds if kind in self.kinds]
        return (*told[:_KINDS], closing)


def load(path: Path) -> Advice:
    """Read an advice file.

    Raises BadInput, naming what is wrong, for broken TOML, a kind that is no incident category, a
    plaque colour without a sentence, or a sentence in one language only.
    """
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as exc:
        raise BadInput(f"{path}: {exc}") from exc
    kinds, colours = raw.get("kinds", {}), raw.get("colours", {})
    unknown = set(kinds) - {one.value for one in Category}
    if unknown:
        raise BadInput(f"{path}: kinds: {sorted(unknown)} are no incident categories")
    lacking = {"red", "yellow", "green"} - set(colours)
    if lacking:
        raise BadInput(f"{path}: colours: no sentence for {sorted(lacking)}")
    for name, words in (*kinds.items(), *colours.items()):
        if not isinstance(words, dict) or not (words.get("zh") and words.get("en")):
            raise BadInput(f'{path}: {name}: write {{ zh = "…", en = "…" }}')
    return Advice(kinds, colours)
