"""Whether a DXF unfolds to more than can be held: blocks that insert blocks grow as powers do."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from data.ingest.refusal import refuse

MOST = 2_000_000  # entities that come from insertions, each time counted
_DEEPEST = 64
_WHOLE = ""  # where entities stand that are in no block
_DRAWN = {"BLOCKS", "ENTITIES"}
_PARTS = {"VERTEX", "SEQEND", "ATTRIB"}  # of the entity before them
_INTEGER = re.compile(r"\s*([+-]?)0*(\d{0,19})")


@dataclass
class _Block:
    entities: int = 0
    inserted: list[tuple[str, int]] = field(default_factory=list)  # names, how often each


def check(path: Path) -> None:
    """Raise ImportRefused ``drawing_too_large``: GDAL draws every insertion out in memory."""
    blocks, known = _blocks(path), dict[str, int]()
    if any(_size(blocks, name, known, 0) - block.entities > MOST for name, block in blocks.items()):
        raise refuse(
            "drawing_too_large",
            path,
            f"图块展开后超过 {MOST} 个图元；请在 CAD 中只导出需要的图层",
            f"unfolds to more than {MOST} entities; export only the layers that are needed",
        )


def _blocks(path: Path) -> dict[str, _Block]:
    found: dict[str, _Block] = {_WHOLE: _Block()}
    section, at, kind, name, columns, rows = "", _WHOLE, "", "", 1, 1

    def close() -> None:
        nonlocal section, at
        if kind == "SECTION" and section not in _DRAWN:
            section = name.upper()
        elif kind == "ENDSEC":
            section, at = "", _WHOLE
        elif section not in _DRAWN or kind in _PARTS:
            return
        elif kind == "BLOCK":
            at = name
            found.setdefault(at, _Block())
        elif kind == "ENDBLK":
            at = _WHOLE
        else:
            found[at].entities += 1
            if name:
                found[at].inserted.append((name, max(columns, 1) * max(rows, 1)))

    for code, value in _pairs(path):
        if code == 0:
            close()
            kind, name, columns, rows = value.upper(), "", 1, 1
        elif kind == "SECTION":
            name = name or value
        elif code == 2 and kind in {"BLOCK", "INSERT", "DIMENSION"}:
            name = value
        elif code in {70, 71} and kind == "INSERT":
            columns, rows = (_integer(value), rows) if code == 70 else (columns, _integer(value))
    close()
    return found


def _pairs(path: Path) -> Iterator[tuple[int, str]]:
    """Group codes and values; the letters beyond ASCII do not matter here."""
    with path.open(encoding="latin-1") as file:
        lines = (line.strip() for line in file)
        yield from ((_integer(code), value) for code, value in zip(lines, lines, strict=False))


@lru_cache(maxsize=4096)
def _integer(text: str) -> int:
    """What C makes of it, as GDAL does: the digits it begins with, 0 if there are none."""
    found = _INTEGER.match(text)
    sign, digits = found.groups() if found else ("", "")
    return (int(f"{sign}{digits or 0}") + 2**31) % 2**32 - 2**31


def _size(blocks: dict[str, _Block], name: str, known: dict[str, int], depth: int) -> int:
    """Entities of a block with all that it inserts; one that inserts itself has no end."""
    if depth > _DEEPEST:
        return MOST + 1
    if name not in known:
        known[name] = MOST + 1  # until it is known
        block = blocks.get(name, _Block())
        inner = sum(times * _size(blocks, one, known, depth + 1) for one, times in block.inserted)
        known[name] = block.entities + min(inner, MOST + 1)
    return known[name]
