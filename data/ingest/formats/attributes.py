"""In which encoding the attributes of a Shapefile or MapInfo file are written."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from data.ingest.encodings import LATIN, best, decodes, deny_utf8, is_utf8, known
from data.ingest.refusal import refuse
from gis.errors import ImportRefused

_SAMPLE_BYTES = 16 << 20
_HEAD_BYTES = 1 << 20
_COUNTED = re.compile(rb"\s*(?:fields|columns)\s+(\d{1,4})\s*", re.IGNORECASE)


def of_dbf(path: Path, declared: str | None) -> str:
    """Codec of a Shapefile's .dbf: declared, .cpg, or detected from its own text.

    A .cpg or language id that says Latin-1 is the writers' default and is checked against the
    bytes; a value cut in the middle of a character at its end is not held against an encoding.
    """
    dbf = sibling(path, ".dbf")
    if dbf is None:
        return "utf-8"
    values = list(_dbf_values(dbf))
    if declared:
        encoding = known(declared, path)
        bad = next((v for v in values if not decodes(v, encoding)), None)
        if bad is not None:
            raise refuse(
                "encoding_wrong",
                path,
                f"属性表不是 {declared} 编码；请核对 --encoding",
                f"its attributes are not {declared}; check --encoding",
            )
        if not encoding.startswith("utf") and all(map(is_utf8, values)):
            deny_utf8(path, declared, values)
        return encoding
    stated = _stated(path)
    if stated and stated.lower() not in LATIN:
        named = _named(stated, path)
        if named and all(decodes(v, named) for v in values):
            utf8 = not named.startswith("utf") and all(map(is_utf8, values))
            return best(values, path, latin=False) if utf8 and values else named
    return best(values, path, latin=stated.lower() in LATIN or not values)


def _stated(path: Path) -> str:
    """What the .cpg says, without the marks and zeros of an editor."""
    cpg = sibling(path, ".cpg")
    return re.sub(r"[^!-~]+", "", cpg.read_text("latin-1")[:64]) if cpg else ""


def _named(stated: str, path: Path) -> str | None:
    """The codec that a .cpg names; None for a name that nobody knows, as if there were none."""
    try:
        return known(stated, path)
    except ImportRefused:
        return None


def of_attributes(path: Path, declared: str | None, *, chinese: bool) -> str:
    """Codec of the attributes of a MapInfo file, a .mid or .dat.

    Its label says ``chinese``, which is doubted only where the text is UTF-8, or nothing true.
    The names of the fields are those in the .tab or .mif: in a .dat GDAL writes them in UTF-8.
    """
    fields = _mapinfo_fields(path)
    if path.suffix.lower() == ".dat":
        text = [kind.startswith(b"char") for _, kind in fields]
        values = list(_dbf_values(path, names=False, text=text))
    else:
        with path.open("rb") as file:
            values = [v for v in file.read(_SAMPLE_BYTES).splitlines() if not v.isascii()]
    values += [name for name, _ in fields if not name.isascii()]
    if declared:
        encoding = known(declared, path)
        if not encoding.startswith("utf") and all(map(is_utf8, values)):
            deny_utf8(path, declared, values)
        return encoding
    if not chinese:
        return best(values, path, latin=True)
    return "utf-8" if values and best(values, path, latin=True) == "utf-8" else "gb18030"


def sibling(path: Path, suffix: str) -> Path | None:
    """The file of the same stem with ``suffix``, in small letters or large."""
    same = (other for other in path.parent.iterdir() if other.stem == path.stem)
    return next((other for other in sorted(same) if other.suffix.lower() == suffix), None)


def _mapinfo_fields(path: Path) -> list[tuple[bytes, bytes]]:
    """Names and types of the fields by the .tab of a .dat, or the .mif of a .mid.

    The .dat itself calls binary numbers characters.
    """
    head = sibling(path, ".tab" if path.suffix.lower() == ".dat" else ".mif")
    if head is None:
        return []
    with head.open("rb") as file:
        lines = file.read(_HEAD_BYTES).splitlines()
    for at, line in enumerate(lines, start=1):
        if counted := _COUNTED.fullmatch(line):
            found = [words for words in map(bytes.split, lines[at : at + int(counted[1])]) if words]
            return [(name, b"".join(rest[:1]).lower()) for name, *rest in found]
    return []


def _dbf_values(path: Path, *, names: bool = True, text: Sequence[bool] = ()) -> Iterable[bytes]:
    """Distinct values of the ``text`` fields, and ``names`` of fields, that are not plain ASCII."""
    with path.open("rb") as file:
        head = file.read(32)
        if len(head) < 32:
            return
        count = int.from_bytes(head[4:8], "little")
        start, width = (int.from_bytes(head[i : i + 2], "little") for i in (8, 10))
        described = file.read(max(start - 32, 0))
        body = file.read(min(count * width, _SAMPLE_BYTES))
    headers, spans, at = [], [], 1
    for i in range(0, len(described) - 31, 32):
        if described[i] == 0x0D:
            break
        headers.append(described[i : i + 11].split(b"\0")[0])
        length = described[i + 16]
        if described[i + 11 : i + 12] == b"C" and all(text[i // 32 : i // 32 + 1]):
            spans.append((at, at + length))
        at += length
    if names:
        yield from (header for header in headers if not header.isascii())
    if width == 0 or width < at:
        return
    table = np.frombuffer(body[: len(body) // width * width], "uint8").reshape(-1, width)
    for first, last in spans:
        wide = table[:, first:last]
        odd = np.ascontiguousarray(wide[(wide > 127).any(axis=1)])
        if odd.size:
            distinct = np.unique(odd.view(f"V{last - first}"))
            yield from (bytes(value).rstrip(b" \0") for value in distinct)
