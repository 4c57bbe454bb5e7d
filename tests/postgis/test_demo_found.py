"""What was planted in the demo is found, all of it and nothing else, from file to finding."""

import pandas as pd
import pyogrio
import pytest
from sqlalchemy import text

from api.files import outputs
from data.export.model import Format
from gis.layers.service import Scope

LAW = (
    "repair_overdue", "sign_missing", "not_filed", "filed_late", "retention_short",
    "legal_basis_missing", "forbidden_place", "forbidden_view",
)  # fmt: skip
RED_RISK = 1.5  # a compound is rightly red when its true relative risk is above the red cut


@pytest.fixture(scope="module")
def planted(demo_store) -> dict[str, list[tuple[str, ...]]]:
    found: dict[str, list[tuple[str, ...]]] = {}
    for fault in demo_store.truth["faults"]:
        found.setdefault(fault["kind"], []).append(tuple(sorted(fault["keys"])))
    return found


def _rows(demo_store, query: str, analysis: str | None = None) -> pd.DataFrame:
    with demo_store.begin() as session:
        asked = {"run": demo_store.runs[analysis]} if analysis else {}
        return pd.DataFrame(session.execute(text(query), asked).mappings().all())


@pytest.mark.parametrize(
    "kind",
    ["gap", "overlap", "sliver", "outside_community", "no_worker", "households_low",
     "households_high", "households_unknown"],
)  # fmt: skip
def test_grid_faults_are_found_where_planted_and_nowhere_else(demo_store, planted, kind):
    query = "SELECT grid_codes FROM grid_findings WHERE run_id = :run AND kind = :kind"
    with demo_store.begin() as session:
        asked = {"run": demo_store.runs["grids"], "kind": kind}
        found = session.execute(text(query), asked).scalars().all()
    named = [set(codes.replace(",", " ").replace(";", " ").split()) for codes in found]
    true = [set(keys) for keys in planted[kind]]
    assert len(named) == len(true)
    if kind in {"gap", "sliver"}:  # a finding names every grid around it; one of them was cut
        assert all(sum(keys <= codes for codes in named) == 1 for keys in true)
    else:
        assert sorted(map(sorted, named)) == sorted(map(sorted, true))


def test_the_area_of_gaps_and_overlaps_is_the_planted_one(demo_store):
    rows = _rows(demo_store, "SELECT kind, area_m2 FROM grid_findings WHERE run_id = :run", "grids")
    for kind in ("gap", "overlap"):
        true = sorted(f["figure"] for f in demo_store.truth["faults"] if f["kind"] == kind)
        measured = sorted(rows.loc[rows["kind"] == kind, "area_m2"])
        assert measured == pytest.approx(true, rel=0.01)


def test_every_communitys_gap_is_the_true_one(demo_store):
    query = (
        "SELECT subject_code, gap_m2, verdict FROM coverage_results"
        " WHERE run_id = :run AND subject_kind = 'community'"
    )
    found = _rows(demo_store, query, "coverage").set_index("subject_code")
    true = pd.DataFrame(demo_store.truth["communities"]).set_index("code")
    assert sorted(found.index) == sorted(true.index)
    assert found["verdict"].to_dict() == true["verdict"].to_dict()
    for code, row in true.iterrows():
        assert found.loc[code, "gap_m2"] == pytest.approx(row["gap_m2"], abs=1.0)


def test_incidents_are_counted_for_the_compound_they_were_drawn_in(demo_store):
    query = "SELECT compound_code, observed FROM ratings WHERE run_id = :run AND rated_with IS NULL"
    found = _rows(demo_store, query, "rating").set_index("compound_code")["observed"]
    true = pd.DataFrame(demo_store.truth["compounds"]).set_index("code")
    assert found.to_dict() == true.loc[found.index, "rated_incidents_24_months"].to_dict()


def test_red_is_mostly_right_and_never_a_quiet_place(demo_store, record_property):
    query = "SELECT compound_code, colour FROM ratings WHERE run_id = :run"
    colours = _rows(demo_store, query, "rating").set_index("compound_code")["colour"]
    true = pd.DataFrame(demo_store.truth["compounds"]).set_index("code")["theta"]
    red = true[colours[colours == "red"].index]
    record_property("red", len(red))
    record_property("red_right_share", float((red > RED_RISK).mean()))
    assert len(red) > 0
    assert (red > RED_RISK).mean() >= 0.5
    assert (red > 1.0).all()


def test_small_compounds_are_never_coloured_on_their_own(demo_store, planted):
    query = "SELECT compound_code, colour, rated_with FROM ratings WHERE run_id = :run"
    found = _rows(demo_store, query, "rating").set_index("compound_code")
    for (code,) in planted["small_compound"]:
        assert found.loc[code, "colour"] == "unrated" or found.loc[code, "rated_with"] is not None


def test_old_household_counts_are_noted_where_planted_and_nowhere_else(demo_store, planted):
    query = (
        "SELECT compound_code FROM ratings WHERE run_id = :run"
        " AND quality_notes LIKE '%stale_households%'"
    )
    found = _rows(demo_store, query, "rating")
    assert sorted(found["compound_code"]) == sorted(c for (c,) in planted["stale_households"])


