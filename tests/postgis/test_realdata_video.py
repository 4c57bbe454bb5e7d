"""Real cameras: Sheffield's among its buildings, Helsinki's nodes with what they leave unsaid."""

import re
from collections import Counter
from datetime import date
from importlib.resources import files
from pathlib import Path

import geopandas as gpd
import pyogrio
import pytest
import shapely
from sqlalchemy import text

from data.ingest.service import import_file
from data.ingest.types import Kind, Options
from gis import district
from gis import policy as policies
from gis.video import service
from gis.video.ground import shown
from gis.video.ground import store as ground_store

ROOT = Path(__file__).resolve().parents[2]
REAL = ROOT.parent / "shared" / "realdata"
SHEFFIELD, HELSINKI = (
    district.load(ROOT / "tests" / "districts" / f"{name}.toml")
    for name in ("sheffield", "helsinki")
)
KAMPPI = REAL / "osm-extracts" / "helsinki-kamppi-2019.osm.pbf"
POLICY = policies.load(files("data.reference") / "policy.toml")
DAY = date(2026, 9, 30)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not REAL.is_dir(), reason="the real files (../shared/realdata) are not on this machine"
    ),
]


@pytest.fixture(scope="module")
def sheffield(own_store):
    """The city's files in a store of their own, and what a video run found."""
    with own_store() as store:
        for kind, name, mapping in (
            (Kind.COMPOUNDS, "neighbourhoods.geojson", {"code": "felt:id"}),
            (Kind.CAMERAS, "cctv.geojson", {}),
            (Kind.BUILDINGS, "buildings.geojson", {}),
            (Kind.INCIDENTS, "police_uk_2019Q4_sheffield.csv", {}),
        ):
            with store.begin() as session:
                path = REAL / "gb-sheffield" / name
                import_file(session, path, kind, Options(mapping=mapping), SHEFFIELD)
        with store.begin() as session:
            found = service.inventory(session, policy=POLICY, district=SHEFFIELD, as_of=DAY)
            service.save(session, found)
        yield store, found


@pytest.fixture(scope="module")
def fields(sheffield):
    with sheffield[0].begin() as session:
        return ground_store.views(session)


def layer(name):
    return gpd.read_file(REAL / "gb-sheffield" / f"{name}.geojson").to_crs(27700)


@pytest.fixture(scope="module")
def ground():
    """The neighbourhoods where buildings are known, and their ground without buildings."""
    areas, houses = layer("neighbourhoods").set_index("felt:id"), layer("buildings")
    known = shapely.box(*houses.total_bounds).buffer(30, join_style="mitre")
    inside = areas[areas.covered_by(known)]
    return inside.area - inside.intersection(houses.union_all()).area


def test_neighbourhoods_are_answered_where_buildings_are_known(sheffield, ground):
    _, found = sheffield
    homes = found.coverage[found.coverage["subject_kind"] == "compound"]
    rows = homes[homes["quality"] == "detect"].set_index("subject_code")
    assert set(rows.index[rows["answer"] == "measured"]) == set(ground.index)
    assert set(rows["answer"]) == {"measured", "no_buildings"}
    assert len(ground) == 22
    assert rows.loc[ground.index, "public_m2"].sum() == pytest.approx(ground.sum(), rel=1e-3)
    cameras, houses = layer("cctv"), layer("buildings")
    assert len(cameras) == 212
    assert cameras.within(shapely.box(*houses.total_bounds)).sum() == 150


def test_cameras_without_a_direction_assure_nothing_and_their_circles_are_assumed(
    sheffield, fields, ground
):
    _, found = sheffield
    homes = found.coverage[found.coverage["subject_kind"] == "compound"]
    sums = homes.groupby("quality")[["seen_m2", "seen_potential_m2"]].sum()
    assert (sums["seen_m2"] == 0).all()
    potential = sums["seen_potential_m2"]
    weaker = [potential[name] for name in ("identify", "recognise", "observe", "detect")]
    assert 0 < weaker[0] < weaker[1] < weaker[2] < weaker[3] < ground.sum()
    assert set(fields["looks"]) == {"potential"}
    assert fields["assumed"].all()
    # no circle is wider than a fixed camera's range to detect: 1920 px, 4 mm, 5.4 mm (methods)
    assert fields.to_crs(27700).minimum_bounding_radius().max() < 56.9 + 0.1


