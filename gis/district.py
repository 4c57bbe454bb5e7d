"""The district that a home serves: its code pattern, bounds, metric SRID, time zone, language."""

import re
import tomllib
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from pyproj import CRS
from pyproj.exceptions import CRSError

from gis.areas.levels import Level
from gis.errors import BadDistrict


class District(BaseModel):
    """One district file, checked.

    ``bounds`` is west, south, east, north in degrees (EPSG:4326); ``srid`` the EPSG code in which
    lengths (m) and areas (m²) are measured; ``codes`` a pattern per level of the hierarchy.
    ``chinese_frames`` says that an unlabelled or bare 4326 file may hide GCJ-02 or BD-09.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: str
    name_zh: str
    name_en: str
    srid: int
    time_zone: str
    language: Literal["zh", "en"]
    bounds: Annotated[tuple[float, float, float, float], Field()]
    chinese_frames: bool = True
    codes: dict[Level, str]

    @field_validator("srid")
    @classmethod
    def _metric(cls, srid: int) -> int:
        try:
            crs = CRS.from_epsg(srid)
        except CRSError as exc:
            raise ValueError(f"EPSG:{srid} does not exist") from exc
        units = {axis.unit_name for axis in crs.axis_info}
        if not crs.is_projected or units != {"metre"}:
            raise ValueError(f"EPSG:{srid} does not measure in metres")
        if srid == 3857:
            raise ValueError("EPSG:3857 distorts areas and must not be measured in")
        return srid

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError) as exc:
            raise ValueError(f"time zone {name!r} is unknown") from exc
        return name

    @field_validator("bounds")
    @classmethod
    def _on_earth(
        cls, bounds: tuple[float, float, float, float]
    ) -> tuple[float, float, float, float]:
        west, south, east, north = bounds
        if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
            raise ValueError("bounds must be west < east and south < north in degrees")
        return bounds

    @field_validator("codes")
    @classmethod
    def _patterns(cls, codes: dict[Level, str]) -> dict[Level, str]:
        for level, pattern in codes.items():
            try:
                re.compile(pattern)
            except re.error as exc:
                raise ValueError(f"codes.{level}: {exc}") from exc
        return codes

    @model_validator(mode="after")
    def _own_code(self) -> "District":
        if self.level_of(self.code) not in (Level.CITY, Level.DISTRICT):
            raise ValueError(f"code {self.code!r} matches neither codes.district nor codes.city")
        return self

    def level_of(self, code: str) -> Level | None:
        """The level whose pattern matches ``code`` in full; None for no code of this district."""
        for level in Level:
            pattern = self.codes.get(level)
            if pattern is not None and re.fullmatch(pattern, code):
                return level
        return None

    def prefix_of(self, code: str) -> str:
        """What the codes of everything inside ``code`` begin with: a city's ends before its 00."""
        return code.removesuffix("00") if self.level_of(code) is Level.CITY else code

    @property
    def zone(self) -> ZoneInfo:
        """Time zone in which days, months and quarters begin."""
        return ZoneInfo(self.time_zone)


def load(path: Path) -> District:
    """Read a district file; raises BadDistrict with the field and the reason."""
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
        return District.model_validate(raw)
    except OSError as exc:
        raise BadDistrict.at(
            str(path), f"无法读取（{exc.strerror}）", f"cannot be read ({exc.strerror})"
        ) from exc
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as exc:
        raise BadDistrict.at(str(path), f"写法有误（{exc}）", str(exc)) from exc
    except ValidationError as exc:
        first = exc.errors()[0]
        field = ".".join(str(part) for part in first["loc"]) or "file"
        why = str(first["msg"])
        raise BadDistrict.at(f"{path}: {field}", f"此值不可用（{why}）", why) from exc
