"""Table of facts about the store itself."""

from sqlalchemy.orm import Mapped, mapped_column

from gis.db.base import Base


class StoreFact(Base):
    """A fact about the whole store: ``demo`` (its seed), ``district`` (its code), ``time_zone``."""

    __tablename__ = "store_facts"

    key: Mapped[str] = mapped_column(primary_key=True)
    area_code: Mapped[str]
    value: Mapped[str]