def test_without_assured_ground_nearly_all_of_it_is_blind(sheffield, ground):
    _, found = sheffield
    blind = found.ground.blind.to_crs(27700)
    moved_m = 0.03  # outlines are kept true to 3 cm, areas are measured before
    assert ((blind["area_m2"] - blind.area).abs() <= moved_m * blind.length).all()
    assert blind["area_m2"].sum() == pytest.approx(ground.sum(), rel=0.03)  # strips and corners go
    assert blind["area_m2"].min() >= 10
    assert blind["nearest"].notna().all()


def test_incidents_in_view_are_counted_again_by_geopandas(sheffield, fields):
    store, _ = sheffield
    with store.begin() as session:
        counted = shown.incidents_shown(
            session, district=SHEFFIELD, since=date(2019, 10, 1), until=date(2019, 12, 31),
            quality="detect",
        )  # fmt: skip
    incidents = gpd.read_file(REAL / "gb-sheffield" / "police_uk_2019Q4_sheffield.csv")
    places = gpd.GeoSeries.from_xy(
        incidents["Longitude"].astype(float), incidents["Latitude"].astype(float), crs=4326
    )
    circles = fields[fields["quality"] == "detect"].union_all()
    assert (counted.incidents, counted.assured) == (17848, 0)
    assert counted.possible == places.intersects(circles).sum() > 0


def test_helsinkis_buildings_without_a_name_have_their_address_for_one(db):
    """GDAL reads the same street and number; a few outlines are cut by the extract and refused."""
    raw = pyogrio.read_dataframe(
        KAMPPI, layer="multipolygons", where="building IS NOT NULL AND name IS NULL",
        columns=["osm_way_id", "other_tags"], read_geometry=False,
    ).dropna()  # fmt: skip
    tags = raw["other_tags"].str.extract(
        r'"addr:housenumber"=>"(?P<number>[^"]+)".*"addr:street"=>"(?P<street>[^"]+)"'
    )  # fmt: skip
    address = (tags["street"] + " " + tags["number"]).set_axis("way/" + raw["osm_way_id"]).dropna()
    import_file(db, KAMPPI, Kind.BUILDINGS, Options(), HELSINKI)
    rows = db.execute(text("SELECT source_key, name FROM buildings"))
    stored = {row.source_key: row.name for row in rows}
    kept = address[address.index.isin(list(stored))]
    assert len(kept) > 10
    assert kept.to_dict() == {key: stored[key] for key in kept.index}


def test_helsinkis_nodes_keep_what_they_say_and_name_what_they_lack(db):
    nodes = pyogrio.read_dataframe(KAMPPI, layer="points", where="man_made = 'surveillance'")
    tags = Counter(
        key for line in nodes["other_tags"].dropna() for key in re.findall(r'"([^"]+)"=>', line)
    )
    report = import_file(db, KAMPPI, Kind.CAMERAS, Options(), HELSINKI)
    assert report.inserted == len(nodes) == 221
    said = db.execute(text(
        "SELECT count(*) FILTER (WHERE kind = 'dome') AS dome, count(mount) AS mount,"
        " count(height_m) AS height, count(direction_deg) AS direction FROM cameras"
    )).one()  # fmt: skip
    assert (said.dome, said.mount, said.height, said.direction) == (
        tags["camera:type"], tags["camera:mount"], tags["height"], tags["camera:direction"],
    ) == (6, 6, 3, 0)  # fmt: skip
    found = service.inventory(db, policy=POLICY, district=HELSINKI, as_of=DAY)
    told = found.findings.groupby("kind")["reason_en"].agg(list)
    lack = Counter(
        field for one in told["view_field_missing"] for field in ("direction_deg", "height_m")
        if field in one
    )  # fmt: skip
    assert lack == {"direction_deg": 221, "height_m": 221 - tags["height"]}
    assert len(told["field_missing"]) == 221  # no node says its class
    assert found.totals["known"] == 0  # nor whether it works
