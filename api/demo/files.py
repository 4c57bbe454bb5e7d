"""The pages and files of a demo, which stay where the runs that they show are the same ones."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from api.demo import stamps
from api.demo.apart import opened, workshop
from api.demo.clock import Clock
from api.files import outputs
from api.files.frames import Frames
from api.house import House, transaction
from data.export.model import Format
from data.export.service import suffix
from gis.layers.model import REGISTRY
from gis.layers.service import Scope

_PURPOSE = "演示 / demonstration"
_SCOPE = Scope(internal=True)  # cameras among them: a demo has nothing to hide, and says so
RISK_FORMATS = tuple(Format)  # the layer that leaves the house in every format


@dataclass(frozen=True)
class Made:
    """What one demo shows of ``runs`` (analysis: id) in folders of ``out``."""

    house: House
    out: Path
    runs: Mapping[str, int]

    def stands(self) -> bool:
        """Whether all pages are there already."""
        return stamps.holds(self._maps, dict(self.runs))

    def bare(self) -> "Made":
        """The same for another process, which reads district and rules itself."""
        return replace(self, house=House(self.house.settings))

    def maps(self, session: Session) -> list[Path]:
        """All pages."""
        wanted = outputs.pages("all", internal=True)
        if not self.stands():
            stamps.clear(self._maps)
            made, lacking = outputs.write_maps(session, self.house, wanted, _SCOPE, self._maps)
            assert not lacking, lacking
            stamps.write(self._maps, dict(self.runs), made)
        return [self._maps / f"{name}.html" for name in wanted]

    def exports(self, session: Session) -> list[Path]:
        """Every layer as GeoPackage and XLSX, the risk layer in every format."""
        folder = self.out / "exports"
        wanted = {
            layer.name: {
                form: folder / f"{layer.name}{suffix(form)}"
                for form in (RISK_FORMATS if layer.name == "risk" else (Format.GPKG, Format.XLSX))
            }
            for layer in REGISTRY
        }
        paths = [path for forms in wanted.values() for path in forms.values()]
        if not stamps.holds(folder, dict(self.runs)):
            stamps.clear(folder)
            for name, forms in wanted.items():
                frames = Frames(session, self.house, _SCOPE)  # read once for all formats
                for form, path in forms.items():
                    outputs.write_export(
                        session, self.house, name, _SCOPE, form, path, purpose=_PURPOSE,
                        frames=frames,
                    )  # fmt: skip
            stamps.write(folder, dict(self.runs), paths)
        return paths

    @property
    def _maps(self) -> Path:
        return self.out / "maps"


def drawn(made: Made, engine: Engine | None) -> tuple[list[Path], float]:
    """The pages of ``made`` and how many seconds they took, over ``engine`` or of its own."""
    started = time.perf_counter()
    with opened(made.house, engine) as store, transaction(store) as session:
        return made.maps(session), time.perf_counter() - started


def written(made: Made, engine: Engine | None) -> list[Path]:
    """The files of ``made``, over ``engine`` or connections of its own."""
    with opened(made.house, engine) as store, transaction(store) as session:
        return made.exports(session)


def in_turn(engine: Engine, made: Made, clock: Clock) -> tuple[list[Path], list[Path]]:
    """Pages and files, one after the other in this process."""
    with clock.step("maps"):
        maps, _ = drawn(made, engine)
    with clock.step("exports"):
        return maps, written(made, engine)


def by_two(engine: Engine, made: Made, clock: Clock) -> tuple[list[Path], list[Path]]:
    """The same by two processes at once, which have a core each; pages that stand need none."""
    if made.stands():
        return in_turn(engine, made, clock)
    with workshop() as other:
        pages = other.submit(drawn, made.bare(), None)
        with clock.step("exports"):
            exports = written(made, engine)
        maps, seconds = pages.result()
    clock.note("maps", seconds)
    return maps, exports
