"""Whether a cell that should name a unit or a post names a person instead."""

import re

import numpy as np
import pyarrow as pa

from gis.arrays import Flags
from gis.privacy import DOUBLE_SURNAMES, HIDDEN, SURNAMES

_TITLES = (
    "先生|女士|师傅|经理|主任|队长|警官|老师|书记|所长|科长|处长|局长|院长|校长|站长|总|工|同志"
)
# A word with one of these is the name of an organisation or a post, whatever it begins with.
_UNITS = re.compile(
    "[所局站司委办队业区院校园厂店处科组会岗班室部行台员厅署社村寨楼路街巷场馆库]|中心|银行|物管|集团"
)
_NUMBER = re.compile(rf"{re.escape(HIDDEN)}|[0-9０-９+()（）\-－\s,，、;；:：/]+")
_NAME = re.compile(rf"(?:{DOUBLE_SURNAMES}|[{SURNAMES}])(?:[\u4e00-\u9fff·]{{1,2}})?(?:{_TITLES})?")


def persons_among(column: pa.Array) -> Flags:
    """Which cells name a person: a Chinese name, a surname with a title, or a hidden number.

    ``column`` is text in which phones and ids are already ``***`` (`values.words.texts`). A unit
    with a number behind it counts too: it is a contact, not a unit.
    """
    encoded = column.dictionary_encode()
    found = np.array([_is_person(text) for text in encoded.dictionary.to_pylist()], dtype=bool)
    if not found.any():
        return np.zeros(len(column), dtype=bool)
    at = encoded.indices.fill_null(0).to_numpy(zero_copy_only=False)
    there = encoded.indices.is_valid().to_numpy(zero_copy_only=False)
    marked: Flags = found[at] & there
    return marked


def _is_person(text: str) -> bool:
    if HIDDEN in text:
        return True
    bare = _NUMBER.sub("", text)
    if re.fullmatch(rf"(?:{DOUBLE_SURNAMES}|[{SURNAMES}])(?:{_TITLES})", bare):
        return True
    return _NAME.fullmatch(bare) is not None and _UNITS.search(bare) is None
