"""The ``wangge`` command as scripts use it: one object on stdout, words on stderr, exit codes."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import httpx2
import jsonschema
import pandas as pd
import pytest
from openpyxl import load_workbook
from processes import lives, wait_for, workers_of
from referencing import Registry, Resource
from refusals import CHINESE, LATIN
from rich.console import Console
from sqlalchemy import text

from api import output
from api.cli import COMMANDS, main
from api.commands.serve import _listening
from api.house import House, transaction
from data.export import manifest
from data.export.model import Format
from data.export.service import suffix
from gis.db.backup import beside
from gis.db.cluster import Cluster
from gis.layers.model import REGISTRY
from gis.settings import Settings

SCHEMAS = Path(__file__).parents[2] / "docs" / "json"
LAYERS = [one.name for one in REGISTRY]
INTERNAL = ["--internal", "--purpose", "点位核查"]
PUBLIC = [one.name for one in REGISTRY if not one.internal]


@dataclass(frozen=True)
class Said:
    """What one call left behind."""

    code: int
    out: str
    err: str

    def json(self, schema: str):
        """The one object on stdout, which matches ``docs/json/<schema>.json``."""
        (line,) = self.out.splitlines()
        found = json.loads(line)
        validator(schema).validate(found)
        return found

    def refusal(self) -> tuple[str, str]:
        """Code and message of a refusal, in Chinese and English; stderr says the same."""
        assert self.code == 1, self.err
        error = self.json("error")["error"]
        zh, _, en = error["message"].partition(" / ")
        assert (bool(CHINESE.search(zh)), bool(LATIN.search(en))) == (True, True), (zh, en)
        assert error["message"].split("\n")[0] in self.err
        return error["code"], error["message"]


def validator(name: str) -> jsonschema.Draft202012Validator:
    files = {path.name: json.loads(path.read_text("utf-8")) for path in SCHEMAS.glob("*.json")}
    resources = [(name, Resource.from_contents(body)) for name, body in files.items()]
    return jsonschema.Draft202012Validator(
        files[f"{name}.json"], registry=Registry().with_resources(resources)
    )


def program(*words: str, home: Path, **settings: str) -> list:
    """Arguments of a process of its own."""
    environment = {**os.environ, "WANGGE_HOME": str(home), **settings}
    return [[sys.executable, "-c", "from api.cli import main; main()", *words], environment]


def process(*words: str, home: Path, **settings: str) -> Said:
    command, environment = program(*words, home=home, **settings)
    done = subprocess.run(
        command, env=environment, cwd=home, capture_output=True, text=True, check=False
    )
    return Said(done.returncode, done.stdout, done.stderr)


@pytest.fixture(scope="module")
def demo_home(run_directory):
    """A home in which ``wangge demo --size small`` ran once; its store is kept running."""
    home = run_directory / f"command-{os.getpid()}"
    home.mkdir()
    made = process("demo", "--size", "small", "--out", str(home / "out"), "--json", home=home)
    assert made.code == 0, made.err
    (home / "said.json").write_text(made.out)
    state = process("status", "--json", home=home)
    assert state.json("status")["state"] == "stopped", "the demo leaves its store running"
    assert process("up", "--json", home=home).code == 0
    yield home
    Cluster(home).remove()


@pytest.fixture
def wangge(demo_home, monkeypatch, tmp_path, capfd):
    """Call the command in this process, in the demo's home unless said otherwise."""
    monkeypatch.chdir(tmp_path)
    before = signal.getsignal(signal.SIGTERM)

    def call(*words, home=demo_home, **settings) -> Said:
        with monkeypatch.context() as patch:
            patch.setenv("WANGGE_HOME", str(home))
            for name, value in settings.items():
                patch.setenv(name, str(value))
            patch.setattr(sys, "argv", ["wangge", *map(str, words)])
            capfd.readouterr()
            with pytest.raises(SystemExit) as left:
                main()
            out, err = capfd.readouterr()
        return Said(left.value.code or 0, out, err)

    yield call
    signal.signal(signal.SIGTERM, before)


@pytest.fixture
def server(store):
    """Settings that name a store of the test's own instead of the home's."""
    return {"WANGGE_DATABASE_URL": store.urls.app, "WANGGE_OWNER_URL": store.urls.owner}


def counts(wangge, **settings):
    return wangge("status", "--json", **settings).json("status")["rows"]


def records(wangge, **settings):
    """Rows by table; the audit trail apart, where even a refusal leaves its line."""
    rows = counts(wangge, **settings)
    return {table: times for table, times in rows.items() if table != "audit_entries"}


INCIDENTS = "key,lon,lat,occurred_at,category\n{rows}"


@pytest.fixture
def incidents(tmp_path):
    def written(*rows, name="incidents.csv"):
        path = tmp_path / name
        path.write_text(INCIDENTS.format(rows="\n".join(rows)), encoding="utf-8")
        return path

    return written


# -- the surface ------------------------------------------------------------------------------


