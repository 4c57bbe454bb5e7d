"""Entrances, streets and key places of the demo's run, counted again by PostGIS."""

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import text

from gis.layers import service
from gis.layers.model import layer
from gis.layers.service import Scope

# What working points of the day show: the stored fields once more, laid over by another library.
SEEN = """
WITH seen AS MATERIALIZED (
    SELECT ST_Transform(field.geom, 4543) AS geom, field.camera_key, field.quality
    FROM view_fields AS field
    JOIN cameras AS camera ON camera.source_key = field.camera_key
    LEFT JOIN camera_states AS state ON state.camera_key = field.camera_key
    WHERE field.looks = 'home' AND camera.status IN ('in_use', 'unknown')
      AND state.state IS DISTINCT FROM 'down'
),
place AS MATERIALIZED (
    SELECT id, kind, place_key, compound_code, shares, points, length_m, area_m2,
           ST_Transform(geom, 4543) AS geom
    FROM video_places WHERE run_id = :run AND shares IS NOT NULL
)
SELECT place.*, quality, count(camera_key) AS reached,
       ST_Length(ST_Intersection(place.geom, ST_Union(seen.geom))) AS seen_m,
       ST_Area(ST_Intersection(place.geom, ST_Union(seen.geom))) AS seen_m2
FROM place JOIN seen ON place.geom && ST_Expand(seen.geom, 0.3)
 AND ST_DWithin(place.geom, seen.geom, 0.3)
GROUP BY place.id, kind, place_key, compound_code, shares, points, length_m, area_m2, place.geom,
         quality
"""
SUMS = """
SELECT subject_kind, subject_code, ground.entrances, ground.entrances_seen, ground.street_m,
       ground.street_seen_m, ground.key_places, ground.key_places_seen
FROM video_coverage JOIN wangge.withheld_video_coverage(:run) AS ground USING (id)
WHERE run_id = :run AND quality = :quality
"""
GROUND = """
SELECT subject_code, ground.public_m2, ground.seen_m2, ground.seen_twice_m2, ground.seen_deeper_m2
FROM video_coverage JOIN wangge.withheld_video_coverage(:run) AS ground USING (id)
WHERE run_id = :run AND quality = 'detect' AND subject_kind = 'compound'
  AND ground.seen_deeper_m2 IS NOT NULL
ORDER BY CAST(ground.seen_deeper_m2 -> 0 AS float8) / ground.public_m2 DESC LIMIT 1
"""
ON_A_GRID = """
WITH home AS (
    SELECT ST_Transform(geom, 4543) AS geom FROM compounds
    WHERE code = :compound AND valid_to IS NULL
),
held AS (
    SELECT ST_Transform(geom, 4543) AS geom FROM buildings
    UNION ALL SELECT ST_Transform(geom, 4543) FROM private_places WHERE kind = 'garden'
),
public AS (
    SELECT ST_Difference(home.geom, ST_Union(held.geom)) AS geom
    FROM home JOIN held ON ST_Intersects(home.geom, held.geom) GROUP BY home.geom
),
point AS (
    SELECT ST_Centroid(cell.geom) AS geom FROM public, ST_SquareGrid(0.8, public.geom) AS cell
    WHERE ST_Contains(public.geom, ST_Centroid(cell.geom))
),
field AS MATERIALIZED (
    SELECT ST_Transform(field.geom, 4543) AS geom
    FROM view_fields AS field
    JOIN cameras AS camera ON camera.source_key = field.camera_key
    LEFT JOIN camera_states AS state ON state.camera_key = field.camera_key
    WHERE field.looks = 'home' AND camera.status IN ('in_use', 'unknown')
      AND field.quality = 'detect' AND state.state IS DISTINCT FROM 'down'
)
SELECT deep, count(*) AS points
FROM point CROSS JOIN LATERAL (
    SELECT count(*) AS deep FROM field WHERE ST_Intersects(field.geom, point.geom)
) AS counted
GROUP BY deep
"""
QUALITIES = ["detect", "observe", "recognise", "identify"]


@pytest.fixture(scope="module")
def ask(demo_store):
    def rows(query, **more):
        with demo_store.begin() as session:
            asked = {"run": demo_store.runs["video"], **more}
            return pd.DataFrame(session.execute(text(query), asked).mappings().all())

    return rows


@pytest.fixture(scope="module")
def places(ask):
    return ask("SELECT * FROM video_places WHERE run_id = :run").set_index("id")


def test_each_share_is_what_postgis_finds_in_the_stored_fields(ask, places):
    counted = ask(SEEN)
    assert set(counted["kind"]) == {"entrance", "street", "key_place"}
    for row in counted.itertuples():
        size = {"entrance": 1.0, "street": row.seen_m, "key_place": row.seen_m2}[row.kind]
        whole = {"entrance": 1.0, "street": row.length_m, "key_place": row.area_m2}[row.kind]
        share = row.shares[QUALITIES.index(row.quality)]
        assert share == pytest.approx(size / whole, abs=1e-3)
        if row.quality == "detect":
            assert row.points == row.reached
    dark = places[~places.index.isin(counted["id"])]
    assert (dark["seen_share"].dropna() == 0).all()
    assert len(dark) > 20