def test_facilities_that_do_not_count_are_the_planted_ones(demo_store, planted):
    query = (
        "SELECT (totals ->> 'facilities_not_open')::int AS closed,"
        " (totals ->> 'facilities_not_listed')::int AS unlisted,"
        " (totals ->> 'facilities_unmeasured')::int AS unmeasured FROM runs WHERE id = :run"
    )
    found = _rows(demo_store, query, "coverage").iloc[0].to_dict()
    kinds = {"closed": "not_open", "unlisted": "not_listed", "unmeasured": "no_area"}
    assert found == {name: len(planted[f"facility_{kind}"]) for name, kind in kinds.items()}


def test_video_faults_are_found_where_planted(demo_store, planted):
    query = "SELECT kind, camera_key, compound_code FROM video_findings WHERE run_id = :run"
    rows = _rows(demo_store, query, "video")
    bare = sorted(
        rows.loc[rows["compound_code"].notna() & rows["camera_key"].isna(), "compound_code"]
    )
    assert bare == sorted(code for (code,) in planted["compound_without_camera"])
    of_kind = rows.dropna(subset="camera_key").groupby("kind")["camera_key"].agg(set).to_dict()
    true = {kind: {key for keys in found for key in keys} for kind, found in planted.items()}
    assert of_kind.pop("camera_down") == true["down"]
    assert of_kind.pop("id_missing") == true["missing_gb28181_id"]
    assert of_kind.pop("id_duplicate") == true["duplicate_id"]
    seen = of_kind.pop("view_field_missing")
    assert seen == true["missing_direction_deg"] | true["missing_height_m"]
    fields = ("point_class", "installed_on", "retention_days")
    assert of_kind.pop("field_missing") == {key for f in fields for key in true[f"missing_{f}"]}
    for kind in LAW:
        assert of_kind.pop(kind) == true[kind]
    assert set().union(*of_kind.values()) == true["bad_id"]


def test_working_share_counts_the_planted_failures(demo_store, planted):
    query = (
        "SELECT in_use - working AS down FROM video_results"
        " WHERE run_id = :run AND subject_kind = 'district'"
    )
    assert _rows(demo_store, query, "video")["down"].tolist() == [len(planted["down"])]


def test_suspected_group_rental_is_counted_as_planted(demo_store, planted):
    query = "SELECT totals -> 'suspected_group' AS n FROM runs WHERE id = :run"
    assert _rows(demo_store, query, "rental")["n"].tolist() == [len(planted["suspected_group"])]


def test_mainly_rental_old_compounds_are_the_planted_ones(demo_store, planted):
    query = (
        "SELECT subject_code FROM rental_results WHERE run_id = :run"
        " AND subject_kind = 'compound' AND mainly_rental"
    )
    found = _rows(demo_store, query, "rental")
    assert sorted(found["subject_code"]) == sorted(code for (code,) in planted["mainly_rental"])


def test_courts_that_walls_close_in_are_blind_and_nothing_is_measured_twice(demo_store, planted):
    courts = {fault["keys"][0]: fault["figure"] for fault in demo_store.truth["faults"]
              if fault["kind"] == "blind_court"}  # fmt: skip
    query = (
        "SELECT building.source_key AS key, max(blind.area_m2) AS area_m2"
        " FROM video_blind_areas AS blind JOIN buildings AS building"
        " ON ST_Contains(ST_MakePolygon(ST_ExteriorRing(ST_GeometryN(building.geom, 1))),"
        "                ST_PointOnSurface(blind.geom))"
        " WHERE blind.run_id = :run GROUP BY building.source_key"
    )
    found = _rows(demo_store, query, "video").set_index("key")["area_m2"].to_dict()
    assert courts
    assert found == pytest.approx(courts, rel=0.01)


@pytest.mark.parametrize(
    ("name", "families"),
    [("video_findings", {"point", "area"}), ("video_places", {"point", "line", "area"})],
)
def test_gdal_opens_what_a_liaison_takes_along(demo_store, tmp_path, name, families):
    with demo_store.begin() as session:
        path, rows = outputs.write_export(
            session, demo_store.house, name, Scope(internal=True), Format.GPKG,
            tmp_path / f"{name}.gpkg", purpose="核查",
        )  # fmt: skip
        asked = text(f"SELECT id::text FROM {name} WHERE run_id = :run")
        keys = set(session.scalars(asked, {"run": demo_store.runs["video"]}))
        session.rollback()
    parts = {
        str(layer).removeprefix(f"{name}_"): pyogrio.read_dataframe(path, layer=layer)
        for layer, _ in pyogrio.list_layers(path)
        if layer != "layer_styles"
    }
    assert set(parts) == families
    assert {code for part in parts.values() for code in part["code"]} == keys
    assert sum(map(len, parts.values())) == rows == len(keys)
    assert all(part.crs.to_epsg() == 4326 for part in parts.values())
