"""What follows from the stated values of a row: levels, parents, keys, precision, directions."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data.ingest import camera_codes, categories
from data.ingest.fields import fold
from data.ingest.fields.video_words import ANSWERS
from data.ingest.mapping import ColumnMap
from data.ingest.types import Kind
from data.ingest.values.cells import as_text, mask_of
from data.ingest.values.persons import persons_among
from gis import codes
from gis.arrays import Flags
from gis.district import District
from gis.privacy import HIDDEN

Columns = dict[str, pa.Array]
_ANSWERS = frozenset(map(fold, ANSWERS))


@dataclass
class Rows:
    """Typed columns of a chunk, the raw columns by field, whence they came, what was found wrong.

    ``wrong`` lists code, field and rows; the remark's own severity decides what becomes of them.
    """

    columns: Columns
    raw: Columns
    district: District
    mapped: ColumnMap
    wrong: list[tuple[str, str | None, Flags]] = field(default_factory=list)

    def find(self, code: str, name: str | None, where: Flags) -> None:
        """Note ``code`` about field ``name`` of the rows of ``where``."""
        if where.any():
            self.wrong.append((code, name, where))

    def text(self, name: str) -> pa.Array:
        """A column as text."""
        return pc.cast(self.columns[name], pa.string())


def derive(kind: Kind, rows: Rows) -> None:
    """Fill in and check what follows from other columns of the same row."""
    for step in _STEPS.get(kind, ()):
        step(rows)
    for earlier, later in (("valid_from", "valid_to"), ("on_duty_on", "off_duty_on")):
        _ordered(rows, earlier, later, strict=True)
    for earlier, later in (("opened_on", "closed_on"), ("registered_on", "ended_on")):
        _ordered(rows, earlier, later, strict=False)


def _ordered(rows: Rows, earlier: str, later: str, *, strict: bool) -> None:
    if earlier not in rows.columns or later not in rows.columns:
        return
    compare = pc.less_equal if strict else pc.less
    rows.find("dates_reversed", later, mask_of(compare(rows.columns[later], rows.columns[earlier])))


def _each(column: pa.Array, function: Callable[[str], str | None]) -> pa.Array:
    """``function`` of every distinct text."""
    encoded = column.dictionary_encode()
    found = [function(value) for value in encoded.dictionary.to_pylist()]
    return pa.array(found, pa.string()).take(encoded.indices)


def _areas(rows: Rows) -> None:
    code, stated = rows.columns["code"], rows.columns["level"]
    level = _each(code, lambda value: _text(rows.district.level_of(value)))
    rows.find("code_unknown", "code", mask_of(pc.and_(code.is_valid(), level.is_null())))
    rows.find("level_corrected", "level", mask_of(pc.not_equal(stated, level)))
    rows.columns["level"] = level
    parent = _each(code, lambda value: codes.parent_code(value, rows.district))
    known = _each(rows.columns["parent_code"], lambda v: v if rows.district.level_of(v) else None)
    rows.columns["parent_code"] = pc.coalesce(known, parent)


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _grids(rows: Rows) -> None:
    code, stated = rows.columns["code"], rows.columns["area_code"]
    community = _each(code, lambda value: codes.grid_community(value, rows.district))
    rows.find("code_unknown", "code", mask_of(pc.and_(code.is_valid(), community.is_null())))
    rows.find("code_mismatch", "area_code", mask_of(pc.not_equal(stated, community)))
    rows.columns["area_code"] = community


def _own_key(rows: Rows) -> None:
    rows.columns["key"] = rows.columns["code"]


def _compound_names(rows: Rows) -> None:
    name, code = rows.columns["name"], rows.columns["code"]
    rows.find("name_from_code", "name", mask_of(pc.and_(name.is_null(), code.is_valid())))
    rows.columns["name"] = pc.coalesce(name, code)


def _subjects(rows: Rows) -> None:
    code, name = rows.columns["subject_code"], rows.columns["subject_name"]
    nobody = pc.and_(code.is_null(), name.is_null())
    rows.find("subject_missing", "subject_code", mask_of(nobody))
    guessed = _each(code, lambda value: _subject_kind(value, rows.district))
    kind = pc.coalesce(rows.columns["subject_kind"], guessed)
    rows.columns["subject_kind"] = kind
    rows.find(
        "subject_kind_unknown", "subject_kind", mask_of(pc.and_(kind.is_null(), pc.invert(nobody)))
    )
    counts = ("households", "residents", "floating_residents", "dwellings", "rented_dwellings")
    empty = np.logical_and.reduce([mask_of(rows.columns[c].is_null()) for c in counts])
    rows.find("count_missing", None, empty)
    _natural_key(rows, ("subject_kind", "subject_code", "as_of"))


def _subject_kind(code: str, district: District) -> str:
    level = district.level_of(code)
    if level is not None:
        return str(level)
    return "grid" if codes.grid_community(code, district) else "compound"


def _natural_key(rows: Rows, names: tuple[str, ...]) -> None:
    """The row's key where the file has none: the columns that make it the only one of its kind."""
    joined = pc.binary_join_element_wise(*(rows.text(name) for name in names), ":")
    rows.columns["key"] = pc.coalesce(rows.columns["key"], joined)


def _evaluations(rows: Rows) -> None:
    _natural_key(rows, ("area_code", "period", "measure"))


