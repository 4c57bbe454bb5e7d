"""The facility register (FAC-5) written by hand: checks, adding, changing, closing."""

import hashlib
import json
import secrets
from dataclasses import dataclass
from datetime import date
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy.orm import Session

from gis import privacy
from gis.assignment import service as assignment
from gis.assignment.service import Place
from gis.audit.service import note
from gis.district import District
from gis.errors import BadInput, ChangedMeanwhile, Forbidden, NotFound, halves
from gis.facilities import store
from gis.facilities.model import Facility, FacilityStatus, Function, Provision
from gis.runs.by_hand import by_hand

_LONGEST_OWNER = 60  # characters: the name of a unit
_SAME_GROUND_M2 = 1.0  # less is rounding of two outlines along one wall
_MORE_THAN_DRAWN = 1.05  # stated over drawn area: walls and measuring differ by a few per cent
_KINDS = ("Point", "Polygon", "MultiPolygon")


@dataclass(frozen=True)
class Entry:
    """What the register is to hold; ``geom`` in degrees (EPSG:4326), areas in m²."""

    name: str
    function: str
    geom: BaseGeometry
    provision: str | None = None
    ownership: str | None = None
    status: str = FacilityStatus.OPEN
    floor_area_m2: float | None = None
    storeys: int | None = None
    opened_on: date | None = None

    @property
    def ewkt(self) -> str:
        """The geometry with its frame."""
        return f"SRID=4326;{self.geom.wkt}"


@dataclass(frozen=True)
class Finding:
    """One result of the checks: the entry's field, words, and whether it forbids saving."""

    field: str
    zh: str
    en: str
    stops: bool


@dataclass(frozen=True)
class Checked:
    """What the checks found, where the facility would belong, and its drawn area in m²."""

    findings: tuple[Finding, ...]
    place: Place
    footprint_m2: float | None

    @property
    def stops(self) -> bool:
        """Whether anything forbids saving."""
        return any(one.stops for one in self.findings)


def check(
    session: Session, entry: Entry, *, district: District, facility: str | None = None
) -> Checked:
    """Hold an entry against the lists, the district and the register; nothing is written.

    ``facility`` is the key of the record that the entry is to replace.
    """
    found = [*_of_words(entry), *_of_shape(entry.geom)]
    if any(one.field == "geom" for one in found):
        return Checked(tuple(found), Place(None, None, None), None)
    ground = store.ground_of(session, entry.ewkt, srid=district.srid)
    place = assignment.locate(session, lon=ground.lon, lat=ground.lat)
    found += _of_place(place, ground.outside_m2)
    found += _of_area(entry, ground.footprint_m2)
    shared = store.overlapping(session, entry.ewkt, srid=district.srid, besides=facility)
    for name, shared_m2 in shared:
        if shared_m2 > _SAME_GROUND_M2:
            found.append(Finding(
                "geom", f"与“{name}”的轮廓重叠 {shared_m2:,.0f} m²",
                f"shares {shared_m2:,.0f} m² of ground with {name!r}", stops=False,
            ))  # fmt: skip
    return Checked(tuple(found), place, ground.footprint_m2)


def _of_words(entry: Entry) -> list[Finding]:
    found = [*_of_text("name", entry.name, "名称", least=2, most=100)]
    if entry.ownership is not None:
        found += _of_text("ownership", entry.ownership, "权属", least=1, most=_LONGEST_OWNER)
    lists = (
        ("function", entry.function, set(Function)),
        ("provision", entry.provision, {None, *Provision}),
        ("status", entry.status, set(FacilityStatus)),
    )
    for field, value, listed in lists:
        if value not in listed:
            found.append(Finding(field, "请从列表中选择", "choose from the list", True))
    if entry.status == FacilityStatus.CLOSED:  # without a day it would count on no earlier one
        found.append(Finding("status", "关闭须写明日期", "closing needs its day", True))
    if entry.floor_area_m2 is not None and not 0 < entry.floor_area_m2 <= 1_000_000:
        found.append(Finding("floor_area_m2", "面积须大于 0", "the area must be above 0", True))
    if entry.storeys is not None and not 1 <= entry.storeys <= 200:
        found.append(Finding("storeys", "层数为 1 至 200", "storeys are 1 to 200", True))
    return found


def _of_text(field: str, text: str, what: str, *, least: int, most: int) -> list[Finding]:
    """A place or a unit may be named, a person may not."""
    if not least <= len(text) <= most:
        words = (f"{what}为 {least} 至 {most} 个字", f"write {least} to {most} characters")
        return [Finding(field, *words, stops=True)]
    try:
        privacy.checked(text, what)
    except privacy.PersonalText as exc:
        return [Finding(field, *halves(str(exc)), stops=True)]
    return []


def _of_shape(geom: BaseGeometry) -> list[Finding]:
    if geom.is_empty or geom.geom_type not in _KINDS:
        return [Finding("geom", "请在地图上画一个点或一个面", "draw a point or an area", True)]
    if not geom.is_valid:
        why = shapely.is_valid_reason(geom)
        return [
            Finding("geom", f"轮廓自相交或无效（{why}）", f"the outline is invalid ({why})", True)
        ]
    return []


def _of_place(place: Place, outside_m2: float | None) -> list[Finding]:
    if place.community is None:
        return [
            Finding("geom", "不在本区任何社区内", "lies in no community of this district", True)
        ]
    if outside_m2 and outside_m2 > _SAME_GROUND_M2:
        return [Finding(
            "geom", f"有 {outside_m2:,.0f} m² 在所有社区之外",
            f"{outside_m2:,.0f} m² lie outside all communities", stops=False,
        )]  # fmt: skip
    return []


