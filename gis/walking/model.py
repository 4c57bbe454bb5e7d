"""The table of street lines that people can walk along."""

from geoalchemy2 import WKBElement
from sqlalchemy.orm import Mapped, mapped_column

from gis.db.base import Base, Imported, geometry


class Street(Imported, Base):
    """A street line; ``walkable`` is false where people on foot may not go."""

    __tablename__ = "streets"

    name: Mapped[str | None]
    kind: Mapped[str | None]
    walkable: Mapped[bool] = mapped_column(server_default="true")
    geom: Mapped[WKBElement] = geometry("MULTILINESTRING")