def _observations(rows: Rows) -> None:
    _natural_key(rows, ("camera_key", "observed_at"))


def _incidents(rows: Rows) -> None:
    category = rows.columns["category"]
    severe, preventable = categories.follows(rows.raw.get("category", category), category)
    rows.columns["severe"] = pc.coalesce(rows.columns["severe"], severe)
    rows.columns["preventable"] = pc.coalesce(rows.columns["preventable"], preventable)


def _dwellings(rows: Rows) -> None:
    floating, all_ = rows.columns["floating_occupants"], rows.columns["occupants"]
    unknown = mask_of(pc.and_(floating.is_valid(), all_.is_null()))
    _leave_out_above(rows, "floating_occupants", "occupants", also=unknown)


def _parts(rows: Rows) -> None:
    _leave_out_above(rows, "rented_dwellings", "dwellings")
    _leave_out_above(rows, "floating_residents", "residents")


def _leave_out_above(rows: Rows, part: str, whole: str, *, also: Flags | None = None) -> None:
    """Null where ``part`` exceeds ``whole``, and where ``also`` says so."""
    above = mask_of(pc.greater(rows.columns[part], rows.columns[whole]))
    above = above if also is None else above | also
    rows.find("part_above_whole", part, above)
    rows.columns[part] = pc.if_else(pa.array(~above), rows.columns[part], None)


def _cameras(rows: Rows) -> None:
    _directions(rows)
    _functions(rows)
    _zoom(rows)
    rows.columns["key"] = pc.coalesce(rows.columns["key"], rows.columns["gb28181_id"])
    rows.columns["indoor"] = pc.cast(rows.columns["indoor"], pa.bool_())
    _answers(rows)
    for name in ("owner_unit", "management_unit", "contact_unit"):
        _unit_only(rows, name)


def _directions(rows: Rows) -> None:
    """Degrees where they are stated, else those of DirectionType, else of MonitorDirection."""
    kind, monitor = rows.columns.pop("direction_type"), rows.columns.pop("monitor_direction")
    around = mask_of(pc.equal(kind, "all"))
    if around.any():
        rows.columns["omnidirectional"] = pc.if_else(
            pa.array(around), True, rows.columns["omnidirectional"]
        )
    disputed = pc.equal(monitor, "disputed")
    rows.find("direction_disputed", "monitor_direction", mask_of(disputed))
    turned = pc.cast(pc.if_else(pc.equal(kind, "all"), None, kind), pa.float64())
    watched = pc.cast(pc.if_else(disputed, None, monitor), pa.float64())
    direction = pc.coalesce(rows.columns["direction_deg"], turned, watched)
    rows.columns["direction_deg"] = pc.if_else(pc.equal(direction, 360.0), 0.0, direction)


def _functions(rows: Rows) -> None:
    """Words for the numbers of the two lists; what could be a number of either says nothing."""
    of_checkpoint = rows.columns.pop("checkpoint_function")
    stated, name = rows.columns["function_type"], "function_type"
    shared = fold(rows.mapped.columns.get(name, "")) == fold(name) and name not in rows.mapped.asked
    read = camera_codes.of_either if shared else camera_codes.of_camera
    function = _each(stated, read)
    rows.find("list_unsaid", name, mask_of(pc.and_(stated.is_valid(), function.is_null())))
    rows.columns[name] = pc.coalesce(function, _each(of_checkpoint, camera_codes.of_checkpoint))


def _answers(rows: Rows) -> None:
    """ON and OFF are observations: of the time that the row states, else of none."""
    stated = rows.raw.get("status", rows.text("status"))
    said = _each(as_text(stated), lambda word: word if fold(word) in _ANSWERS else None)
    rows.columns["answered"] = said
    timeless = pc.and_(said.is_valid(), rows.columns["answered_at"].is_null())
    rows.find("answers_only", "status", mask_of(timeless))


def _zoom(rows: Rows) -> None:
    """A wide end longer than the long end says nothing of either."""
    wide, long = rows.columns["focal_min_mm"], rows.columns["focal_max_mm"]
    crossed = mask_of(pc.greater(wide, long))
    rows.find("ends_crossed", "focal_max_mm", crossed)
    for name in ("focal_min_mm", "focal_max_mm"):
        rows.columns[name] = pc.if_else(pa.array(crossed), None, rows.columns[name])


def _unit_only(rows: Rows, name: str) -> None:
    """A cell that names a person instead of a unit is emptied; no report repeats it."""
    persons = persons_among(rows.columns[name])
    if persons.any():
        rows.raw[name] = pc.if_else(pa.array(persons), HIDDEN, as_text(rows.raw[name]))
        rows.columns[name] = pc.if_else(pa.array(persons), None, rows.columns[name])
        rows.find("unit_personal", name, persons)


_STEPS: dict[Kind, tuple[Callable[[Rows], None], ...]] = {
    Kind.AREAS: (_areas, _own_key),
    Kind.GRIDS: (_grids, _own_key),
    Kind.COMPOUNDS: (_compound_names, _own_key, _parts),
    Kind.HOUSEHOLDS: (_subjects, _parts),
    Kind.EVALUATIONS: (_evaluations,),
    Kind.CAMERA_STATUS: (_observations,),
    Kind.INCIDENTS: (_incidents,),
    Kind.DWELLINGS: (_dwellings,),
    Kind.CAMERAS: (_cameras,),
}
