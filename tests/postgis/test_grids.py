"""The grid audit from the store: planted faults are found in degrees as in metres."""

from datetime import date
from pathlib import Path

import numpy as np
import pytest
import shapely
from pyproj import Transformer
from sqlalchemy import text

from gis import district, policy
from gis.areas.model import Area, HouseholdCount
from gis.errors import NoData
from gis.grids import service
from gis.grids.model import Grid, Network, WorkerPost
from gis.runs.model import Import, Run

REFERENCE = Path(__file__).parents[2] / "data" / "reference"
POLICY = policy.load(REFERENCE / "policy.toml")
WUHUA = district.load(REFERENCE / "wuhua.toml")
TO_DEGREES = Transformer.from_crs(4543, 4326, always_xy=True)
EAST_M, NORTH_M = 570_000.0, 2_770_000.0  # a place in Wuhua in EPSG:4543
C = "530102001001"
DAY = date(2026, 9, 30)


def lonlat(shape):
    """A shape given in metres from the place above, as stored: EPSG:4326."""

    def convert(xy):
        return np.column_stack(TO_DEGREES.transform(xy[:, 0] + EAST_M, xy[:, 1] + NORTH_M))

    parts = shapely.get_parts(shapely.transform(shape, convert))
    return f"SRID=4326;{shapely.multipolygons(parts).wkt}"


@pytest.fixture
def add(db):
    """Writes one record; ``shape`` is in metres."""
    file = Import(
        area_code="530102", kind="grids", file_name="hand.csv", file_sha256="0", read=0, kept=0,
        repaired=0, flagged=0, refused=0, summary={},
    )  # fmt: skip
    db.add(file)
    db.flush()
    keys = iter(range(1_000_000))

    def write(table, **values):
        if "shape" in values:
            values["geom"] = lonlat(values.pop("shape"))
        key = f"{table.__tablename__}:{next(keys)}"
        db.add(table(import_id=file.id, source_key=key, **values))
        db.flush()

    return write


@pytest.fixture
def tiled(add):
    """A community of 2 km × 1 km with four staffed grids of 400 households."""
    add(
        Area,
        code=C,
        area_code=C,
        level="community",
        name="社区",
        shape=shapely.box(0, 0, 2000, 1000),
    )
    for n in range(4):
        code = f"{C}{n + 1:03d}"
        add(Grid, code=code, area_code=C, households=400,
            shape=shapely.box(500 * n, 0, 500 * n + 500, 1000))  # fmt: skip
        add(WorkerPost, area_code=C, grid_code=code, on_duty_on=date(2024, 1, 1))


def run(db, as_of=DAY, **other):
    return service.audit(db, policy=POLICY, district=WUHUA, as_of=as_of, **other)


def kinds(found):
    return sorted(found.findings["kind"])


def test_nothing_to_audit_is_said(db):
    with pytest.raises(NoData, match="import grids first"):
        run(db)


def test_a_clean_district_has_no_findings(db, tiled):
    found = run(db)
    assert found.findings.empty
    assert found.totals["unified"]["grids"] == 4
    assert found.totals["unified"]["edges_match"] is True
    assert service.save(db, found).stored


def test_area_is_measured_in_the_districts_frame(db, tiled, add):
    add(Grid, code=C + "005", area_code=C, households=400, shape=shapely.box(480, 100, 520, 200))
    add(WorkerPost, area_code=C, grid_code=C + "005", on_duty_on=DAY)
    found = run(db).findings
    assert found["grid_codes"].tolist() == [f"{C}001,{C}005", f"{C}002,{C}005"]
    assert found["area_m2"].tolist() == pytest.approx([2000.0, 2000.0], abs=0.1)
    assert found.crs == 4326
    lon, lat = TO_DEGREES.transform(EAST_M + 490, NORTH_M + 150)
    assert found.geometry.iloc[0].contains(shapely.Point(lon, lat))


def test_versions_posts_and_counts_of_the_day(db, tiled, add):
    extra = {"area_code": C, "grid_code": C + "001"}
    db.execute(text("UPDATE wangge.worker_posts SET off_duty_on = '2026-09-30'"
                    " WHERE grid_code = :code"), {"code": C + "001"})  # fmt: skip
    add(WorkerPost, on_duty_on=date(2026, 10, 1), **extra)
    add(HouseholdCount, area_code=C, subject_kind="grid", subject_code=C + "002",
        as_of=date(2026, 9, 1), households=501)  # fmt: skip
    assert kinds(run(db)) == ["households_high", "no_worker"]
    assert kinds(run(db, date(2026, 9, 29))) == ["households_high"]
    assert kinds(run(db, date(2026, 8, 31))) == []
    db.execute(text("UPDATE wangge.grids SET valid_to = '2026-09-01' WHERE code = :code"),
               {"code": C + "004"})  # fmt: skip
    assert kinds(run(db)) == ["gap", "households_high", "no_worker"]


def test_each_network_for_itself(db, tiled, add):
    add(Grid, code=C + "001", area_code=C, network="public_security",
        shape=shapely.box(0, 0, 2000, 900))  # fmt: skip
    assert kinds(run(db)) == []
    found = run(db, networks=tuple(Network))
    assert found.findings[["network", "kind"]].to_numpy().tolist() == [["public_security", "gap"]]
    assert found.findings["area_m2"].tolist() == pytest.approx([200_000.0], rel=1e-4)
    assert found.totals["city_management"]["grids"] == 0
    assert "公安网格" in found.findings["reason_zh"].iloc[0]


def test_a_run_keeps_findings_with_their_ground(db, tiled):
    db.execute(text("DELETE FROM wangge.grids WHERE code = :code"), {"code": C + "002"})
    first, again = (service.save(db, run(db)) for _ in range(2))
    assert (first.stored, again.stored) == (True, False)
    kept = db.execute(text(
        "SELECT kind, network, rule, area_code, area_m2, ST_Area(ST_Transform(geom, 4543))"
        " FROM wangge.grid_findings WHERE run_id = :run"
    ), {"run": first.run_id}).all()  # fmt: skip
    assert [row[:4] for row in kept] == [("gap", "unified", "GRD-1", C)]
    assert kept[0][4] == pytest.approx(500_000, rel=1e-6)
    assert kept[0][5] == pytest.approx(kept[0][4], rel=1e-9)
    assert db.get(Run, first.run_id).totals["unified"]["gap"] == 1
