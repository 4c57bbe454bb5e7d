"""Which areas an account may be given: those of the district, and those that the store has."""

from collections.abc import Iterable

from sqlalchemy.orm import Session

from gis.areas import store as areas
from gis.areas.levels import Level
from gis.codes import parent_code
from gis.district import District
from gis.errors import BadInput


def there(session: Session, prefixes: Iterable[str], district: District) -> None:
    """Raises BadInput for what is no part of the district, or begins the code of no area.

    An empty prefix is the whole district. A store without areas yet takes every code that the
    district's own could be. ``session`` reads all areas: whoever gives rights may have none to.
    """
    own = district.prefix_of(district.code)
    for asked in prefixes:
        prefix = asked and district.prefix_of(asked)
        if prefix in {"", own}:
            continue
        held = areas.begins_a_code(session, prefix)
        if own.startswith(prefix) or (held is None and not _inside(prefix, district)):
            raise BadInput.at(
                f"{asked}", f"不在本区划内，请写 {district.code} 或其下街道、社区的代码",
                f"lies outside of the district: write {district.code}, or the code of a street or"
                " community in it",
            )  # fmt: skip
        if held is False:
            raise BadInput.at(
                f"{asked}", "库中没有代码以此开头的区划，请核对，或先导入（wangge import areas）",
                "no area of the store has a code that begins so: check it, or import the areas"
                " first (wangge import areas)",
            )  # fmt: skip


def _inside(prefix: str, district: District) -> bool:
    """Whether a code begins as the district's; one of another pattern may be part of no other."""
    if prefix.startswith(district.prefix_of(district.code)):
        return True
    level = district.level_of(prefix)
    return level in {Level.STREET, Level.COMMUNITY} and parent_code(prefix, district) is None
