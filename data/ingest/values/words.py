"""Text, codes, yes and no, and words of closed lists."""

import re
from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data.ingest.fields import UNSEEN, Field, fold
from data.ingest.values.cells import Read, as_text, by_value, is_numeric, mask_of, whole
from gis.privacy import NUMBERS, PROVINCES, hidden

_YES = {
    fold(w) for w in ("是", "有", "Y", "yes", "true", "T", "1", "√", "对", "已", "on", "designated")
}
_NO = {fold(w) for w in ("否", "无", "N", "no", "false", "F", "0", "×", "没有", "未", "off")}
LONGEST_CODE = 200  # characters; what an address of a page takes, and an index
_LONGEST_TEXT = 1000
_CONTROL = r"[\x00-\x1f\x7f\x{80}-\x{9f}\x{2028}\x{2029}]+"
_NOT_OF_CODES = rf"^'|[\x00-\x1f\x7f\x{{80}}-\x{{9f}}\x{{2028}}\x{{2029}}{UNSEEN}]+"
_EXACT = 10**15  # a spreadsheet keeps 15 digits; a longer number has lost its end
# What a personal number cannot do without: four digits in a row, plain or full-width.
_DIGITS = rf"[0-9０-９]{{4}}|[@＠]|[{PROVINCES}] ?[A-Za-zＡ-Ｚａ-ｚ]"
_QUARTER = re.compile(
    r"(\d{4})\s*(?:年|[-/ ])?\s*(?:第)?\s*(?:Q|q)?\s*([1-4一二三四])\s*(?:季度|季)?"
)


def texts(column: pa.Array) -> Read:
    """Text without control or unseen characters; phones, ids, plates and mail become ``***``.

    What is longer than a name or an address can be is cut, with the flaw ``text_cut``.
    """
    text = as_text(column)
    text = pc.replace_substring_regex(text, _CONTROL, " ")
    if pc.any(pc.match_substring_regex(text, f"[{UNSEEN}]")).as_py():
        text = pc.utf8_trim_whitespace(pc.replace_substring_regex(text, f"[{UNSEEN}]+", ""))
    long = mask_of(pc.greater(pc.utf8_length(text), _LONGEST_TEXT))
    if not long.any():
        return _impersonal(text)
    read = _impersonal(pc.utf8_slice_codeunits(text, 0, _LONGEST_TEXT))
    return Read(read.values, read.flaws | {"text_cut": long})


def _impersonal(text: pa.Array) -> Read:
    text = pc.replace_substring_regex(text, r"^'([=+\-@])", r"\1")  # no formula: see OWASP
    suspect = mask_of(pc.match_substring_regex(text, _DIGITS))
    if not suspect.any():
        return Read(text, {})
    places = np.flatnonzero(suspect)
    some = text.take(pa.array(places)).to_pylist()
    clean = [hidden(value) for value in some]
    changed = np.array([a != b for a, b in zip(some, clean, strict=True)], bool)
    if not changed.any():
        return Read(text, {})
    masked = np.zeros(len(text), bool)
    masked[places[changed]] = True
    fresh = pa.array([c for c, was in zip(clean, changed, strict=True) if was], pa.string())
    return Read(pc.replace_with_mask(text, pa.array(masked), fresh), {"personal_masked": masked})


def codes(column: pa.Array) -> Read:
    """Codes as strings: ``530102.0`` loses its end; 16 digits as a number are ``code_damaged``."""
    if pa.types.is_floating(column.type):
        lost = mask_of(pc.greater_equal(pc.abs(pc.cast(column, pa.float64())), _EXACT))
        text = as_text(column)
    elif is_numeric(column):
        return Read(pc.cast(column, pa.string()), {})
    else:
        text = pc.replace_substring_regex(as_text(column), _NOT_OF_CODES, "")
        text = pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text)
        tail = pc.match_substring_regex(text, r"^\d+\.0+$")
        if pc.any(tail).as_py():
            text = pc.if_else(tail, pc.replace_substring_regex(text, r"\.0+$", ""), text)
        lost = mask_of(pc.match_substring_regex(text, r"^\d(\.\d+)?[eE]\+?\d+$"))
    long = mask_of(pc.greater(pc.utf8_length(text), LONGEST_CODE))
    flaws = {code: m for code, m in (("code_damaged", lost), ("code_long", long)) if m.any()}
    return (
        Read(pc.if_else(pa.array(~(lost | long)), text, None), flaws) if flaws else Read(text, {})
    )


