"""OpenStreetMap extracts: which elements are a kind's rows, and their tags as its columns."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyogrio

from data.ingest.formats.layer import Batch, Layer
from data.ingest.formats.sniff import Format
from data.ingest.formats.vector import check_driver, checked, info_of
from data.ingest.refusal import refuse
from data.ingest.types import Kind


@dataclass(frozen=True)
class _Part:
    """One GDAL layer of the extract and the elements of it that are wanted."""

    layer: str
    where: str


@dataclass(frozen=True)
class _Theme:
    """Parts to read, and tag → field of the kind."""

    parts: tuple[_Part, ...]
    tags: dict[str, str]


_AMENITIES = (
    "community_centre", "social_facility", "nursing_home", "childcare", "kindergarten", "clinic",
    "doctors", "library", "arts_centre", "townhall", "police", "fire_station", "marketplace",
)  # fmt: skip
_FACILITY = " OR ".join(f'other_tags LIKE \'%"amenity"=>"{word}"%\'' for word in _AMENITIES)
_FACILITY_AREA = "amenity IN ({})".format(", ".join(f"'{word}'" for word in _AMENITIES))
_CAMERA = (  # surveillance:type says what watches; a guard is nobody's camera
    "man_made = 'surveillance' AND"
    """ (other_tags IS NULL OR other_tags NOT LIKE '%"surveillance:type"=>"guard"%')"""
)
_NOT_WALKED = (
    "motorway",
    "motorway_link",
    "trunk",
    "trunk_link",
    "construction",
    "proposed",
    "raceway",
    "platform",
    "elevator",
    "bus_guideway",
    "corridor",
)
_COLUMNS = {
    "points": ("osm_id", "name", "highway", "man_made", "other_tags"),
    "lines": ("osm_id", "name", "highway", "other_tags"),
    "multipolygons": ("osm_id", "osm_way_id", "name", "amenity", "building", "landuse",
                      "other_tags"),
}  # fmt: skip
_THEMES = {
    Kind.BUILDINGS: _Theme(
        (_Part("multipolygons", "building IS NOT NULL AND building <> 'no'"),),
        {"name": "name", "building:levels": "storeys", "height": "height_m", "building": "use",
         "building:flats": "dwellings"},
    ),
    Kind.COMPOUNDS: _Theme(
        (_Part("multipolygons", "landuse = 'residential'"),), {"name": "name"},
    ),
    Kind.FACILITIES: _Theme(
        (_Part("points", _FACILITY), _Part("multipolygons", _FACILITY_AREA)),
        {"name": "name", "amenity": "function", "building:levels": "storeys"},
    ),
    Kind.CAMERAS: _Theme(
        (_Part("points", _CAMERA),),
        {"name": "name", "camera:type": "kind", "camera:direction": "direction_deg",
         "direction": "direction_deg", "camera:angle": "horizontal_fov_deg",
         "camera:mount": "mount", "surveillance:zone": "place_kind", "height": "height_m",
         "operator": "owner_unit", "surveillance": "indoor"},
    ),
    Kind.STREETS: _Theme(
        (_Part("lines", "highway IS NOT NULL"),), {"name": "name", "highway": "kind"},
    ),
}  # fmt: skip


def open_osm(path: Path, kind: Kind) -> Layer:
    """The elements of an extract that are rows of ``kind``; keys read ``way/123``."""
    theme = _THEMES.get(kind)
    if theme is None:
        words = ", ".join(_THEMES)
        raise refuse(
            "kind_not_in_osm",
            path,
            f"OSM 数据不含 {kind}；可导入 {words}",
            f"holds no {kind}; an extract gives {words}",
        )
    pyogrio.set_gdal_config_options({"OSM_USE_CUSTOM_INDEXING": "NO"})  # ids need not be in order
    check_driver(path, Format.OSM, info_of(path, "points", {}))
    key = "code" if kind is Kind.COMPOUNDS else "key"
    fields = dict.fromkeys([key, *theme.tags.values()])
    if kind is Kind.STREETS:
        fields["walkable"] = None
    columns = tuple(f"osm:{name}" for name in fields)

    def batches(wanted: Sequence[str]) -> Iterator[Batch]:
        return _batches(path, kind, theme, key, wanted)

    return Layer(
        "OSM",
        None,
        columns,
        batches,
        has_geometry=True,
        stated_frame="wgs84",
        encoding="utf-8",
        mapping={name: f"osm:{name}" for name in fields},
    )


def _batches(
    path: Path, kind: Kind, theme: _Theme, key: str, wanted: Sequence[str]
) -> Iterator[Batch]:
    met = 0
    for part in theme.parts:
        for batch in checked(path, part.layer, {}, _COLUMNS[part.layer], part.where):
            columns = _columns(batch.table, kind, theme, key, part.layer)
            rows = np.arange(met + 1, met + len(batch.rows) + 1, dtype=np.int64)
            met += len(batch.rows)
            table = pa.table({f"osm:{name}": column for name, column in columns.items()})
            yield Batch(table.select(list(wanted)), rows, batch.wkb)


def _columns(
    table: pa.Table, kind: Kind, theme: _Theme, key: str, layer: str
) -> dict[str, pa.Array]:
    columns = {key: _key(table, layer)}
    for tag, name in theme.tags.items():
        found = _tag(table, tag)
        columns[name] = pc.coalesce(columns[name], found) if name in columns else found
    if kind is Kind.CAMERAS:
        columns["indoor"] = pc.if_else(
            pc.is_in(columns["indoor"], pa.array(["indoor", "outdoor"])), columns["indoor"], None
        )
    if kind is Kind.FACILITIES:
        columns["name"] = pc.coalesce(columns["name"], columns["function"])
    if kind is Kind.BUILDINGS:
        address = [_tag(table, f"addr:{part}") for part in ("street", "housenumber")]
        columns["name"] = pc.coalesce(columns["name"], pc.binary_join_element_wise(*address, " "))
        columns["use"] = pc.if_else(pc.equal(columns["use"], "yes"), None, columns["use"])
    if kind is Kind.STREETS:
        columns["walkable"] = _walkable(table)
    return columns


def _key(table: pa.Table, layer: str) -> pa.Array:
    if layer == "points":
        return _prefixed("node/", table["osm_id"])
    if layer == "lines":
        return _prefixed("way/", table["osm_id"])
    return pc.coalesce(
        _prefixed("relation/", table["osm_id"]), _prefixed("way/", table["osm_way_id"])
    )


def _prefixed(prefix: str, column: pa.ChunkedArray) -> pa.Array:
    return pc.binary_join_element_wise(prefix, pc.cast(column, pa.string()), "").combine_chunks()


def _tag(table: pa.Table, tag: str) -> pa.Array:
    """A tag's value from its own column or from ``other_tags`` ("key"=>"value", escaped by \\)."""
    if tag in table.column_names:
        return pc.cast(table[tag], pa.string()).combine_chunks()
    pattern = f'"{tag}"=>"(?P<value>(?:[^"\\\\]|\\\\.)*)"'
    others = pc.cast(table["other_tags"], pa.string())  # untyped where no element has any
    found = pc.struct_field(pc.extract_regex(others, pattern), "value")
    return pc.replace_substring_regex(found, r"\\(.)", r"\1").combine_chunks()


def _walkable(table: pa.Table) -> pa.Array:
    highway, foot = _tag(table, "highway"), _tag(table, "foot")
    closed = pc.or_(
        pc.is_in(highway, pa.array(_NOT_WALKED)),
        pc.is_in(pc.fill_null(foot, ""), pa.array(["no", "private", "use_sidepath"])),
    )
    opened = pc.is_in(pc.fill_null(foot, ""), pa.array(["yes", "designated", "permissive"]))
    return pc.if_else(pc.or_(opened, pc.invert(closed)), "yes", "no")