def test_every_command_is_listed_and_explains_itself(wangge):
    listed = wangge("--help")
    assert listed.code == 0
    for name, (_, words) in COMMANDS.items():
        assert f"{name} " in listed.out
        assert words in listed.out
        shown = wangge(name, "--help")
        assert (shown.code, shown.err) == (0, "")
        group = "Commands" in shown.out  # each of its own commands has it
        assert "--json" in shown.out or group or name == "worker"  # works until it is ended


def test_quick_commands_load_nothing_heavy(demo_home):
    """GDAL, pandas, Folium and the models take seconds; status, up, down and help do without."""
    heavy = {"pandas", "geopandas", "pyogrio", "shapely", "folium", "fastapi", "alembic", "scipy"}
    code = (
        "import sys, api.cli\n"
        "try: api.cli.main()\n"
        f"except SystemExit: print(sorted({heavy!r} & set(sys.modules)), file=sys.stderr)"
    )
    for words in (["--help"], ["status", "--json"], ["up", "--json"], ["backup", "--help"]):
        done = subprocess.run(
            [sys.executable, "-c", code, *words],
            env={**os.environ, "WANGGE_HOME": str(demo_home)},
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert done.stderr.splitlines()[-1] == "[]", words


@pytest.mark.parametrize(
    "words",
    [
        [], ["nothing"], ["run"], ["run", "nothing"], ["run", "all", "--nothing"],
        ["map", "grids"], ["export", "grids", "--format", "doc", "--out", "x"],
        ["import", "nothing", "x.csv"], ["demo", "--size", "huge"], ["demo", "--seed", "-1"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_wrong_usage_is_exit_code_2_with_the_reason_on_stderr(wangge, words):
    said = wangge(*words)
    assert said.code == 2
    assert "Usage:" in said.err + said.out
    if words:
        assert said.out == ""
        assert wangge(*words, "--json").json("error")["error"]["code"] == "usage"


def test_status_twice_is_equal_and_is_about_the_store(wangge, demo_home):
    first, second = wangge("status", "--json"), wangge("status", "--json")
    assert first == second
    state = first.json("status")
    assert state["state"] == "running"
    assert state["demo"] is True
    assert state["schema"] == state["schema_wanted"]
    assert state["home"] == str(demo_home)
    assert wangge("status") == wangge("status")


def test_a_home_without_a_store_is_absent_and_stays_so(wangge, home):
    assert wangge("status", "--json", home=home).json("status")["state"] == "absent"
    assert wangge("down", "--json", home=home).json("status")["state"] == "absent"
    assert list(home.iterdir()) == []


def test_migrating_a_store_that_is_up_to_date_changes_nothing(wangge):
    before = wangge("status", "--json")
    assert wangge("migrate", "--json") == before


# -- the demo ---------------------------------------------------------------------------------


def test_the_summary_is_what_was_said_and_what_is_there(wangge, demo_home):
    out = demo_home / "out"
    summary = json.loads((out / "summary.json").read_text("utf-8"))
    assert Said(0, (demo_home / "said.json").read_text(), "").json("demo") == summary
    assert (summary["district"], summary["size"], summary["demo"]) == ("530102", "small", True)
    assert all((out / path).stat().st_size > 500 for path in summary["maps"] + summary["exports"])
    assert len(summary["maps"]) == len(LAYERS) + 1
    stored = counts(wangge)
    inputs = {name: n for name, n in summary["counts"].items() if name not in ("runs", "ratings")}
    assert inputs.items() <= stored.items() or set(inputs) == set(stored)


def test_the_figures_are_the_same_everywhere(wangge, demo_home, tmp_path):
    """Summary, a run's totals and the rows of an export that another program reads."""
    summary = json.loads((demo_home / "out" / "summary.json").read_text("utf-8"))
    runs = {one["analysis"]: one for one in wangge("run", "all", "--json").json("run")["runs"]}
    assert runs["rating"]["totals"].items() <= summary["rating"].items()
    assert runs["rating"]["period"] == summary["rating"]["period"]
    for name in ("coverage", "rental", "video", "grids"):
        assert runs[name]["totals"] == summary[name]
        assert runs[name]["stored"] is False, "equal inputs and rules are one run"
    for layer, column, section, whole in (
        ("rating", "colour", "rating", "compounds"),
        ("coverage", "verdict", "coverage", "communities"),
    ):
        file = tmp_path / f"{layer}.geojson"
        wangge("export", layer, "--format", "geojson", "--out", file)
        features = json.loads(file.read_text("utf-8"))["features"]
        found = Counter(one["properties"][column] for one in features)
        assert found == {key: n for key, n in summary[section].items() if key in found}
        assert found.total() == summary[section][whole]


def test_a_second_demo_does_only_what_is_missing(wangge, demo_home):
    out = demo_home / "out"
    first = wangge("demo", "--size", "small", "--out", out, "--json").json("demo")
    written = {path: (out / path).stat().st_mtime_ns for path in first["maps"] + first["exports"]}
    gone = out / "maps" / "grids.html"
    second = wangge("demo", "--size", "small", "--out", out, "--json").json("demo")
    same = first.keys() - {"seconds", "counts"}
    assert {key: second[key] for key in same} == {key: first[key] for key in same}
    assert {path: (out / path).stat().st_mtime_ns for path in written} == written
    gone.unlink()
    assert wangge("demo", "--size", "small", "--out", out, "--json").code == 0
    assert gone.is_file()


def test_another_demo_is_refused_in_the_same_store(wangge, demo_home, tmp_path):
    before = counts(wangge)
    command = ["demo", "--size", "small", "--seed", "2", "--out", tmp_path / "o", "--json"]
    code, message = wangge(*command).refusal()
    assert code == "bad_input"
    assert "holds the demo small, seed 1" in message
    assert counts(wangge) == before


def test_a_demo_is_not_mixed_with_rows_of_somebody_else(wangge, server, incidents, tmp_path):
    file = incidents("a,102.70,25.05,2026-01-02 10:00,theft")
    assert wangge("import", "incidents", file, "--frame", "wgs84", **server).code == 0
    before = counts(wangge, **server)
    said = wangge("demo", "--size", "small", "--out", tmp_path / "o", "--json", **server)
    code, message = said.refusal()
    assert code == "bad_input"
    assert "invented" in message
    assert counts(wangge, **server) == before


@pytest.mark.slow
def test_a_demo_killed_in_the_middle_can_be_repeated(wangge, server, demo_home, tmp_path):
    command, environment = program(
        "demo", "--size", "small", "--out", str(tmp_path / "o"), home=tmp_path, **server
    )
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as running:
        for line in running.stderr:
            if "compounds" in line:  # half of the files are in
                break
        running.kill()
    before = counts(wangge, **server)
    assert before["areas"] > 0
    assert before["runs"] == 0
    again = wangge("demo", "--size", "small", "--out", tmp_path / "o", "--json", **server)
    summary = again.json("demo")
    first = json.loads((demo_home / "out" / "summary.json").read_text("utf-8"))
    same = ("coverage", "rating", "rental", "video", "grids", "maps", "exports")
    assert {key: summary[key] for key in same} == {key: first[key] for key in same}


# -- import -----------------------------------------------------------------------------------


def test_an_import_reports_what_it_kept_and_what_it_refused(wangge, server, incidents, home):
    file = incidents("a,102.70,25.05,2026-01-02 10:00,theft", "b,102.71,25.05,2026-13-01,theft")
    said = wangge("import", "incidents", file, "--frame", "wgs84", "--json", **server)
    report = said.json("import")
    assert (said.code, report["read"], report["kept"], report["refused"]) == (0, 2, 1, 1)
    (row,) = report["rows"]
    assert (row["row"], row["column"], row["value"]) == (2, "occurred_at", "2026-13-01")
    assert Path(report["report"]).parent.name == "reports"
    assert "row 2 occurred_at = '2026-13-01': 不是日期 / is not a date" in said.err
    again = wangge("import", "incidents", file, "--frame", "wgs84", "--json", **server)
    assert again.json("import")["unchanged"] == 1


def test_an_import_shows_on_a_terminal_how_far_it_is(wangge, server, incidents, monkeypatch):
    shown = StringIO()
    monkeypatch.setattr(
        output, "NOTES", Console(file=shown, force_terminal=True, color_system=None, width=100)
    )
    file = incidents("a,102.70,25.05,2026-01-02 10:00,theft")
    assert wangge("import", "incidents", file, "--frame", "wgs84", **server).code == 0
    assert re.search(rf"{file.name} \w+ .*━.* \d/1 ", shown.getvalue())


def test_a_trial_reports_the_same_and_changes_nothing(wangge, server, incidents):
    file = incidents("a,102.70,25.05,2026-01-02 10:00,theft", "b,102.71,25.05,2026-13-01,theft")
    before = records(wangge, **server)
    words = ["import", "incidents", file, "--frame", "wgs84", "--json"]
    trial = wangge(*words, "--dry-run", **server).json("import")
    assert records(wangge, **server) == before
    real = wangge(*words, **server).json("import")
    assert trial["import"] is None  # a trial leaves nothing to undo
    differ = {"dry_run": False, "report": "", "import": None}
    assert {**trial, **differ} == {**real, **differ}


@pytest.mark.parametrize(
    ("words", "row", "code"),
    [
        (["--frame", "wgs84"], "a,abc,25.05,2026-01-02,theft", "nothing_kept"),
        ([], "a,102.70,25.05,2026-01-02,theft", "frame_missing"),
        (["--frame", "mars"], "a,102.70,25.05,2026-01-02,theft", None),
        (["--frame", "wgs84", "--encoding", "x"], "a,102.70,25.05,2026-01-02,theft", None),
        (["--frame", "wgs84", "--map", "key"], "a,102.70,25.05,2026-01-02,theft", "bad_input"),
        (["--frame", "wgs84", "--map", "key=nix"], "a,102.70,25.05,2026-01-02,theft", None),
        (["--frame", "wgs84", "--map", "nix=key"], "a,102.70,25.05,2026-01-02,theft", None),
        (["--frame", "wgs84", "--profile", "nix"], "a,102.70,25.05,2026-01-02,theft", None),
    ],
)
def test_a_refused_import_leaves_the_store_as_it_was(wangge, incidents, words, row, code):
    before = records(wangge)
    said = wangge("import", "incidents", incidents(row), *words, "--json")
    found, _ = said.refusal()
    assert code in (None, found)
    assert records(wangge) == before


def test_a_refused_file_is_told_row_by_row(wangge, incidents):
    file = incidents("a,102.7,25.05,someday,theft", "b,102.7,25.05,yesterday,theft")
    said = wangge("import", "incidents", file, "--frame", "wgs84", "--json")
    report = said.json("error")["report"]
    assert report["refusal"]["code"] == "nothing_kept"
    found = {(one["row"], one["column"], one["value"]) for one in report["rows"]}
    assert found == {(1, "occurred_at", "someday"), (2, "occurred_at", "yesterday")}
    assert all(one["reason_zh"] and one["reason_en"] for one in report["rows"])
    assert report["file"] == file.name
    assert Path(report["report"]).is_file()
    assert "row 2 occurred_at = 'yesterday'" in said.err


def test_a_file_refused_unopened_has_a_workbook_too(wangge, incidents):
    file = incidents("a,102.7,25.05,2026-01-02,theft")
    report = wangge("import", "incidents", file, "--json").json("error")["report"]
    assert report["refusal"]["code"] == "frame_missing"
    (sheet, *_) = load_workbook(report["report"]).worksheets
    assert any("frame_missing" in row for row in sheet.values)


def test_a_report_that_cannot_be_written_undoes_nothing(wangge, server, incidents, home):
    here = {**server, "WANGGE_HOME": str(home)}
    (home / "reports").write_text("in the way")
    file = incidents("a,102.70,25.05,2026-01-02 10:00,theft")
    said = wangge("import", "incidents", file, "--frame", "wgs84", "--json", **here)
    report = said.json("import")
    assert (said.code, report["kept"], report["report"]) == (0, 1, None)
    assert counts(wangge, **here)["incidents"] == 1


# -- a rating computed again ---------------------------------------------------------------------


def test_a_quarter_is_computed_again_and_a_changed_colour_is_exit_code_1(wangge, demo_home):
    before = records(wangge)
    said = wangge("replay", "2026Q3", "--json")
    found = said.json("replay")
    assert (said.code, found["equal"], found["period"]) == (0, True, "2026Q3")
    assert "逐位相同" in said.err
    with recoloured(demo_home, found["run_id"]) as code:
        said = wangge("replay", found["run_id"], "--json")
        shown = wangge("replay", "2026Q3")
    wanted = {"code": code, "figure": "colour", "stored": "red", "again": "green"}
    assert (said.code, said.json("replay")["differences"]) == (1, [wanted])
    assert shown.code == 1
    assert code in shown.out
    assert records(wangge) == before


@contextmanager
def recoloured(home, run_id):
    """The code of a green compound that the store calls red meanwhile."""
    rows = {"run": run_id}
    with House(Settings(_env_file=None, home=home)).store() as engine:
        with transaction(engine) as session:
            rows["code"] = session.scalar(text(GREEN), rows)
            session.execute(text(RECOLOUR), rows | {"colour": "red"})
        try:
            yield rows["code"]
        finally:
            with transaction(engine) as session:
                session.execute(text(RECOLOUR), rows | {"colour": "green"})


GREEN = "SELECT min(compound_code) FROM ratings WHERE run_id = :run AND colour = 'green'"
RECOLOUR = "UPDATE ratings SET colour = :colour WHERE run_id = :run AND compound_code = :code"


@pytest.mark.parametrize(
    ("which", "code"), [("2026-07", "bad_period"), ("soon", "bad_period"), ("999999", "not_found")]
)
def test_what_cannot_be_computed_again_is_refused(wangge, which, code):
    assert wangge("replay", which, "--json").refusal()[0] == code


# -- maps and exports -------------------------------------------------------------------------


def test_all_maps_are_drawn_without_cameras(wangge, tmp_path):
    maps = wangge("map", "all", "--out", tmp_path / "maps", "--json").json("map")
    assert maps["skipped"] == []
    assert {Path(path).stem for path in maps["maps"]} == {*PUBLIC, "combined"}
    for path in map(Path, maps["maps"]):
        text = path.read_text("utf-8")
        assert "演示数据" in text
        assert path.stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("layer", [*LAYERS, "combined"])
def test_every_layer_leaves_in_every_format(wangge, tmp_path, layer):
    rows = set()
    for form in Format:
        file = tmp_path / f"{layer}{suffix(form)}"
        words = ["export", layer, "--format", form.value, "--out", file, "--json"]
        said = wangge(*words, *([] if layer in {*PUBLIC, "combined"} else INTERNAL))
        if layer == "combined" and said.code == 1:
            assert said.refusal()[0] == "bad_input", "a format of one layer a file"
            continue
        found = said.json("export")
        assert Path(found["file"]).stat().st_size > 0
        rows.add(found["rows"])
    assert len(rows) == 1
    assert rows.pop() > 0


def test_cameras_leave_only_when_asked_and_then_privately(wangge, tmp_path):
    for words in (
        ["export", "cameras", "--format", "csv", "--out", tmp_path / "c.csv"],
        ["map", "cameras", "--out", tmp_path],
    ):
        assert wangge(*words, "--json").refusal()[0] == "withheld"
    assert list(tmp_path.iterdir()) == []
    for form in (Format.CSV, Format.GPKG, Format.SHP, Format.XLSX):
        file = tmp_path / f"c{suffix(form)}"
        words = ["export", "cameras", "--format", form.value, "--out", file]
        assert wangge(*words, "--internal", "--json").refusal()[0] == "purpose_missing"
        assert not file.exists()
        assert wangge(*words, *INTERNAL).code == 0
        assert file.stat().st_mode & 0o777 == 0o600
        assert manifest.beside(file).stat().st_mode & 0o777 == 0o600
    assert wangge("map", "cameras", "--out", tmp_path, "--internal").code == 0
    assert (tmp_path / "cameras.html").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["map", "nothing"], "not_found"),
        (["export", "nothing", "--format", "csv"], "not_found"),
        (["map", "rating", "--period", "2026Q9"], "bad_period"),
        (["map", "rating", "--period", "1999Q1"], "no_data"),
        (["export", "rating", "--format", "csv", "--period", "1999Q1"], "no_data"),
        (["map", "rating", "--as-of", "soon"], "bad_input"),
        (["map", "rating", "--as-of", "0001-01-01"], "bad_period"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else value,
)
def test_what_cannot_be_drawn_is_said(wangge, tmp_path, words, code):
    out = tmp_path / "x"
    assert wangge(*words, "--out", out, "--json").refusal()[0] == code
    assert not out.exists()


def test_a_place_that_cannot_be_written_is_said(wangge, tmp_path):
    taken = tmp_path / "taken"
    taken.write_text("")
    code, message = wangge("map", "grids", "--out", taken / "x", "--json").refusal()
    assert code == "bad_input"
    assert "cannot be written" in message
    for form in Format:
        words = ["export", "grids", "--format", form.value, "--out", taken / f"x{suffix(form)}"]
        assert wangge(*words, "--json").refusal()[0] == "bad_input", form


def test_the_trail_knows_what_the_demo_did_and_what_was_exported(wangge, tmp_path):
    assert wangge("audit", "head", "--json").json("audit")["number"] > 0
    out = tmp_path / "trail.csv"
    words = ["audit", "export", "--out", out, "--purpose", "检查", "--json"]
    rows = wangge(*words).json("audit")["rows"]
    lines = pd.read_csv(out)
    assert len(lines) == rows
    assert set(lines["event"]) >= {"import", "run", "export"}
    assert lines["address"].str.startswith("local uid=").all()
    imported = lines[lines["event"] == "import"].groupby("target")["rows"].sum()
    assert imported["compounds"] > 0
    assert wangge("audit", "verify-file", out, "--json").json("audit")["whole"] is True
    verified = wangge("audit", "verify", "--json")
    assert verified.code == 0
    assert verified.json("audit")["lines"] == rows + 1, "the export itself is the last line"
    assert wangge("audit", "prune", "--json").json("audit") == {"dropped": 0}
    out.write_text("changed")
    assert wangge("audit", "verify-file", out).code == 1


def test_an_empty_store_has_nothing_to_run_or_to_draw(wangge, server, tmp_path):
    for words in (["run", "all"], ["run", "coverage"], ["map", "all", "--out", tmp_path]):
        assert wangge(*words, "--json", **server).refusal()[0] == "no_data"


# -- runs and rules ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["--period", "2026Q5"], "bad_period"),
        (["--period", "202607"], "bad_period"),
        (["--as-of", "30.9.2026"], "bad_input"),
        (["--as-of", "9999-01-01"], "bad_period"),
    ],
)
def test_a_time_that_is_none_is_refused(wangge, words, code):
    refused = wangge("run", "rating", *words, "--json").refusal()
    assert refused[0] == code
    assert " / " in refused[1]


def test_counts_are_those_of_the_runs(wangge, demo_home):
    found = wangge("counts", "--json").json("counts")
    inventory = wangge("run", "video", "--json").json("run")["runs"][0]["totals"]
    held = sum(one["cameras"] for one in found["compounds"])
    assert 0 < held <= inventory["cameras"]
    code = found["compounds"][0]["code"]
    one = wangge("counts", "--code", code, "--json").json("counts")
    assert one["compounds"] == found["compounds"][:1]
    assert one["communities"] == []
    refused = wangge("counts", "--code", code, "--code", "NOSUCH", "--json").refusal()
    assert refused[0] == "not_found"
    assert "'NOSUCH'" in refused[1]


def test_the_police_liaison_checks_the_register_and_plans_points(wangge, demo_home, tmp_path):
    found = wangge("video", "check", "--kind", "forbidden_place", "--json").json("video-check")
    assert found["matched"] == len(found["findings"]) > 0
    assert {one["rule"] for one in found["findings"]} == {"LAW-799-8"}
    compound = wangge("counts", "--json").json("counts")["compounds"][0]["code"]
    poles, out, page = (tmp_path / name for name in ("poles.geojson", "plan.geojson", "plan.html"))
    asked = ("video", "plan", "--compound", compound, "--budget", "2", "--json")
    assert wangge(*asked, "--out", str(out)).refusal()[0] == "purpose_missing"
    assert not out.exists()
    written = (*asked, "--out", str(out), "--purpose", "年度布点", "--map", str(page))
    plan = wangge(*written).json("video-plan")
    counted = [one["weighted_m2"] for one in plan["places"]]
    assert plan["gap"] == pytest.approx(1 - sum(counted) / plan["bound"], abs=1e-6)
    yuan = [one["cumulative_yuan"] for one in plan["places"]]
    assert yuan == [12_000.0 * (k + 1) for k in range(len(counted))]
    assert (out.stat().st_mode & 0o777, page.stat().st_mode & 0o777) == (0o600, 0o600)
    assert "wg-index-video_plan" in page.read_text("utf-8")
    proposed = json.loads(out.read_text("utf-8"))
    assert "内部 / internal" in proposed["description"]
    assert "用途 / Purpose: 年度布点" in proposed["description"]
    trail = tmp_path / "trail.csv"
    wangge("audit", "export", "--out", str(trail), "--purpose", "检查", "--json").json("audit")
    (line,) = [one for one in trail.read_text("utf-8-sig").splitlines() if "年度布点" in one]
    assert "video_plan" in line
    features = proposed["features"]
    poles.write_text(json.dumps(proposed | {"features": features[:1]}), "utf-8")
    chosen = wangge(*asked, "--candidates", str(poles)).json("video-plan")["places"]
    assert [(one["lon"], one["lat"]) for one in chosen] == [
        tuple(features[0]["geometry"]["coordinates"])
    ]
    nowhere = str(tmp_path / "none.geojson")
    for option in ("--candidates", "--footfall"):
        assert wangge(*asked, option, nowhere).refusal()[0] == "file_missing"
    assert wangge(*asked, "--target", "95").code == 2
    table = wangge(*asked[:-1]).out
    for place in plan["places"]:
        for figure in (place["compound"], f"{place['lon']:.6f}", f"{place['lat']:.6f}"):
            assert f" {figure} " in table
    community = wangge("video", "plan", "--area", "530102001001", "--budget", "1", "--json")
    assert community.json("video-plan")["area"] == "530102001001"


def test_a_catalogue_of_cameras_is_told_when_it_was_read(wangge, tmp_path):
    catalogue = tmp_path / "catalogue.json"
    item = {"DeviceID": "53010200011327900001", "Longitude": 102.7, "Latitude": 25.05}
    catalogue.write_text(json.dumps({"DeviceList": [item | {"Status": "OFF"}]}), "utf-8")
    asked = ("import", "cameras", str(catalogue), "--frame", "wgs84", "--dry-run", "--json")
    told = wangge(*asked, "--read-at", "2026-06-30T08:00").json("import")
    assert (told["observations"]["inserted"], told["reasons"]) == (1, [])
    silent = wangge(*asked).json("import")
    assert silent["observations"] is None
    assert [one["code"] for one in silent["reasons"]] == ["answers_only"]
    assert wangge(*asked, "--read-at", "昨天").refusal()[0] == "bad_input"


def test_a_month_is_rated_as_a_preview(wangge):
    (run,) = wangge("run", "rating", "--period", "2026-07", "--json").json("run")["runs"]
    assert run["period"] == "2026-07"


def test_a_districts_own_rule_changes_verdicts_and_is_named(wangge, tmp_path):
    policy = tmp_path / "ours.toml"
    policy.write_text(
        'version = "ours-1"\n[rules.FAC-1]\nm2_per_100_households = { value = 9000 }\n'
    )
    before = wangge("run", "coverage", "--json").json("run")["runs"][0]["totals"]
    strict = wangge("run", "coverage", "--json", WANGGE_POLICY_FILE=policy).json("run")["runs"][0]
    assert before["met"] > 0
    assert strict["totals"]["met"] == 0
    assert (
        wangge("status", "--json", WANGGE_POLICY_FILE=policy).json("status")["policy"] == "ours-1"
    )
    file = tmp_path / "coverage.csv"
    assert wangge("export", "coverage", "--format", "csv", "--out", file).code == 0
    assert "ours.toml" in file.read_text("utf-8-sig")
    again = wangge("run", "coverage", "--json").json("run")["runs"][0]
    assert again["totals"] == before


def test_tables_show_nested_figures_and_both_languages(wangge):
    shown = wangge("run", "grids").out
    assert "网格核查 / Grid audit" in shown
    assert "unified · findings" in shown


@pytest.mark.parametrize(
    ("setting", "text", "code", "wanted"),
    [
        ("WANGGE_DISTRICT_FILE", "code = \n", "bad_district", "line 1"),
        ("WANGGE_DISTRICT_FILE", 'code = "530102"', "bad_district", "name_zh"),
        ("WANGGE_POLICY_FILE", "[rules\n", "bad_policy", "line 1"),
        (
            "WANGGE_POLICY_FILE",
            '\n[rules.FAC-1]\nm2_per_100_households = { value = "many" }',
            "bad_policy",
            "line 3",
        ),
        ("WANGGE_POLICY_FILE", "[rules.FAC-1]\nnothing = 1", "bad_policy", "line 2"),
    ],
)
def test_a_broken_file_of_rules_is_refused_with_its_place(
    wangge, tmp_path, setting, text, code, wanted
):
    file = tmp_path / "broken.toml"
    file.write_text(text)
    for words in (["status"], ["run", "coverage"], ["serve"]):
        found, message = wangge(*words, "--json", **{setting: file}).refusal()
        assert found == code
        assert str(file) in message
        assert wanted in message


def test_a_file_of_rules_that_is_missing_is_named(wangge, tmp_path):
    for setting in ("WANGGE_DISTRICT_FILE", "WANGGE_POLICY_FILE"):
        _, message = wangge("status", "--json", **{setting: tmp_path / "nix"}).refusal()
        assert "cannot be read" in message


def test_a_setting_that_is_no_number_is_named(wangge):
    assert "WANGGE_PORT" in wangge("status", "--json", WANGGE_PORT="many").refusal()[1]


def test_the_store_of_another_district_is_refused(wangge):
    chicago = Path(__file__).parents[1] / "districts" / "chicago.toml"
    code, message = wangge("run", "all", "--json", WANGGE_DISTRICT_FILE=chicago).refusal()
    assert code == "bad_input"
    assert "530102" in message


# -- backup -----------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_backup_comes_back_in_an_empty_home(wangge, demo_home, home, tmp_path):
    before = counts(wangge)
    file = tmp_path / "demo.wangge"
    assert wangge("backup", file, "--json").json("backup")["bytes"] == file.stat().st_size
    assert counts(wangge)["audit_entries"] == before["audit_entries"] + 1, "a backup is noted"
    assert "not signed by this home" in wangge("restore", file, "--json", home=home).refusal()[1]
    key = json.loads(beside(file).read_text("utf-8"))["public_key"]
    said = wangge("restore", file, "--public-key", key, "--json", home=home)
    told = {"file": str(file), "restored": True, "audit_whole": True}
    assert said.json("restore") == told
    assert wangge("status", "--json", home=home).json("status")["state"] == "stopped"
    rows = wangge("up", "--json", home=home).json("status")["rows"]
    assert rows.pop("audit_entries") > before.pop("audit_entries"), "the restore itself is noted"
    assert rows == before
    verified = wangge("audit", "verify", "--json", home=home).json("audit")
    assert (verified["whole"], verified["signed_heads"]) == (True, 1)
    copy, original = (wangge("run", "all", "--json", home=one) for one in (home, demo_home))
    assert copy.json("run") == original.json("run")
    assert wangge("down", "--json", home=home).json("status")["state"] == "stopped"


def test_a_restore_says_what_is_again_as_it_was(wangge, server, home, tmp_path):
    file = tmp_path / "before.wangge"
    wangge("backup", file, home=home, **server)
    for how in ([], ["--json"]):
        said = wangge("restore", file, *how, home=home, **server)
        assert said.code == 0, said.err
        words = " ".join(said.err.split())
        assert "备份之后改过的密码、两步验证、角色和区域" in words.replace(" ", "")
        assert "passwords, second factors, roles and areas changed since the backup" in words


def test_restoring_what_is_no_backup_changes_nothing(wangge, tmp_path):
    before = counts(wangge)
    file = tmp_path / "x"
    file.write_bytes(b"PGDMP" + os.urandom(500))
    assert wangge("restore", file, "--json").refusal()[0] == "bad_input"
    assert counts(wangge) == before


@pytest.mark.parametrize(
    ("area", "why"),
    [("999999", "no area of the store"), ("530102999", "no area of the store"),
     ("53010", "lies outside of the district"), ("530100", "lies outside of the district")],
)  # fmt: skip
def test_no_account_is_made_for_an_area_that_is_not_there(wangge, area, why):
    asked = ("user", "add", "nowhere", "--role", "planner", "--area", "530102001")
    code, message = wangge(*asked, "--area", area, "--json").refusal()
    assert (code, message.startswith(f"{area}："), why in message) == ("bad_input", True, True)
    known = json.loads(wangge("user", "list", "--json").out)["accounts"]
    assert "nowhere" not in [one["login"] for one in known]


def test_the_stores_own_commands_refuse_in_chinese_and_english(wangge, server, tmp_path):
    """`Said.refusal` asks for both; the store that has no owner is named to the last ones."""
    side, none = tmp_path / "x.wangge", tmp_path / "none"
    side.write_bytes(b"")
    refused = {
        ("migrate", "--to", "9999"): "没有此版本",
        ("migrate", "--to", "0001"): "不能回退",
        ("backup", "/dev/null/x"): "无法写入",
        ("restore", none): "contents.json",
        ("restore", side): "contents.json",
    }
    for words, told in refused.items():
        code, message = wangge(*words, "--json", **server).refusal()
        assert (code, told in message) == ("bad_input", True), message
    owned = server | {"WANGGE_OWNER_URL": ""}
    for words in (("migrate",), ("backup", none)):
        code, message = wangge(*words, "--json", **owned).refusal()
        assert (code, "WANGGE_OWNER_URL" in message) == ("store_unavailable", True), message
    for words in (("up",), ("down",)):
        assert wangge(*words, "--json", **server).refusal()[0] == "store_unavailable"
    for setting in ("WANGGE_DATABASE_URL", "WANGGE_OWNER_URL"):
        assert setting in wangge("migrate", "--json", **server | {setting: "x"}).refusal()[1]


# -- the service ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host",
    ["0.0.0.0", "192.168.1.1", "::", "example.org", ""],
    ids=["any", "network", "any6", "name", "none"],  # loadscope cuts node ids at double colons
)
def test_the_service_does_not_open_to_the_network(wangge, host):
    code, message = wangge("serve", "--json", WANGGE_HOST=host).refusal()
    assert code == "bad_input"
    assert "WANGGE_HOST" in message