def test_every_entrance_street_and_key_place_is_there_once(ask, places):
    gates = ask(
        "SELECT code, ST_NumGeometries(entrances) AS n FROM compounds WHERE entrances IS NOT NULL"
    )
    found = places[places["kind"] == "entrance"].groupby("compound_code").size()
    assert found.to_dict() == gates.set_index("code")["n"].to_dict()
    length = ask(
        "SELECT source_key, ST_Length(ST_Transform(geom, 4543)) AS m FROM streets"
    ).set_index("source_key")["m"]
    pieces = places[places["kind"] == "street"].groupby("place_key")["length_m"].sum()
    assert pieces.to_dict() == pytest.approx(length.to_dict(), abs=0.1)
    open_ones = ask(
        "SELECT source_key FROM facilities WHERE status = 'open' AND function IN"
        " ('service_station', 'elderly_care', 'child_care', 'health_station', 'police_room',"
        "  'kindergarten', 'shelter', 'fire_station')"
    )
    assert sorted(places.loc[places["kind"] == "key_place", "place_key"]) == sorted(
        open_ones["source_key"]
    )


def test_only_streets_that_leave_the_ground_of_known_buildings_have_no_answer(ask):
    beyond = ask(
        "WITH known AS (SELECT ST_Expand(ST_Extent(ST_Transform(geom, 4543))::box2d, 30) AS box"
        "               FROM buildings)"
        " SELECT kind, shares IS NULL AS silent,"
        " NOT ST_Covers(ST_SetSRID(box::geometry, 4543), ST_Transform(geom, 4543)) AS beyond"
        " FROM video_places, known WHERE run_id = :run"
    )
    assert beyond["silent"].equals(beyond["beyond"])
    assert set(beyond.loc[beyond["silent"], "kind"]) == {"street"}


def test_a_blind_area_names_the_building_nearest_to_a_point_in_it(ask):
    """The point is the measuring library's choice, so any building within a metre may be named."""
    rows = ask(
        "SELECT blind.nearest, array_agg(coalesce(building.name, building.source_key)) AS near"
        " FROM (SELECT id, nearest, ST_Transform(geom, 4543) AS geom FROM video_blind_areas"
        "       WHERE run_id = :run ORDER BY area_m2 LIMIT 40) AS blind"
        " JOIN (SELECT name, source_key, ST_Transform(geom, 4543) AS geom FROM buildings)"
        " AS building ON ST_DWithin(building.geom, blind.geom, 1.0)"
        " GROUP BY blind.id, blind.nearest"
    )
    assert len(rows) > 20
    assert all(row.nearest in row.near for row in rows.itertuples())


def test_the_map_answers_as_the_figures_count(demo_store, ask):
    at = demo_store.house
    with demo_store.begin() as session:
        shown = service.read(
            session, layer("video_places"), district=at.district, policy=at.policy, scope=Scope()
        ).features
    whole = ask(SUMS, quality="detect").set_index("subject_kind").loc["district"]
    for kind, column in (("entrance", "entrances"), ("key_place", "key_places")):
        answers = shown[shown["kind"] == kind]["seen"].value_counts()
        assert answers["seen"] == whole[f"{column}_seen"]
        assert answers.drop("unknown", errors="ignore").sum() == whole[column]
    streets = shown[shown["kind"] == "street"]
    assert set(streets["seen"]) == {"seen", "partly", "dark", "unknown"}
    assert (streets.loc[streets["seen"] == "dark", "seen_percent"] == 0).all()
    assert (streets.loc[streets["seen"] == "seen", "seen_percent"] == 100).all()
    assert streets.loc[streets["seen"] == "unknown", "seen_percent"].isna().all()


def test_levels_have_the_sums_of_what_lies_in_them(ask, places):
    rows = ask(SUMS, quality="detect").set_index(["subject_kind", "subject_code"])
    known = places[places["shares"].notna()]
    gates = known[known["kind"] == "entrance"]
    for level, column in (("compound", "compound_code"), ("grid", "grid_code")):
        for code, those in gates.groupby(column):
            row = rows.loc[(level, code)]
            assert (row["entrances"], row["entrances_seen"]) == (
                len(those), (those["seen_share"] == 1).sum(),
            )  # fmt: skip
    streets = known[known["kind"] == "street"]
    for code, those in streets.groupby("area_code"):
        if len(code) == 12:
            row = rows.loc[("community", code)]
            assert row["street_m"] == pytest.approx(those["length_m"].sum())
            lit = (those["length_m"] * those["seen_share"]).sum()
            assert row["street_seen_m"] == pytest.approx(lit)
    whole = rows.loc[("district", "530102")]
    assert whole["street_m"] == pytest.approx(streets["length_m"].sum())
    keys = known[known["kind"] == "key_place"]
    assert (whole["key_places"], whole["key_places_seen"]) == (
        len(keys), (keys["seen_share"] >= 0.5).sum(),
    )  # fmt: skip
    totals = ask("SELECT totals -> 'coverage' AS seen FROM runs WHERE id = :run")["seen"][0]
    assert totals["entrances_seen"] == whole["entrances_seen"]
    assert totals["street_m"] == pytest.approx(whole["street_m"], abs=0.1)
    weaker = ask(SUMS, quality="identify").set_index(["subject_kind", "subject_code"])
    assert weaker["street_seen_m"].sum() < rows["street_seen_m"].sum()


def test_ground_that_several_points_see_is_what_a_grid_counts_in_the_stored_fields(ask):
    """The compound that most points see at once, every 0.8 m, fields counted by PostGIS."""
    (most,) = ask(GROUND).to_dict("records")
    counted = ask(ON_A_GRID, compound=most["subject_code"]).set_index("deep")["points"]
    shares = [counted[counted.index >= k].sum() / counted.sum() for k in range(1, 6)]
    found = [most["seen_m2"], most["seen_twice_m2"], *most["seen_deeper_m2"]]
    assert np.array(found) / most["public_m2"] == pytest.approx(shares, abs=0.01)
    assert shares[2] > 0.01
