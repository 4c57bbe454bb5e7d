"""Rental density by compound and by H3 cell."""

from maps.layers.drawing import Drawing, Sheet

_GROUP = ("出租房", "Rental housing")

DRAWINGS = (
    Drawing(
        "rental_h3", _GROUP, opacity=0.7, weight=0.5, marks=False, names_from=99,
        lead=("rented_per_km2", "rented_dwellings"),
    ),
    Drawing(
        "rental", _GROUP, opacity=0.85, marks=False,
        lead=("rented_per_100", "rented_dwellings", "occupants_per_dwelling"),
    ),
)  # fmt: skip
SHEETS = (
    Sheet("rental", (("rental_h3", False), ("rental", True))),
    Sheet("rental_h3", (("rental_h3", True),)),
)
