"""In which encoding a text is written, so that no garbled character is stored."""

import codecs
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from data.ingest.refusal import refuse

_BLOCK = 8 << 20
_BOMS = (  # the mark of UTF-32 begins with that of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
LATIN = {"iso-8859-1", "latin-1", "latin1", "cp1252", "windows-1252", "ansi 1252", "iso8859-1"}
# Codecs of text in which plain letters are not themselves.
_ESCAPING = {"unicode-escape", "raw-unicode-escape", "utf-7", "punycode", "idna", "charmap"}
_CHINESE_SHARE = 0.9  # garbage decoded as GB18030 lands in private and rare blocks
_COMMON_SHARE = 0.55  # Chinese text: over 0.9; Big5 and Shift-JIS read as GB18030: under 0.5
_LATIN_RUNS = 0.3  # at most so much of the accented letters of Latin text stand three in a row
# Characters of two bytes in UTF-8 with a letter before or behind, if one stands there.
_PAIRS = re.compile(rb"([A-Za-z]?)((?:[\xc2-\xdf][\x80-\xbf])+)([A-Za-z]?)")
_HANZI = re.compile(rb"(?:[\xc2-\xd7][\xa1-\xbf])+")  # of those, common hanzi in GB18030
# Hanzi that have four bytes in GB18030, a shape that no other encoding has: blocks A to H.
_RARE_HANZI = re.compile("[\u3400-\u4dbf\U00020000-\U000323af]")
_BESIDE = 9  # of ten hanzi at least so many stand beside another
_LONGEST = 4  # bytes of a character in UTF-8


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
    if head.startswith(codecs.BOM_UTF8):
        _deny_false_mark(path)
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
        if not encoding.startswith("utf") and _first_failure(path, "utf-8") is None:
            deny_utf8(path, declared, blocks(path))
        return encoding
    for mark, encoding in _BOMS:
        if head.startswith(mark):
            return encoding
    failed = _first_failure(path, "utf-8")
    if failed is None:
        return "gb18030" if _utf8_by_chance(blocks(path)) else "utf-8"
    return _other_than_utf8(path, failed)


def _deny_false_mark(path: Path) -> None:
    """Refuse a text under the mark of UTF-8 that is not UTF-8, whatever it was declared to be.

    Read as GBK the three bytes of the mark would be hanzi, and the first column another one.
    """
    if (failed := _first_failure(path, "utf-8")) is not None:
        raise refuse(
            "encoding_wrong",
            path,
            "开头有 UTF-8 标记，内容却不都是 UTF-8；请另存为 UTF-8 后重试",
            "begins with the mark of UTF-8 and is not UTF-8 throughout; save it anew as UTF-8",
            row=_row_of(path, failed),
        )


def known(name: str, path: Path) -> str:
    """Python's name of the codec a person or a .cpg file calls ``name``; GBK reads as GB18030."""
    folded = name.strip().lower()
    if folded in {"gbk", "gb2312", "936", "cp936", "ansi 936", "hz", "gb18030"}:
        return "gb18030"
    if folded in {"65001", "utf8"}:
        return "utf-8"
    for candidate in (folded, f"cp{folded}", folded.replace("ansi ", "cp")):
        try:
            found = codecs.lookup(candidate)
        except (LookupError, ValueError):  # ValueError: a name with a zero byte
            continue
        if found._is_text_encoding and found.name not in _ESCAPING:
            return found.name
    raise refuse(
        "encoding_unknown",
        path,
        f"不认识的编码 {name}；可用 utf-8、gbk、gb18030",
        f"encoding {name} is unknown; use utf-8, gbk or gb18030",
    )


def decodes(value: bytes, encoding: str) -> bool:
    """Whether a value has the encoding, were it cut in the middle of its last character."""
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


def best(values: list[bytes], path: Path, *, latin: bool) -> str:
    """Codec of the values of an attribute table; ``latin`` where it calls itself so.

    Raises ImportRefused ``encoding_unknown``.
    """
    if all(decodes(v, "utf-8") for v in values):
        return "gb18030" if _utf8_by_chance(values) else "utf-8"
    if all(decodes(v, "gb18030") for v in values):
        text = "".join(v.decode("gb18030", "ignore") for v in values)
        if _is_chinese(text):
            return "gb18030"
    if latin or (all(decodes(v, "cp1252") for v in values) and _is_latin(b" ".join(values))):
        return "cp1252"
    raise refuse(
        "encoding_unknown",
        path,
        "属性表的编码无法识别；请用 --encoding 指明",
        "the encoding of its attributes was not recognised; name it with --encoding",
    )


def deny_utf8(path: Path, declared: str, parts: Iterable[bytes]) -> None:
    """Refuse UTF-8 that was declared to be another encoding: it decodes, and as garbage."""
    held = [part for part in parts if not part.isascii()]
    if held and not _utf8_by_chance(held):
        raise refuse(
            "encoding_wrong",
            path,
            f"是 UTF-8，不是 {declared} 编码；请不写 --encoding",
            f"is UTF-8 and not {declared}; leave --encoding out",
        )


def _utf8_by_chance(parts: Iterable[bytes]) -> bool:
    """Whether UTF-8 is GB18030 in truth: the bytes of 石庄 are those of ʯׯ too.

    All of it above ASCII is then common hanzi of two bytes, and nearly all of them stand beside
    another hanzi and no letter, where é and ü stand alone between letters.
    """
    beside = alone = 0
    for part in parts:
        if re.search(rb"[\xe0-\xff]", part):
            return False
        for before, run, after in _PAIRS.findall(part):
            if not _HANZI.fullmatch(run):
                return False
            if before or after or len(run) == 2:
                alone += len(run)
            else:
                beside += len(run)
    return beside > 0 and beside >= _BESIDE * alone


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
        or _RARE_HANZI.match(c) is not None
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