def keys(column: pa.Array) -> Read:
    """Codes as keys: one that looks like a phone or identity number is ``key_personal``."""
    read = codes(column)
    odd = mask_of(pc.match_substring_regex(read.values, r"^\D{0,4}\d{3}.{8,}$"))
    at = np.flatnonzero(odd)
    if len(at):
        some = read.values.take(pa.array(at)).to_pylist()
        odd[at] = [re.fullmatch(NUMBERS, value) is not None for value in some]
    if not odd.any():
        return read
    return Read(pc.if_else(pa.array(~odd), read.values, None), read.flaws | {"key_personal": odd})


def personal_share(column: pa.Array) -> float:
    """Share of the values that look like a phone or identity number; judged on 1,000 of them."""
    values = as_text(whole(column).slice(0, 1000)).drop_null().to_pylist()
    hits = sum(re.fullmatch(NUMBERS, value) is not None for value in values)
    return hits / len(values) if values else 0.0


def booleans(column: pa.Array) -> Read:
    """True and false; flaw ``word_unknown``."""
    if pa.types.is_boolean(column.type):
        return Read(column, {})
    text = _raw_text(column)

    def convert(values: pa.Array) -> Read:
        folded = [fold(v) for v in values.to_pylist()]
        found = [True if f in _YES else False if f in _NO else None for f in folded]
        bad = np.array([f is None for f in found], bool) & mask_of(as_text(values).is_valid())
        return Read(pa.array(found, pa.bool_()), {"word_unknown": bad})

    return by_value(text, convert)


def words(column: pa.Array, field: Field, lookup: Mapping[str, str] | None = None) -> Read:
    """Words of the field's closed list; one that is not on it has the flaw ``word_unknown``.

    Where the field has a ``fallback`` the cell takes that word and keeps the flaw.
    """
    names = field.lookup if lookup is None else lookup

    def convert(values: pa.Array) -> Read:
        found = [_word(value, names) for value in values.to_pylist()]
        stated = mask_of(as_text(values).is_valid())
        bad = np.array([f is None for f in found], bool) & stated
        if field.fallback:
            found = [field.fallback if b else f for f, b in zip(found, bad, strict=True)]
        return Read(pa.array(found, pa.string()), {"word_unknown": bad})

    return by_value(_raw_text(column), convert)


def _word(value: str, names: Mapping[str, str]) -> str | None:
    """``value`` as a listed word; a code before it ("1-球机") and an ending are ignored."""
    folded = fold(value)
    if folded in names:
        return names[folded]
    coded = re.fullmatch(r"\s*\d{1,2}\s*[-:：、.．]\s*(\S.*)", value)
    if coded and fold(coded.group(1)) in names:
        return names[fold(coded.group(1))]
    bare = folded.removesuffix("类").removesuffix("小区").removesuffix("网格").removesuffix("案")
    return names.get(bare)


def _raw_text(column: pa.Array) -> pa.Array:
    """Trimmed text in which "无" and "未知" are still words."""
    if pa.types.is_string(column.type):
        trimmed = pc.utf8_trim_whitespace(column)
        return pc.if_else(pc.equal(trimmed, ""), pa.scalar(None, pa.string()), trimmed)
    return as_text(column)


def quarters(column: pa.Array) -> Read:
    """Quarters as ``2026Q3``; flaw ``not_a_quarter``."""

    def convert(values: pa.Array) -> Read:
        found = []
        for value in values.to_pylist():
            match = _QUARTER.fullmatch(value)
            digit = match and ("一二三四".find(match[2]) + 1 or int(match[2]))
            found.append(f"{match[1]}Q{digit}" if match else None)
        bad = np.array([f is None for f in found], bool)
        return Read(pa.array(found, pa.string()), {"not_a_quarter": bad})

    return by_value(as_text(column), convert)
