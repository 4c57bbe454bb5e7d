"""Whether a DXF unfolds to more than can be held: blocks that insert blocks grow as powers do."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from data.ingest.refusal import refuse

MOST = 2_000_000  # entities, those of inserted blocks counted each time
_DEEPEST = 64
_WHOLE = ""  # where entities stand that are in no block


@dataclass
class _Block:
    entities: int = 0
    inserted: list[tuple[str, int]] = field(default_factory=list)  # names, how often each


def check(path: Path) -> None:
    """Raise ImportRefused ``drawing_too_large``: GDAL draws every insertion out in memory."""
    blocks = _blocks(path)
    if _size(blocks, _WHOLE, {}, 0) > MOST:
        raise refuse(
            "drawing_too_large",
            path,
            f"图块展开后超过 {MOST} 个图元；请在 CAD 中只导出需要的图层",
            f"unfolds to more than {MOST} entities; export only the layers that are needed",
        )


def _blocks(path: Path) -> dict[str, _Block]:
    found: dict[str, _Block] = {_WHOLE: _Block()}
    at, kind, name, columns, rows = _WHOLE, "", "", 1, 1

    def close() -> None:
        nonlocal at
        block = found.setdefault(at, _Block())
        if kind == "BLOCK":
            at = name
            found.setdefault(at, _Block())
        elif kind in {"ENDBLK", "ENDSEC"}:
            at = _WHOLE
        elif kind not in {"", "SECTION", "EOF"}:
            block.entities += 1
            if name:
                block.inserted.append((name, max(columns, 1) * max(rows, 1)))

    for code, value in _pairs(path):
        if code == "0":
            close()
            kind, name, columns, rows = value.upper(), "", 1, 1
        elif code == "2":
            name = value
        elif code in {"70", "71"} and kind == "INSERT" and value.isdecimal():
            columns, rows = (int(value), rows) if code == "70" else (columns, int(value))
    close()
    return found


def _pairs(path: Path) -> Iterator[tuple[str, str]]:
    """Group codes and values; the letters beyond ASCII do not matter here."""
    with path.open(encoding="latin-1") as file:
        lines = (line.strip() for line in file)
        yield from zip(lines, lines, strict=False)


def _size(blocks: dict[str, _Block], name: str, known: dict[str, int], depth: int) -> int:
    """Entities of a block with all that it inserts; one that inserts itself is not drawn."""
    if depth > _DEEPEST:
        return MOST + 1
    if name not in known:
        known[name] = 0
        block = blocks.get(name, _Block())
        inner = (times * _size(blocks, one, known, depth + 1) for one, times in block.inserted)
        known[name] = min(block.entities + sum(inner), MOST + 1)
    return known[name]
