"""What the pages and files of one call are made of: layers and background, read once."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

import geopandas as gpd
from sqlalchemy.orm import Session

import maps
import maps.layers
from api.house import House
from gis.errors import NoData
from gis.layers import service, store
from gis.layers.model import layer
from gis.layers.service import Scope, Shown
from maps.layers.areas import BUILDINGS
from maps.records import CANVAS_LIMIT


def page_layers(name: str, scope: Scope) -> tuple[str, ...]:
    """The layers a page shows; internal ones only when the scope lets them through."""
    return maps.layers.wanted(name, internal=scope.internal)


class Frames:
    """Reads each layer and the background once for all pages of one call.

    A ``served`` page asks for the details of large layers one by one.
    """

    def __init__(
        self, session: Session, house: House, scope: Scope, *, served: bool = False
    ) -> None:
        self.session, self.house, self.scope, self.served = session, house, scope, served
        self._layers: dict[str, Shown] = {}
        self._material: maps.Material | None = None

    def layer(self, name: str) -> Shown:
        """One layer of the registry."""
        if name not in self._layers:
            found = self._read(name, surroundings=not self.served)
            if self.served and found.layer.internal and len(found.features) <= CANVAS_LIMIT:
                found = self._read(name, surroundings=True)  # so few that the page holds them all
            self._layers[name] = found
        return self._layers[name]

    def _read(self, name: str, *, surroundings: bool) -> Shown:
        return service.read(
            self.session, layer(name), district=self.house.district, policy=self.house.policy,
            scope=self.scope, surroundings=surroundings,
        )  # fmt: skip

    def forget_all_but(self, pages: Sequence[str]) -> None:
        """Let go of what none of these pages shows: not all layers of a city fit side by side."""
        needed = {one for page in pages for one in page_layers(page, self.scope)}
        done = self._layers.keys() - needed
        for name in done:
            del self._layers[name]
        if self._material is not None:
            self._material.forget(done)

    def settle(self) -> None:
        """Keep of the layers that a saved page has shown what further pages need, no feature."""
        if self._material is None:
            return
        self._material.settle()
        for name, one in self._layers.items():
            if name in self._material:
                self._layers[name] = replace(one, features=self._material[name])

    def find(self, name: str) -> Shown | None:
        """The same, or None where the layer's analysis has not run."""
        try:
            return self.layer(name)
        except NoData:
            return None

    def material(self, shown: Mapping[str, Shown], as_of: date) -> maps.Material:
        """What pages are made of: ``shown`` over the quiet background, kept for the next page."""
        if self._material is None:
            self._material = maps.Material(self._background(as_of))
        self._material.add({name: one.features for name, one in shown.items()})
        return self._material

    def tiled_buildings(self, material: maps.Material) -> bool:
        """Whether the shown area has so many buildings that a served page asks for their tiles.

        Fewer, and those of a page that is written, are taken into ``material``.
        """
        prefix, most = self.scope.area_prefix, CANVAS_LIMIT + 1
        if self.served and most == store.buildings_up_to(
            self.session, area_prefix=prefix, most=most
        ):
            return True
        if BUILDINGS not in material:
            material.add({BUILDINGS: store.buildings(self.session, area_prefix=prefix)})
        return False

    def _background(self, as_of: date) -> dict[str, gpd.GeoDataFrame]:
        """Outlines of the divisions and the streets; empty ones are left out."""
        prefix = self.scope.area_prefix
        found = {
            f"{level}_outlines" if level != "district" else "district_outline": store.outlines(
                self.session, level=level, area_prefix=prefix, as_of=as_of
            )
            for level in ("district", "street", "community")
        }
        found["street_lines"] = store.street_lines(self.session, area_prefix=prefix)
        return {name: one for name, one in found.items() if not one.empty}
