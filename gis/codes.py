"""Division codes and grid ids: what a code says about its parent and its level.

Chinese division codes have 12 digits: 6 county (GB/T 2260), 3 street or town, 3 community. A grid
id has 15: the community's 12 and a sequence of 3 (DB11/T 2157-2023). Which string is a code of
which level is the district file's matter, so that other countries' codes work the same way.
"""

import re

from gis.areas.levels import Level
from gis.district import District

SEQUENCE_DIGITS = 3
_ORDER = list(Level)


def parent_code(code: str, district: District) -> str | None:
    """The code one or more levels up that ``code`` begins with; None at the top or if unknown.

    A city's code ends in ``00`` in place of the county digits, so it is no prefix of its counties.
    """
    level = district.level_of(code)
    if level is None:
        return None
    above = set(_ORDER[: _ORDER.index(level)])
    for length in range(len(code) - 1, 0, -1):
        if district.level_of(code[:length]) in above:
            return code[:length]
    city = code[:4] + "00"
    return city if city != code and district.level_of(city) is Level.CITY else None


def grid_community(grid_id: str, district: District) -> str | None:
    """The community that a grid id names: ``530102001001`` of ``530102001001007``.

    None for what is no grid id.
    """
    community, sequence = grid_id[:-SEQUENCE_DIGITS], grid_id[-SEQUENCE_DIGITS:]
    if not re.fullmatch(r"\d{3}", sequence):
        return None
    return community if district.level_of(community) is Level.COMMUNITY else None