def test_the_service_starts_answers_logs_without_values_and_ends(wangge, demo_home, unused_port):
    command, environment = program("serve", "--json", home=demo_home, WANGGE_PORT=str(unused_port))
    with subprocess.Popen(
        command, env=environment, cwd=demo_home, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as running:  # fmt: skip
        said = running.stdout.readline()
        found = Said(0, said, "").json("serve")
        assert found["url"] == f"http://127.0.0.1:{unused_port}"
        answer = asked(f"{found['url']}/api/v1/layers/coverage/at?lon=102.71234&lat=25.05678")
        assert answer.status_code == 401
        with socket.create_connection(("127.0.0.1", unused_port)) as broken:
            broken.sendall(b"BROKEN\r\n\r\n")
            assert b" 400 " in broken.recv(100)
        taken = wangge("serve", "--json", WANGGE_PORT=unused_port)
        assert str(unused_port) in taken.refusal()[1]
        (worker,) = workers_of(running.pid)
        assert lives(worker)
        running.send_signal(signal.SIGTERM)
        out, err = running.communicate(timeout=30)
    wait_for(lambda: not lives(worker), "the worker outlived its service")
    assert out == ""
    assert running.returncode == 128 + signal.SIGTERM
    told = err.splitlines()
    assert any("demo-accounts.json" in one for one in told)
    first = next(at for at, line in enumerate(told) if line.startswith("{"))
    lines = [json.loads(one) for one in told[first:]]
    assert "Invalid HTTP request received." in {one["event"] for one in lines}
    (entry,) = (one for one in lines if "route" in one)
    assert entry["route"] == "/api/v1/layers/{name}/at"
    assert entry["request_id"] == answer.headers["x-request-id"]
    assert "102.7" not in err
    assert process("status", "--json", home=demo_home).json("status")["state"] == "running"


@pytest.mark.slow
def test_a_worker_that_is_killed_has_a_successor_and_a_killed_service_takes_it_along(
    demo_home, unused_port
):
    command, environment = program("serve", home=demo_home, WANGGE_PORT=str(unused_port))
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as running:
        (first,) = wait_for(lambda: workers_of(running.pid), "no worker was started")
        os.kill(first, signal.SIGKILL)
        wait_for(lambda: set(workers_of(running.pid)) - {first}, "the worker had no successor")
        time.sleep(0.5)
        (worker,) = workers_of(running.pid)
        assert lives(worker)
        running.kill()
    wait_for(lambda: not lives(worker), "the worker outlived its service")


def test_an_answer_waits_for_nobody_to_acknowledge_its_headers(unused_port):
    """Else each one takes 40 ms more on a connection that is kept: Nagle and a delayed ACK."""
    at = Settings(_env_file=None, port=unused_port)
    with _listening(at) as listening, socket.create_connection(listening.getsockname()):
        accepted, _ = listening.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def asked(url):
    """The answer, once the service listens."""
    end_s = time.monotonic() + 30
    while True:
        try:
            return httpx2.get(url, timeout=30)
        except httpx2.TransportError:
            if time.monotonic() > end_s:
                raise
            time.sleep(0.1)


@pytest.fixture
def unused_port():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return listening.getsockname()[1]
