"""The 20-digit GB/T 28181 id of a device: its parts, and what is wrong with one.

8 digits of place, 2 of industry, 3 of type, 1 of network, 6 of serial number (GB/T 28181-2022,
appendix D); the 2016 edition read the 14th digit as the first of a serial of seven.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum

_TWENTY = re.compile(r"[0-9]{20}")  # \d would take full-width digits

# Provinces, regions and municipalities by the first two digits of GB/T 2260.
PROVINCES = frozenset(
    {"11", "12", "13", "14", "15", "21", "22", "23", "31", "32", "33", "34", "35", "36", "37", "41",
     "42", "43", "44", "45", "46", "50", "51", "52", "53", "54", "61", "62", "63", "64", "65", "71",
     "81", "82"}
)  # fmt: skip

LAST_INDUSTRY = 45  # industries are numbered 00 (public security, roads) to 45 (retail)
RESERVED_NETWORK = "9"

# Types that take pictures: checkpoint, multi-lens and entrance units, camera, network camera.
CAMERA_TYPES = frozenset({"121", "122", "123", "124", "131", "132"})


class Fault(StrEnum):
    """What can be wrong with an id; the word is the finding's kind.

    ``UNLISTED`` is no fault: its division is of a prefecture whose codes are not known here.
    """

    MISSING = "id_missing"
    FORM = "id_form"
    PLACE = "id_place"
    INDUSTRY = "id_industry"
    TYPE = "id_type"
    NETWORK = "id_network"
    DUPLICATE = "id_duplicate"
    AREA = "id_area"
    UNLISTED = "id_unlisted"


@dataclass(frozen=True)
class DeviceId:
    """The parts of an id, all text.

    ``county`` 6 digits of GB/T 2260, ``access_unit`` 2 (00: not a base unit), ``industry`` 2,
    ``type`` 3, ``network`` 1, ``serial`` 6.
    """

    county: str
    access_unit: str
    industry: str
    type: str
    network: str
    serial: str


def parse(text: str) -> DeviceId | None:
    """The parts of a 20-digit id; None for any other text (blanks inside included)."""
    if not _TWENTY.fullmatch(text):
        return None
    return DeviceId(text[:6], text[6:8], text[8:10], text[10:13], text[13], text[14:])


def place_fault(
    county: str, *, listed: Collection[str], outlined: Collection[str], stands_in: str | None
) -> Fault | None:
    """What the division of an id says against its point's place; None where nothing does.

    ``listed`` are county codes that exist, ``outlined`` those whose outline is known, ``stands_in``
    the county whose outline holds the point (None: no known outline does).
    """
    if county[:2] not in PROVINCES:
        return Fault.PLACE
    if county not in listed and any(one.startswith(county[:4]) for one in listed):
        return Fault.PLACE  # the prefecture's counties are known, and this is none of them
    if stands_in is not None or county in outlined:
        return None if county == stands_in else Fault.AREA
    return None if county in listed else Fault.UNLISTED


def faults(text: str | None) -> Iterator[Fault]:
    """What is wrong with one id by itself; duplicates and places need the whole inventory."""
    if text is None or not text.strip():
        yield Fault.MISSING
        return
    parts = parse(text)
    if parts is None:
        yield Fault.FORM
        return
    if parts.county[:2] not in PROVINCES:
        yield Fault.PLACE
    if int(parts.industry) > LAST_INDUSTRY:
        yield Fault.INDUSTRY
    if parts.type not in CAMERA_TYPES:
        yield Fault.TYPE
    if parts.network == RESERVED_NETWORK:
        yield Fault.NETWORK
