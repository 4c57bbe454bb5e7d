"""Sheffield's cameras and buildings: who can be answered, and what undirected cameras assure."""

from datetime import date
from importlib.resources import files
from pathlib import Path

import geopandas as gpd
import pytest
import shapely

from data.ingest.service import import_file
from data.ingest.types import Kind, Options
from gis import district
from gis import policy as policies
from gis.video import ground

ROOT = Path(__file__).resolve().parents[2]
REAL = ROOT.parent / "shared" / "realdata" / "gb-sheffield"
HOME = district.load(ROOT / "tests" / "districts" / "sheffield.toml")

pytestmark = pytest.mark.skipif(
    not REAL.is_dir(), reason="the real files (../shared/realdata) are not on this machine"
)


def test_neighbourhoods_are_answered_where_buildings_are_known(db):
    for kind, name, mapping in (
        (Kind.COMPOUNDS, "neighbourhoods", {"code": "felt:id"}),
        (Kind.CAMERAS, "cctv", {}),
        (Kind.BUILDINGS, "buildings", {}),
    ):
        import_file(db, REAL / f"{name}.geojson", kind, Options(mapping=mapping), HOME)
    found = ground.measure(
        db, policy=policies.load(files("data.reference") / "policy.toml"), district=HOME,
        as_of=date(2026, 9, 30), previous=None,
    )  # fmt: skip
    rows = found.compounds[found.compounds["quality"] == "detect"].set_index("compound")

    areas = gpd.read_file(REAL / "neighbourhoods.geojson").to_crs(27700).set_index("felt:id")
    houses = gpd.read_file(REAL / "buildings.geojson").to_crs(27700)
    known = shapely.box(*houses.total_bounds).buffer(30, join_style="mitre")
    inside = areas[areas.covered_by(known)]
    assert set(rows.index[rows["answer"] == "measured"]) == set(inside.index)
    assert len(inside) == 22
    open_m2 = inside.area - inside.intersection(houses.union_all()).area
    assert rows.loc[inside.index, "public_m2"].sum() == pytest.approx(open_m2.sum(), rel=1e-3)
    assert rows["seen_m2"].sum() == 0  # no camera has a direction: nothing is assured
    assert 0 < rows["seen_potential_m2"].sum() < open_m2.sum()
