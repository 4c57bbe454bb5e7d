"""Vector tiles from the store, read by GDAL: the rows of the box, their key, the same bytes."""

import math
from datetime import date

import pyogrio
import pytest
import shapely
from sqlalchemy import text

from gis.compounds.model import Compound
from gis.errors import NoData, NotFound
from gis.layers import tiles
from gis.layers.model import REGISTRY, layer
from gis.layers.service import Scope
from gis.runs.model import Analysis, Import, Run
from gis.safety.model import Rating

DAY = date(2026, 9, 30)
LON, LAT, Z = 102.705, 25.05, 14


def tile_of(lon, lat, z):
    """Column and row of the tile that holds a place (the usual formula of web maps)."""
    n = 2**z
    y = (1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2 * n
    return int((lon + 180) / 360 * n), int(y)


@pytest.fixture
def world(db):
    """Three compounds: two in one tile, the third ten kilometres north; one version has ended."""
    record = Import(
        area_code="530102", kind="compounds", file_name="x", file_sha256="0", read=0, kept=0,
        repaired=0, flagged=0, refused=0, summary={},
    )  # fmt: skip
    run = Run(
        area_code="530102", analysis=Analysis.RATING, period="2026Q3", as_of=DAY,
        policy_version="1", policy_digest="0", input_digest="0", parameters={}, totals={},
    )  # fmt: skip
    db.add_all([record, run])
    db.flush()
    places = {"a": (LON, LAT), "b": (LON + 0.002, LAT), "far": (LON, LAT + 0.1), "old": (LON, LAT)}
    for code, (lon, lat) in places.items():
        box = shapely.MultiPolygon([shapely.box(lon, lat, lon + 0.001, lat + 0.001)])
        db.add(
            Compound(
                area_code="530102001001", source_key=f"{code}-1", import_id=record.id, code=code,
                name=f"小区{code}", kind="old", geom=f"SRID=4326;{box.wkt}",
                valid_from=date(2000, 1, 1), valid_to=date(2020, 1, 1) if code == "old" else None,
            )
        )  # fmt: skip
        db.add(
            Rating(
                run_id=run.id, area_code="530102001001", compound_code=code,
                compound_name=f"小区{code}", peer_group="old", colour="red", observed=9, counts={},
                quality="A", rule="SAF-1", reason_zh="九起", reason_en="nine",
            )
        )  # fmt: skip
    db.flush()
    return db


def tile(db, wuhua, name, *, z=Z, lon=LON, lat=LAT, **scope):
    x, y = tile_of(lon, lat, z)
    asked = Scope(as_of=DAY, **scope)
    return tiles.mvt(db, layer(name), z=z, x=x, y=y, district=wuhua, scope=asked), (z, x, y)


def read(content, tmp_path, zxy):
    """The tile's features as GDAL reads them."""
    path = tmp_path / "{}-{}-{}.mvt".format(*zxy)
    path.write_bytes(content)
    return pyogrio.read_dataframe(path, X=str(zxy[1]), Y=str(zxy[2]), Z=str(zxy[0]))


@pytest.mark.parametrize("name", ["compounds", "rating", "risk", "incidents"])
def test_a_tile_holds_the_rows_of_its_box_as_they_stand(world, wuhua, tmp_path, name):
    content, zxy = tile(world, wuhua, name)
    shown = read(content, tmp_path, zxy)
    assert shown["code"].tolist() == ["a", "b"]
    assert shown["name"].tolist() == ["小区a", "小区b"]
    centre = shown.to_crs(4326).geometry.iloc[0].centroid
    assert centre.x == pytest.approx(LON + 0.0005, abs=2e-5)
    assert centre.y == pytest.approx(LAT + 0.0005, abs=2e-5)


def test_a_tile_shows_figures_and_nothing_internal(world, wuhua, tmp_path):
    content, zxy = tile(world, wuhua, "rating")
    shown = set(read(content, tmp_path, zxy)) - {"mvt_id", "geometry"}
    assert shown == {"code", "name", "colour"}


def test_the_same_rows_give_the_same_bytes(world, wuhua):
    world.execute(text("SET LOCAL max_parallel_workers_per_gather = 4"))
    first, _ = tile(world, wuhua, "rating", z=8)
    assert first == tile(world, wuhua, "rating", z=8)[0]
    assert len(first) > 0


def test_scope_limits_a_tile(world, wuhua):
    assert tile(world, wuhua, "rating", area_prefix="530102")[0]
    assert tile(world, wuhua, "rating", area_prefix="530103")[0] == b""
    assert tile(world, wuhua, "rating", lat=LAT + 1)[0] == b""


def test_a_tile_that_is_not_there_is_refused(world, wuhua):
    for z, x, y in ((3, 8, 0), (3, 0, -1), (99, 0, 0)):
        with pytest.raises(NotFound):
            tiles.mvt(world, layer("rating"), z=z, x=x, y=y, district=wuhua, scope=Scope(as_of=DAY))
    with pytest.raises(NoData):
        tile(world, wuhua, "coverage")
    with pytest.raises(NotFound):
        tile(world, wuhua, "cameras")


@pytest.mark.parametrize("one", REGISTRY, ids=lambda one: one.name)
def test_every_layer_has_a_statement_that_the_schema_knows(db, wuhua, one):
    if one.analysis and one.analysis != Analysis.RATING:
        db.add(
            Run(
                area_code="530102", analysis=one.analysis, period=None, as_of=DAY,
                policy_version="1", policy_digest="0", input_digest="0", parameters={}, totals={},
            )
        )  # fmt: skip
        db.flush()
    elif one.analysis:
        pytest.skip("rating tiles are read above")
    assert tile(db, wuhua, one.name, internal=True)[0] == b""


def test_every_tile_is_planned_for_its_own_box(db):
    """One plan for every box makes full tiles slower."""
    kept = "SELECT proconfig @> '{plan_cache_mode=force_custom_plan}' FROM pg_proc WHERE proname"
    told = db.execute(text(f"{kept} LIKE 'tile\\_%' AND pronamespace = 'wangge'::regnamespace"))
    assert set(told.scalars()) == {True}
