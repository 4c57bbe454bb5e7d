"""The demo's ground: divisions tile, compounds keep apart, buildings stand in their compounds."""

import geopandas as gpd
import numpy as np
import pytest
import shapely

from data.demo import district, divisions, lattice, outlines, streets
from data.demo.sizes import SIZES, stream


@pytest.fixture(scope="module", params=[1, 2])
def world(request) -> district.World:
    return district.draw("small", request.param)


@pytest.fixture(scope="module")
def wuhua() -> tuple[lattice.Lattice, divisions.Divisions]:
    """The ground of the district size, without what stands on it."""
    scale = SIZES["district"]
    blocks = lattice.build(scale, outlines.outline(scale, "district"), stream(1, "lattice"))
    return blocks, divisions.assign(blocks, scale, "district", stream(1, "divisions"))


def assert_tiles(parts, whole) -> None:
    """No gap and no overlap to the rounding of floats; edges are shared vertex by vertex."""
    parts = np.asarray(parts, dtype=object)
    assert shapely.is_valid(parts).all()
    assert shapely.area(parts).sum() == pytest.approx(shapely.area(whole), rel=1e-12)
    assert shapely.coverage_is_valid(parts)
    assert shapely.area(shapely.symmetric_difference(shapely.union_all(parts), whole)) < 1e-3


def test_wuhua_is_of_the_real_size_with_two_exclaves_at_the_real_place(wuhua):
    blocks, ground = wuhua
    whole = ground.polygons(6)["530102"]
    west, south, east, north = gpd.GeoSeries([whole], crs=4543).to_crs(4326).total_bounds

    assert whole.area == pytest.approx(381.6e6, rel=0.05)
    assert whole.geom_type == "MultiPolygon"
    assert len(whole.geoms) == 3
    assert (west, south, east, north) == pytest.approx((102.558, 25.03, 102.748, 25.42), abs=0.01)
    assert len(ground.codes) == 101
    assert len(ground.polygons(9)) == 11
    assert len(ground.grid_codes) == pytest.approx(1200, abs=40)
    assert shapely.is_valid(blocks.polygons).all()


def test_every_level_tiles_the_one_above(wuhua):
    _, ground = wuhua
    streets, communities = ground.polygons(9), ground.polygons(12)

    assert_tiles(list(streets.values()), ground.polygons(6)["530102"])
    for code, street in streets.items():
        assert_tiles([part for key, part in communities.items() if key.startswith(code)], street)
    owner = ground.codes[ground.community_of_grid]
    for code, community in communities.items():
        assert_tiles(ground.grid_polygons[owner == code], community)


def test_communities_are_small_in_town_and_wide_in_the_country(wuhua):
    _, ground = wuhua
    area_km2 = {code: part.area / 1e6 for code, part in ground.polygons(12).items()}
    rural = [area for code, area in area_km2.items() if code.startswith("530102010")]

    assert np.median(list(area_km2.values())) < 1
    assert min(rural) > 5


def test_tiling_stays_exact_in_degrees(tmp_path):
    from data.demo.build import generate

    generate(tmp_path, size="small", seed=1)
    areas = gpd.read_file(tmp_path / "areas.gpkg")
    communities = areas[areas["level"] == "community"].geometry.to_numpy()

    assert shapely.coverage_is_valid(communities)


def test_grids_are_numbered_west_to_east_from_the_north(wuhua):
    _, ground = wuhua
    west, south, east, north = shapely.bounds(ground.grid_polygons).T
    same = ground.community_of_grid[1:] == ground.community_of_grid[:-1]
    eastward = np.diff(west + east) > 0
    southward = np.diff(south + north) < 0

    assert (np.sort(ground.grid_codes) == ground.grid_codes).all()
    assert (eastward | southward)[same].all()


def test_compounds_keep_apart_and_inside_their_community(world):
    polygons = world.lots.polygon
    left, right = shapely.STRtree(polygons).query(polygons, predicate="intersects")
    communities = world.divisions.polygons(12)
    home = [communities[world.divisions.codes[c]] for c in world.lots.community]

    assert shapely.is_valid(polygons).all()
    assert (left == right).all()
    assert shapely.contains_properly(np.array(home, dtype=object), polygons).all()


def test_buildings_stand_apart_in_their_compounds(world):
    polygons, owner = world.buildings.polygon, world.buildings.compound
    left, right = shapely.STRtree(polygons).query(polygons, predicate="intersects")
    home = owner >= 0

    assert (left == right).all()
    assert shapely.covers(world.lots.polygon[owner[home]], polygons[home]).all()
    dwellings = np.bincount(owner[home], weights=world.buildings.dwellings[home])
    assert (dwellings == world.compounds.dwellings).all()
    assert (np.bincount(owner[home], minlength=len(world.compounds)) > 0).all()


def test_figures_come_near_what_the_size_promises(world):
    scale = SIZES["small"]

    assert world.households.sum() == pytest.approx(scale.households, rel=0.08)
    assert len(world.compounds) == pytest.approx(scale.compounds, rel=0.05)
    assert len(world.buildings) == pytest.approx(scale.buildings, rel=0.05)
    assert len(world.incidents) == scale.incidents
    assert len(world.lettings.rows) == pytest.approx(scale.dwellings, rel=0.02)
    assert len(world.cameras.rows) == scale.cameras


def test_an_incident_lies_in_the_compound_it_was_drawn_for(world):
    made = world.incidents
    inside = made.compound >= 0
    points = shapely.points(made.place)

    assert shapely.contains_properly(
        world.lots.polygon[made.compound[inside]], points[inside]
    ).all()
    hit = shapely.STRtree(world.lots.polygon).query(points[~inside], predicate="intersects")
    assert hit.size == 0


def test_street_edges_differ_and_what_happens_outdoors_is_spread_over_them(world):
    edges = streets.edges(world.lattice, world.divisions, world.lots)
    assert len(np.unique(edges.ends.reshape(len(edges.ends), -1), axis=0)) == len(edges.ends)
    outdoors = world.incidents.place[world.incidents.compound < 0]
    for axis in (0, 1):  # the streets reach over the whole town: so do the incidents
        reach = np.ptp(edges.ends[..., axis])
        assert np.ptp(np.percentile(outdoors[:, axis], [5, 95])) > 0.5 * reach