def _of_area(entry: Entry, footprint_m2: float | None) -> list[Finding]:
    if entry.floor_area_m2 is None:
        if footprint_m2 is None:
            return [Finding(
                "floor_area_m2", "没有面积也没有轮廓：只计处数，不计面积",
                "neither area nor outline: it counts as a facility without area", stops=False,
            )]  # fmt: skip
        return []
    if footprint_m2 is None:
        return []
    most_m2 = footprint_m2 * (entry.storeys or 1)
    if entry.floor_area_m2 <= most_m2 * _MORE_THAN_DRAWN:
        return []
    return [Finding(
        "floor_area_m2",
        f"填写的面积大于轮廓 {footprint_m2:,.0f} m² × {entry.storeys or 1} 层 = {most_m2:,.0f} m²",
        f"the stated area exceeds outline {footprint_m2:,.0f} m² × {entry.storeys or 1} storeys"
        f" = {most_m2:,.0f} m²", stops=False,
    )]  # fmt: skip


def save(
    session: Session,
    entry: Entry,
    *,
    district: District,
    facility: str | None = None,
    mark: str | None = None,
) -> Facility:
    """Write an entry that the checks let pass, with its history in the audit trail.

    ``mark`` is that of the record which the entry was made from. Raises BadInput where a check
    forbids it, Forbidden outside the user's areas, NotFound, and ChangedMeanwhile.
    """
    checked = check(session, entry, district=district, facility=facility)
    stopped = next((one for one in checked.findings if one.stops), None)
    if stopped is not None:
        raise BadInput(f"{stopped.zh} / {stopped.en}")
    area_code = _own(session, str(checked.place.community))
    record = _to_change(session, facility, mark) if facility else None
    if record is not None:
        _may_change(record, entry)
    before = None if record is None else _told(record)
    if record is None:
        record = Facility(source_key=f"hand:{secrets.token_hex(6)}")
    record.import_id = by_hand(session, kind="facilities", area_code=area_code).id
    record.frame = "wgs84"
    record.area_code, record.grid_code = area_code, checked.place.grid
    record.compound_code = checked.place.compound
    for name in _WRITTEN:
        setattr(record, name, getattr(entry, name))
    record.geom = entry.ewkt  # type: ignore[assignment]
    session.add(record)
    session.flush()
    note(session, event="facility_added" if before is None else "facility_changed",
         target=record.source_key, area_code=area_code, rows=1,
         detail={"before": before, "after": _told(record)})  # fmt: skip
    return record


def _may_change(record: Facility, entry: Entry) -> None:
    """Raise BadInput where the days of a record would contradict what the entry says."""
    if record.status == FacilityStatus.CLOSED:
        raise BadInput(
            "这处设施已关闭，不再改动；重新启用请另登记 / this facility is closed and is not"
            " changed any more: enter another one where it opens again"
        )
    if entry.opened_on is not None and entry.opened_on > (record.closed_on or entry.opened_on):
        raise BadInput("关闭日期早于启用日期 / it cannot close before it opened")


_WRITTEN = ("name", "function", "provision", "ownership", "status", "floor_area_m2", "storeys",
            "opened_on")  # fmt: skip


def close(session: Session, facility: str, *, day: date, mark: str | None = None) -> Facility:
    """Close a facility from ``day`` on; the record stays, so that earlier days keep counting it.

    Raises as `save` does.
    """
    record = _to_change(session, facility, mark)
    if record.opened_on is not None and day < record.opened_on:
        raise BadInput("关闭日期早于启用日期 / it cannot close before it opened")
    _own(session, record.area_code)
    before = _told(record)
    record.import_id = by_hand(session, kind="facilities", area_code=record.area_code).id
    record.status, record.closed_on = FacilityStatus.CLOSED, day
    session.flush()
    note(session, event="facility_closed", target=facility, area_code=record.area_code, rows=1,
         detail={"before": before, "after": _told(record)})  # fmt: skip
    return record


def find(session: Session, facility: str) -> Facility:
    """The record with the key ``facility``; raises NotFound."""
    found = store.by_key(session, facility)
    if found is None:
        raise NotFound("facility", facility)
    return found


def mark(record: Facility) -> str:
    """A fingerprint of what a stored record says: another one after every change of it."""
    told = json.dumps(_told(record), sort_keys=True)
    return hashlib.sha256(told.encode() + bytes(record.geom.data)).hexdigest()[:16]


def _to_change(session: Session, facility: str, seen: str | None) -> Facility:
    """The record, held against other writers; ``seen`` is the mark that it has to have."""
    found = store.by_key(session, facility, lock=True)
    if found is None:
        raise NotFound("facility", facility)
    if seen is not None and seen != mark(found):
        raise ChangedMeanwhile(
            "打开之后有人改动了这处设施，请核对后再保存"
            " / somebody changed this facility after you opened it: look, then save again"
        )
    return found


def _own(session: Session, area_code: str) -> str:
    if not session.info["user"].reaches(area_code):
        raise Forbidden.outside()
    return area_code


def _told(record: Facility) -> dict[str, Any]:
    """What the audit trail keeps of a record: figures and lists, days as text."""
    told = {name: getattr(record, name) for name in (*_WRITTEN, "closed_on", "area_code")}
    return {name: str(one) if isinstance(one, date) else one for name, one in told.items()}
