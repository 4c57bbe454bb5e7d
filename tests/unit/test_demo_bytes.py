"""The demo's files depend on size and seed alone, and the importers read them all."""

import hashlib
import json
from pathlib import Path

import pytest

from data.demo.build import DemoFiles, generate
from data.ingest.read import open_source
from data.ingest.types import Kind, Options
from data.reference import codes
from gis import district


def digests(folder: Path) -> dict[str, str]:
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in folder.iterdir()}


@pytest.fixture(scope="module")
def demo(tmp_path_factory) -> DemoFiles:
    return generate(tmp_path_factory.mktemp("demo"), size="small", seed=1)


def test_the_same_seed_gives_the_same_bytes(demo, tmp_path):
    generate(tmp_path, size="small", seed=1)

    assert digests(tmp_path) == digests(demo.truth.parent)


def test_another_seed_gives_other_bytes(demo, tmp_path):
    generate(tmp_path, size="small", seed=2)

    first, second = digests(demo.truth.parent), digests(tmp_path)
    assert first.keys() == second.keys()
    assert all(first[name] != second[name] for name in first)


def test_a_second_run_into_the_same_folder_replaces_it(demo, tmp_path):
    generate(tmp_path, size="small", seed=2)
    generate(tmp_path, size="small", seed=1)

    assert digests(tmp_path) == digests(demo.truth.parent)


def test_every_kind_is_there_and_truth_is_not_among_them(demo):
    assert {file.kind for file in demo.files} == set(Kind)
    assert demo.truth not in {file.path for file in demo.files}
    assert {file.path.suffix for file in demo.files} == {".gpkg", ".csv", ".parquet", ".xlsx"}


def test_every_file_is_read_whole_and_without_a_remark(demo):
    home = district.load(demo.district_file)
    for file in demo.files:
        source = open_source(file.path, file.kind, Options(frame=file.frame), home)
        chunks = list(source.chunks)
        assert sum(len(chunk.rows) for chunk in chunks) == sum(chunk.read for chunk in chunks)
        assert [note for chunk in chunks for note in chunk.notes] == [], file.path.name
        assert source.facts.unmapped == (), file.path.name


def test_the_truth_counts_what_the_files_hold(demo):
    truth = json.loads(demo.truth.read_text(encoding="utf-8"))
    home = district.load(demo.district_file)
    rows = dict.fromkeys(Kind, 0)
    for file in demo.files:
        source = open_source(file.path, file.kind, Options(frame=file.frame), home)
        rows[file.kind] += sum(chunk.read for chunk in source.chunks)

    for kind in ("grids", "compounds", "buildings", "facilities", "incidents", "dwellings"):
        assert rows[Kind(kind)] == truth["counts"][kind]


def test_progress_names_every_file(tmp_path):
    said: list[str] = []

    demo = generate(tmp_path, size="small", seed=3, progress=said.append)

    assert [line for line in said if line.startswith("writing")] == [
        f"writing {file.path.name}" for file in demo.files
    ]


def test_kunming_has_its_official_number_of_divisions():
    by_level = [len([c for c in codes.kunming() if len(c.code) == n]) for n in (6, 9, 12)]

    assert by_level == [14, 150, 1738]
    assert len(codes.communities("530102")) == 101
    assert {c.parent_code for c in codes.kunming()} <= codes.names().keys()


def test_the_whole_city_is_a_home_of_its_own():
    path = Path(codes.__file__).with_name("kunming.toml")

    home = district.load(path)

    assert [home.level_of(code) for code in ("530100", "530102", "530102001", "530102001001")] == [
        "city",
        "district",
        "street",
        "community",
    ]
