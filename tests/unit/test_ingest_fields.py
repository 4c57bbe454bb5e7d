"""The registry of fields: its page, its agreement with the tables, its synonyms."""

from pathlib import Path

import pytest
from sqlalchemy import CheckConstraint

import gis.areas.model as areas
import gis.compounds.model as compounds
import gis.facilities.model as facilities
import gis.grids.model as grids
import gis.rental.model as rental
import gis.safety.model as safety
import gis.video.model as video
import gis.walking.model as walking
from data.ingest import categories
from data.ingest.fields import FIELDS, POSITIONS, field, fold, sheet
from data.ingest.types import Kind

ROOT = Path(__file__).resolve().parents[2]
TABLES = {
    Kind.AREAS: areas.Area, Kind.GRIDS: grids.Grid, Kind.POSTS: grids.WorkerPost,
    Kind.COMPOUNDS: compounds.Compound, Kind.HOUSEHOLDS: areas.HouseholdCount,
    Kind.BUILDINGS: compounds.Building, Kind.FACILITIES: facilities.Facility,
    Kind.INCIDENTS: safety.Incident, Kind.DWELLINGS: rental.Dwelling, Kind.CAMERAS: video.Camera,
    Kind.CAMERA_STATUS: video.CameraObservation, Kind.STREETS: walking.Street,
    Kind.EVALUATIONS: areas.Evaluation, Kind.PRIVATE_PLACES: video.PrivatePlace,
}  # fmt: skip
NO_COLUMN = {
    "key",
    "shared_with",
    "subject_name",
    "direction_type",
    "monitor_direction",
    "checkpoint_function",
    "resolution",
    "focal_range",
    "answered_at",
}


def test_the_page_is_the_registry():
    assert (ROOT / "docs" / "fields.md").read_text("utf-8") == sheet.page()


@pytest.mark.parametrize("kind", Kind)
def test_every_field_is_a_column(kind):
    columns = {column.name for column in TABLES[kind].__table__.columns}
    names = {f.name for f in FIELDS[kind] if f.type not in POSITIONS} - NO_COLUMN
    assert names <= columns


@pytest.mark.parametrize("kind", Kind)
def test_every_column_can_be_stated(kind):
    own = {"id", "import_id", "frame", "source_key", "geom", "geom_3857", "grid_code", "area_code",
           "compound_code", "ground_m2", "ground_srid"}  # fmt: skip
    columns = {column.name for column in TABLES[kind].__table__.columns}
    assert columns - own <= {f.name for f in FIELDS[kind]}


def _listed(model, column: str) -> set[str]:
    name = f"ck_{model.__tablename__}_{column}_listed"
    check = next(c for c in model.__table__.constraints
                 if isinstance(c, CheckConstraint) and c.name == name)  # fmt: skip
    return {part.strip(" ')") for part in str(check.sqltext).split("IN (")[1].split(",")}


@pytest.mark.parametrize(
    ("kind", "name"),
    [(k, f.name) for k in Kind for f in FIELDS[k]
     if f.words and f.name not in {*NO_COLUMN, "light", "imaging", "indoor", "direction_deg"}],
)  # fmt: skip
def test_words_are_the_words_of_the_table(kind, name):
    assert set(field(kind, name).words) == _listed(TABLES[kind], name)


@pytest.mark.parametrize("kind", Kind)
def test_no_header_feeds_two_fields(kind):
    """A header may be strong for one field and weak for another, never equal for two."""
    seen: dict[str, str] = {}
    for known in FIELDS[kind]:
        for name in frozenset().union(*known.tiers[:-1]):
            assert seen.setdefault(name, known.name) == known.name


@pytest.mark.parametrize("kind", Kind)
def test_what_goes_first_is_a_synonym(kind):
    for known in FIELDS[kind]:
        strong = {fold(name) for name in (*known.zh, *known.en)}
        assert {fold(name) for group in known.first for name in group} <= strong, known.name


def test_words_of_a_list_are_not_ambiguous():
    for kind in Kind:
        for known in FIELDS[kind]:
            owners: dict[str, str] = {}
            for word, names in (known.words or {}).items():
                itself = () if known.name == "direction_deg" else (word,)
                for name in (*itself, *names):
                    assert owners.setdefault(fold(name), word) == word, (kind, known.name, name)


def test_category_names_are_not_ambiguous():
    import tomllib

    raw = tomllib.loads((ROOT / "data/reference/categories.toml").read_text("utf-8"))
    assert set(raw) == set(safety.Category)
    owners: dict[str, str] = {}
    for category, entry in raw.items():
        for name in (category, *entry["names"], *entry.get("severe_names", [])):
            assert owners.setdefault(fold(name), category) == category, name


@pytest.mark.parametrize(
    ("name", "category", "severe", "preventable"),
    [
        ("入室盗窃", "burglary", False, True),
        ("盗窃电动车", "vehicle_theft", False, True),
        ("抢夺", "robbery", True, False),
        ("电信网络诈骗", "telecom_fraud", False, False),
        ("亡人火灾", "fire", True, False),
        ("较大火灾", "fire", False, False),
        ("开设赌场案", "vice", True, False),
        ("Anti-social behaviour", "public_order", False, False),
        ("criminal damage arson", "damage", False, False),
    ],
)
def test_categories(name, category, severe, preventable):
    import pyarrow as pa

    from data.ingest.values import words

    known = categories.load()
    found = words.words(pa.array([name]), field(Kind.INCIDENTS, "category"), known.words).values
    assert found.to_pylist() == [category]
    grave, avoidable = categories.follows(pa.array([name]), found)
    assert (grave.to_pylist(), avoidable.to_pylist()) == ([severe], [preventable])


@pytest.mark.parametrize(
    ("header", "same"),
    [
        ("面积（平方米）", "面积"),
        ("Floor_Area m2", "floor area M2"),
        ("ＩＤ", "id"),
        ("(备注)", "(备注)"),
    ],
)
def test_headers_fold(header, same):
    assert fold(header) == fold(same)
