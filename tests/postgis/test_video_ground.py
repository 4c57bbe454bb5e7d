"""Covered ground in the store: a run of what changed agrees with a run of everything."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from sqlalchemy import text

from gis import policy as policies
from gis.runs.model import Analysis, Run
from gis.runs.store import latest_run
from gis.video import service
from gis.video.ground import service as ground
from gis.video.ground import shown

BUILTIN = Path(__file__).parents[2] / "data" / "reference" / "policy.toml"
BUILDING = "SELECT source_key FROM buildings WHERE compound_code IS NOT NULL ORDER BY 1 LIMIT 1"
CAMERA = (
    "SELECT source_key FROM cameras WHERE compound_code IS NOT NULL AND status = 'in_use'"
    " AND kind = 'fixed' AND direction_deg IS NOT NULL ORDER BY 1 LIMIT 1"
)


@pytest.fixture
def measured(demo_store):
    """Measures the demo in a transaction that is rolled back, after and before a change."""
    with demo_store.begin() as session:
        run = latest_run(session, Analysis.VIDEO)
        house = demo_store.house

        def measure(previous):
            return ground.measure(
                session, policy=house.policy, district=house.district, as_of=run.as_of,
                previous=previous,
            )  # fmt: skip

        yield session, run.id, measure
        session.rollback()


def _equal(one, two):
    keys = ["compound", "quality"]
    left, right = (found.compounds.set_index(keys).sort_index() for found in (one, two))
    pd.testing.assert_frame_equal(left, right[left.columns], check_dtype=False, rtol=1e-9)
    for name, keys in (("blind", ["compound", "area_m2"]), ("weak", ["compound", "camera_key"])):
        left, right = (
            pd.DataFrame(getattr(found, name)).sort_values(keys, ignore_index=True)
            for found in (one, two)
        )
        pd.testing.assert_frame_equal(
            *(rows.drop(columns="geom", errors="ignore") for rows in (left, right[left.columns])),
            check_dtype=False, rtol=1e-9,
        )  # fmt: skip
        if name == "blind":
            assert shapely.equals_exact(left["geom"], right["geom"], 1e-9).all()
    rows = [found.places.drop(columns="geom") for found in (one, two)]
    pd.testing.assert_frame_equal(rows[0], rows[1][rows[0].columns], check_dtype=False)
    assert shapely.equals_exact(one.places.geometry, two.places.geometry, 1e-9).all()


def test_nothing_changed_is_nothing_measured(measured, demo_store):
    _, run, measure = measured
    again, whole = measure(run), measure(None)
    assert (again.computed, again.places_computed) == (0, 0)
    assert (again.stale.gone, list(again.stale.frames())) == ([], [])
    assert whole.computed == demo_store.truth["counts"]["compounds"]
    _equal(again, whole)


def test_fields_drawn_ahead_in_small_batches_come_in_the_order_of_the_points(measured, monkeypatch):
    _, run, measure = measured
    some = replace(measure(run).stale, chosen=np.arange(30))
    whole = pd.concat(some.frames())
    monkeypatch.setattr("gis.video.ground.stale._BATCH", 4)
    parts = list(some.frames())
    assert len(parts) == 8
    assert list(dict.fromkeys(pd.concat(parts)["camera_key"])) == [
        camera for camera in some.cameras["camera"].iloc[:30] if camera in set(whole["camera_key"])
    ]
    keys = ["camera_key", "quality", "looks"]
    pd.testing.assert_frame_equal(
        *(pd.DataFrame(one).sort_values(keys, ignore_index=True) for one in
          (whole, pd.concat(parts)))
    )  # fmt: skip


def test_an_entrance_is_seen_within_the_tolerance_of_the_policy(measured, demo_store, tmp_path):
    session, run, measure = measured
    own = tmp_path / "own.toml"
    own.write_text("[rules.VIEW]\nplace_tolerance_m = 60.0\n")
    house = demo_store.house
    wide = ground.measure(
        session, policy=policies.load(BUILTIN, own), district=house.district,
        as_of=session.get(Run, run).as_of, previous=None,
    )  # fmt: skip
    near, far = (
        found.places.loc[found.places["kind"] == "entrance", "seen_share"]
        for found in (measure(run), wide)
    )
    assert len(near) == len(far)
    assert near.sum() < far.sum()


@pytest.mark.parametrize(
    ("key", "change"),
    [(CAMERA, "UPDATE cameras SET direction_deg = mod((direction_deg + 90)::numeric, 360)"
              " WHERE source_key = :key"),
     (CAMERA, "DELETE FROM cameras WHERE source_key = :key"),
     (BUILDING, "DELETE FROM buildings WHERE source_key = :key"),
     (BUILDING, "UPDATE buildings SET geom = ST_Multi(ST_Buffer(geom, 0.00002, 'join=mitre'))"
                " WHERE source_key = :key")],
)  # fmt: skip
def test_a_change_measures_what_it_touches_and_agrees_with_the_whole(measured, key, change):
    session, run, measure = measured
    session.execute(text(change), {"key": session.scalar(text(key))})
    part, whole = measure(run), measure(None)
    assert 0 < part.computed < whole.computed / 2
    assert part.places_computed < whole.places_computed / 2
    _equal(part, whole)


@pytest.mark.parametrize(
    ("key", "change"),
    [("SELECT code FROM compounds WHERE entrances IS NOT NULL ORDER BY 1 LIMIT 1",
      "UPDATE compounds SET entrances = ST_Translate(entrances, 0.00001, 0) WHERE code = :key"),
     ("SELECT source_key FROM streets ORDER BY 1 LIMIT 1",
      "UPDATE streets SET geom = ST_Translate(geom, 0.00001, 0) WHERE source_key = :key"),
     ("SELECT source_key FROM facilities WHERE function = 'service_station' ORDER BY 1 LIMIT 1",
      "UPDATE facilities SET geom = ST_Translate(geom, 0.00003, 0) WHERE source_key = :key")],
)  # fmt: skip
def test_a_changed_place_is_measured_anew_and_no_compound_with_it(measured, key, change):
    session, run, measure = measured
    session.execute(text(change), {"key": session.scalar(text(key))})
    part, whole = measure(run), measure(None)
    assert part.computed == 0
    assert 0 < part.places_computed < whole.places_computed / 4
    _equal(part, whole)


def test_a_compound_that_passes_to_another_community_leaves_nothing_behind(measured, demo_store):
    """No figure changes, so all rows are kept: with their new area, in which alone they are read.

    The building nearest to blind areas has another name since.
    """
    session, run, measure = measured
    code, old = session.execute(text(
        "SELECT compound_code, blind.area_code FROM video_blind_areas AS blind"
        " JOIN cameras USING (compound_code) WHERE run_id = :run ORDER BY 1 LIMIT 1"
    ), {"run": run}).one()  # fmt: skip
    new = session.scalar(
        text("SELECT code FROM areas WHERE level = 'community' AND code <> :old LIMIT 1"),
        {"old": old},
    )
    moved = {"code": code, "new": new}
    session.execute(text("UPDATE compounds SET area_code = :new WHERE code = :code"), moved)
    for table in ("cameras", "facilities"):
        update = f"UPDATE {table} SET area_code = :new WHERE compound_code = :code"
        session.execute(text(update), moved)
    session.execute(text("UPDATE buildings SET name = 'renamed ' || source_key"))
    part, whole = measure(run), measure(None)
    assert part.computed == 0
    _equal(part, whole)
    assert set(part.blind.loc[part.blind["compound"] == code, "area_code"]) == {new}
    assert part.blind["nearest"].str.startswith("renamed ").all()
    service.save(
        session,
        service.inventory(
            session, policy=demo_store.house.policy, district=demo_store.house.district,
            as_of=session.get_one(Run, run).as_of,
        ),
    )  # fmt: skip
    astray = text(
        "SELECT count(*) FROM view_fields AS field JOIN cameras AS camera"
        " ON camera.source_key = field.camera_key WHERE camera.area_code <> field.area_code"
    )
    assert session.scalar(astray) == 0


def test_stored_fields_stay_those_of_the_newest_day_that_was_run(measured, demo_store):
    session, run, _ = measured
    count = text("SELECT md5(string_agg(digest, '' ORDER BY id)), count(*) FROM view_fields")
    before, as_of = session.execute(count).one(), session.get_one(Run, run).as_of
    house = demo_store.house
    session.execute(
        text("UPDATE cameras SET direction_deg = 7 WHERE source_key = :key"),
        {"key": session.scalar(text(CAMERA))},
    )
    for day, same in ((as_of - timedelta(days=90), True), (as_of, False)):
        found = service.inventory(session, policy=house.policy, district=house.district, as_of=day)
        service.save(session, found)
        assert (session.execute(count).one() == before) is same


def test_incidents_in_view_are_those_inside_the_fields(measured, demo_store):
    session, _, _ = measured
    window = {"since": date(2026, 1, 1), "until": date(2026, 9, 30), "quality": "observe"}
    found = shown.incidents_shown(session, district=demo_store.house.district, **window)
    fields = gpd.read_postgis(
        "SELECT field.looks, field.geom FROM view_fields AS field"
        " JOIN cameras AS camera ON camera.source_key = field.camera_key"
        " LEFT JOIN camera_states AS state ON state.camera_key = field.camera_key"
        " WHERE quality = 'observe' AND camera.status IN ('in_use', 'unknown')"
        " AND state.state IS DISTINCT FROM 'down'", session.connection(),
    )  # fmt: skip
    spots = gpd.read_postgis(
        "SELECT geom FROM incidents WHERE occurred_at >= '2026-01-01 00:00+08'"
        " AND occurred_at < '2026-10-01 00:00+08'", session.connection(),
    )  # fmt: skip
    home = fields.loc[fields["looks"] == "home", "geom"].union_all()
    assert found.incidents == len(spots)
    assert found.assured == spots.intersects(home).sum() > 0
    assert found.possible == spots.intersects(fields.union_all()).sum() >= found.assured
