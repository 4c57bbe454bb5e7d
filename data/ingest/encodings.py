"""In which encoding a text or DBF file is written, so that no garbled character is stored."""

import codecs
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import numpy as np

from data.ingest.refusal import refuse

_BLOCK = 8 << 20
_BOMS = (  # the mark of UTF-32 begins with that of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_LATIN = {"iso-8859-1", "latin-1", "latin1", "cp1252", "windows-1252", "ansi 1252", "iso8859-1"}
_CHINESE_SHARE = 0.9  # garbage decoded as GB18030 lands in private and rare blocks
_COMMON_SHARE = 0.55  # Chinese text: over 0.9; Big5 and Shift-JIS read as GB18030: under 0.5
_LATIN_RUNS = 0.3  # at most so much of the accented letters of Latin text stand three in a row
_LONGEST = 4  # bytes of a character in UTF-8
_DBF_SAMPLE_BYTES = 16 << 20


def blocks(path: Path) -> Iterator[bytes]:
    """The file's bytes in blocks of 8 MiB."""
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            yield block


def of_text(path: Path, declared: str | None) -> str:
    """The Python codec of a text file: declared, by its mark, UTF-8, GB18030 or Windows-1252.

    Raises ImportRefused ``encoding_unknown`` for an unknown name and ``encoding_wrong``, with the
    line, for bytes that the declared encoding does not have.
    """
    with path.open("rb") as file:
        head = file.read(4)
    if declared:
        encoding = known(declared, path)
        if encoding == "utf-8":
            encoding = "utf-8-sig"
        failed = _first_failure(path, encoding)
        if failed is not None:
            raise refuse(
                "encoding_wrong",
                path,
                f"不是 {declared} 编码；请核对 --encoding，或不写让程序识别",
                f"is not {declared}; check --encoding or leave it out to have it detected",
                row=_row_of(path, failed),
            )
        return encoding
    for mark, encoding in _BOMS:
        if head.startswith(mark):
            return encoding
    failed = _first_failure(path, "utf-8")
    if failed is None:
        return "utf-8"
    return _other_than_utf8(path, failed)


def known(name: str, path: Path) -> str:
    """Python's name of the codec a person or a .cpg file calls ``name``; GBK reads as GB18030."""
    folded = name.strip().lower()
    if folded in {"gbk", "gb2312", "936", "cp936", "ansi 936", "hz", "gb18030"}:
        return "gb18030"
    if folded in {"65001", "utf8"}:
        return "utf-8"
    for candidate in (folded, f"cp{folded}", folded.replace("ansi ", "cp")):
        try:
            return codecs.lookup(candidate).name
        except LookupError:
            continue
    raise refuse(
        "encoding_unknown",
        path,
        f"不认识的编码 {name}；可用 utf-8、gbk、gb18030",
        f"encoding {name} is unknown; use utf-8, gbk or gb18030",
    )


def of_dbf(path: Path, declared: str | None) -> str:
    """Codec of a Shapefile's .dbf: declared, .cpg, or detected from its own text.

    A .cpg or language id that says Latin-1 is the writers' default and is checked against the
    bytes; a value cut in the middle of a character at its end is not held against an encoding.
    """
    dbf = _sibling(path, ".dbf")
    if dbf is None:
        return "utf-8"
    values = list(_dbf_values(dbf))
    if declared:
        encoding = known(declared, path)
        bad = next((v for v in values if not _decodes(v, encoding)), None)
        if bad is not None:
            raise refuse(
                "encoding_wrong",
                path,
                f"属性表不是 {declared} 编码；请核对 --encoding",
                f"its attributes are not {declared}; check --encoding",
            )
        return encoding
    cpg = _sibling(path, ".cpg")
    stated = cpg.read_text("ascii", "replace").strip() if cpg else ""
    if stated and stated.lower() not in _LATIN:
        encoding = known(stated, path)
        if all(_decodes(v, encoding) for v in values):
            return encoding
    return _best(values, path, latin=stated.lower() in _LATIN or not values)


def _sibling(path: Path, suffix: str) -> Path | None:
    for ending in (suffix, suffix.upper()):
        found = path.with_suffix(ending)
        if found.exists():
            return found
    return None


def _dbf_values(path: Path) -> Iterable[bytes]:
    """Field names and distinct character values that are not plain ASCII."""
    with path.open("rb") as file:
        head = file.read(32)
        if len(head) < 32:
            return
        count = int.from_bytes(head[4:8], "little")
        start, width = (int.from_bytes(head[i : i + 2], "little") for i in (8, 10))
        described = file.read(max(start - 32, 0))
        body = file.read(min(count * width, _DBF_SAMPLE_BYTES))
    names, spans, at = [], [], 1
    for i in range(0, len(described) - 31, 32):
        if described[i] == 0x0D:
            break
        names.append(described[i : i + 11].split(b"\0")[0])
        length = described[i + 16]
        if described[i + 11 : i + 12] == b"C":
            spans.append((at, at + length))
        at += length
    yield from (name for name in names if not name.isascii())
    if width == 0 or width < at:
        return
    table = np.frombuffer(body[: len(body) // width * width], "uint8").reshape(-1, width)
    for first, last in spans:
        wide = table[:, first:last]
        odd = np.ascontiguousarray(wide[(wide > 127).any(axis=1)])
        if odd.size:
            distinct = np.unique(odd.view(f"V{last - first}"))
            yield from (bytes(value).rstrip(b" \0") for value in distinct)


def _decodes(value: bytes, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    try:
        decoder.decode(value)
    except UnicodeDecodeError:
        return False
    return True


def is_utf8(value: bytes | None) -> bool:
    """Whether bytes are UTF-8 text; nothing is."""
    try:
        str(value or b"", "utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _best(values: list[bytes], path: Path, *, latin: bool) -> str:
    if all(_decodes(v, "utf-8") for v in values):
        return "utf-8"
    if all(_decodes(v, "gb18030") for v in values):
        text = "".join(v.decode("gb18030", "ignore") for v in values)
        if _is_chinese(text):
            return "gb18030"
    if latin or (all(_decodes(v, "cp1252") for v in values) and _is_latin(b" ".join(values))):
        return "cp1252"
    raise refuse(
        "encoding_unknown",
        path,
        "属性表的编码无法识别；请用 --encoding 指明",
        "the encoding of its attributes was not recognised; name it with --encoding",
    )


def _is_chinese(text: str) -> bool:
    """Whether text decoded as GB18030 reads as Chinese and not as another encoding's bytes."""
    odd = [c for c in text if ord(c) > 127]
    common = sum(_in_gb2312(c) for c in odd)
    return _chinese_share(text) >= _CHINESE_SHARE and common >= _COMMON_SHARE * len(odd)


@cache
def _in_gb2312(character: str) -> bool:
    try:
        character.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return True


def _is_latin(raw: bytes) -> bool:
    """Whether bytes above 127 stand singly or in pairs, as in European words."""
    odd = sum(byte > 127 for byte in raw)
    in_runs = sum(map(len, re.findall(rb"[\x80-\xff]{3,}", raw)))
    return in_runs <= _LATIN_RUNS * odd


def _chinese_share(text: str) -> float:
    """Share of the non-ASCII characters that Chinese text is made of."""
    odd = [c for c in text if ord(c) > 127]
    usual = sum(
        "\u4e00" <= c <= "\u9fff"
        or "\u3000" <= c <= "\u303f"
        or "\uff00" <= c <= "\uffef"
        or c in "·—–…‘’“”×→°±²³㎡①②③④⑤⑥⑦⑧⑨⑩≈≤≥－／"
        for c in odd
    )
    return usual / len(odd) if odd else 1.0


def _first_failure(path: Path, encoding: str) -> int | None:
    """Byte offset near the first undecodable byte; None if the whole file decodes."""
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    done = 0
    try:
        for block in blocks(path):
            decoder.decode(block)
            done += len(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as exc:
        return done + exc.start
    return None


def _row_of(path: Path, offset: int) -> int:
    """Line, counted from 1 without the header, that holds byte ``offset``."""
    lines, seen = 0, 0
    for block in blocks(path):
        part = block[: max(offset - seen, 0)]
        lines += part.count(b"\n")
        seen += len(block)
        if seen >= offset:
            break
    return max(lines, 1)


def _other_than_utf8(path: Path, failed: int) -> str:
    with path.open("rb") as file:
        file.seek(max(0, failed - 65_536))
        sample = file.read(1 << 20)
    if _first_failure(path, "gb18030") is None:
        if _is_chinese(sample.decode("gb18030", "ignore")):
            return "gb18030"
    elif _is_chinese(sample.decode("gb18030", "ignore")):
        raise refuse(
            "encoding_wrong",
            path,
            "部分内容既不是 UTF-8 也不是 GB18030；请修复后重试",
            "is neither UTF-8 nor GB18030 throughout; repair the line",
            row=_row_of(path, _first_failure(path, "gb18030") or failed),
        )
    latin = b"\0" not in sample and _is_latin(sample)
    if latin and _first_failure(path, "cp1252") is None:
        return "cp1252"
    if failed >= path.stat().st_size - _LONGEST:
        raise refuse(
            "file_broken",
            path,
            "文件不完整，止于半个字符",
            "ends in the middle of a character",
            row=_row_of(path, failed),
        )
    raise refuse(
        "encoding_unknown",
        path,
        "编码无法识别；请用 --encoding 指明",
        "the encoding was not recognised; name it with --encoding",
        row=_row_of(path, failed),
    )
