"""Counts that the database keeps equal counts over the plain rows, whatever happened to these."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert, select, text, update

from gis.compounds.model import Compound
from gis.counts import store
from gis.rental.model import Dwelling
from gis.runs.model import Import
from gis.video.model import Camera, CameraObservation, CameraState

SPOT = "SRID=4326;POINT(102.7 25.04)"
FIRST = date(2026, 1, 1)
BOX = "SRID=4326;MULTIPOLYGON(((102.7 25.0,102.7 25.1,102.8 25.1,102.8 25.0,102.7 25.0)))"
COMPOUNDS = ("C1", "C2")
PLAIN_LETTINGS = text("""
SELECT compounds.code, count(dwellings.id), coalesce(sum(occupants), 0)
FROM compounds LEFT JOIN dwellings ON compound_code = compounds.code
    AND (registered_on IS NULL OR registered_on <= :day) AND (ended_on IS NULL OR ended_on > :day)
GROUP BY compounds.code ORDER BY compounds.code
""")
PLAIN_CAMERAS = text("""
SELECT compounds.code, count(cameras.id),
       count(*) FILTER (WHERE 'working' = (
           SELECT state FROM camera_observations AS seen
           WHERE camera_key = cameras.source_key AND observed_at < :until
           ORDER BY observed_at DESC LIMIT 1))
FROM compounds JOIN cameras ON compound_code = compounds.code
GROUP BY compounds.code ORDER BY compounds.code
""")

often = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
days = st.integers(0, 9).map(lambda n: FIRST + timedelta(days=n))
letting = st.fixed_dictionaries(
    {
        "area_code": st.sampled_from(["530102001001", "530102001002"]),
        "compound_code": st.sampled_from([None, *COMPOUNDS]),
        "occupants": st.none() | st.integers(0, 9),
        "registered_on": st.none() | days,
        "ended_on": st.none() | days,
    }
).filter(lambda row: not (row["registered_on"] and row["ended_on"])
         or row["ended_on"] >= row["registered_on"])  # fmt: skip
seen = st.tuples(st.sampled_from(["K1", "K2", "K3"]), st.integers(0, 5),
                 st.sampled_from(["working", "down"]))  # fmt: skip


@pytest.fixture
def add(db):
    """Two compounds and an import; adds rows of a model with keys of their own."""
    done = Import(area_code="530102", kind="x", file_name="x", file_sha256="0", read=0, kept=0,
                  repaired=0, flagged=0, refused=0, summary={})  # fmt: skip
    db.add(done)
    db.flush()

    def rows(model, *given):
        known = {"import_id": done.id, "area_code": "530102001001"}
        db.execute(insert(model), [known | row for row in given])

    rows(Compound, *({"source_key": c, "code": c, "name": c, "kind": "old", "geom": BOX}
                     for c in COMPOUNDS))  # fmt: skip
    return rows


def lettings(db, day):
    found = store.lettings_by_compound(db, as_of=day, srid=4543).sort_index()
    return list(zip(found.index, found["rented_dwellings"], found["occupants"], strict=True))


def cameras(db, until):
    found = store.cameras_by_compound(db, as_of=FIRST, until=until).sort_index()
    return list(zip(found.index, found["cameras"], found["working"], strict=True))


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(first=st.lists(letting, min_size=1, max_size=8), changed=letting, day=days,
       touched=st.integers(0, 7), dropped=st.integers(0, 7))  # fmt: skip
def test_lettings_on_any_day_after_inserts_changes_and_deletions(
    db, add, first, changed, day, touched, dropped
):
    with db.begin_nested() as undo:
        add(Dwelling, *({"source_key": f"d{n}", "geom": SPOT, **row}
                        for n, row in enumerate(first)))  # fmt: skip
        db.execute(update(Dwelling).where(Dwelling.source_key >= f"d{touched}").values(changed))
        with db.begin_nested() as failed:
            db.execute(delete(Dwelling))
            failed.rollback()
        db.execute(delete(Dwelling).where(Dwelling.source_key == f"d{dropped}"))
        plain = [tuple(row) for row in db.execute(PLAIN_LETTINGS, {"day": day})]
        assert lettings(db, day) == plain
        undo.rollback()


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(first=st.lists(seen, max_size=8, unique_by=lambda row: row[:2]), until=st.integers(0, 6),
       later=st.lists(seen, max_size=4, unique_by=lambda row: row[:2]),
       moved=st.integers(6, 7), dropped=st.integers(0, 7))  # fmt: skip
def test_newest_states_after_inserts_changes_and_deletions(
    db, add, first, until, later, moved, dropped
):
    def at(n):
        return datetime(2026, 1, 1, n, tzinfo=UTC)

    with db.begin_nested() as undo:
        add(Camera, *({"source_key": f"K{n}", "geom": SPOT, "status": "in_use",
                       "compound_code": COMPOUNDS[n % 2]} for n in (1, 2, 3)))  # fmt: skip
        known = {row[:2] for row in first}
        for batch in (first, [row for row in later if row[:2] not in known]):
            rows = [{"source_key": f"{key} {n}", "camera_key": key, "observed_at": at(n),
                     "state": state} for key, n, state in batch]  # fmt: skip
            if rows:
                add(CameraObservation, *rows)
        last = update(CameraObservation).where(CameraObservation.observed_at == at(5))
        db.execute(last.values(observed_at=at(moved)))
        renamed = update(CameraObservation).where(CameraObservation.camera_key == "K3")
        db.execute(renamed.values(camera_key="K9"))
        db.execute(delete(CameraObservation).where(CameraObservation.observed_at == at(dropped)))
        plain = [tuple(row) for row in db.execute(PLAIN_CAMERAS, {"until": at(until)})]
        assert cameras(db, at(until)) == plain
        newest = select(CameraState.camera_key).order_by(CameraState.camera_key)
        keys = select(CameraObservation.camera_key).distinct()
        assert set(db.scalars(newest)) == set(db.scalars(keys))
        undo.rollback()


def test_ground_measured_at_import_is_what_is_measured_now(db, add):
    def per_km2():
        return store.lettings_by_compound(db, as_of=FIRST, srid=4543)["rented_per_km2"]["C1"]

    add(Dwelling, {"source_key": "d", "geom": SPOT, "compound_code": "C1"})
    measured = per_km2()
    db.execute(update(Compound).values(ground_m2=2e6, ground_srid=4543))
    assert per_km2() == 0.5
    db.execute(update(Compound).values(geom=BOX.replace("102.7", "102.71")))  # drawn anew
    assert per_km2() != 0.5
    db.execute(update(Compound).values(geom=BOX, ground_srid=3857, ground_m2=1.0))
    assert per_km2() == measured  # of another frame: measured now
