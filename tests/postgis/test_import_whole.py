"""An import as a whole: killed in the middle, raced by another, reported to the office."""

import os
import signal
import subprocess
import sys
import time
from contextlib import closing
from io import BytesIO
from pathlib import Path

import openpyxl
import psycopg2
import pytest
from sqlalchemy import text

from data.ingest.service import import_file
from data.ingest.types import Kind, Options
from gis import district as districts
from gis.db.cluster.urls import libpq_url
from gis.errors import ImportRefused

WUHUA = districts.load(Path(districts.__file__).parents[1] / "data/reference/wuhua.toml")

_IMPORTER = """
import sys
from pathlib import Path
from data.ingest.service import import_file
from data.ingest.types import Kind, Options
from gis import district
from gis.db.engine import make_engine
from gis.db.session import User, sessions
from gis.settings import Settings

def say(stage, done, rows):
    print(stage, flush=True)
    if stage == sys.argv[3]:
        sys.stdin.read()

engine = make_engine(sys.argv[1], Settings(_env_file=None), statement_timeout_ms=0)
with sessions(engine).begin(info={"user": User.command()}) as session:
    import_file(session, Path(sys.argv[2]), Kind.INCIDENTS, Options(frame="wgs84"),
                district.load(Path(district.__file__).parents[1] / "data/reference/wuhua.toml"),
                progress=say)
"""


def incidents_csv(path: Path, rows: int = 200, bad: int = 0) -> Path:
    lines = ["警情编号,发生时间,警情类别,经度,纬度"]
    lines += [f"JQ{n},2026-05-01 08:00,盗窃,{102.70 + n / 10_000:.4f},25.04" for n in range(rows)]
    lines += [f"X{n},someday,盗窃,102.70,25.04" for n in range(bad)]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


@pytest.mark.parametrize("stage", ["read", "check", "place", "write"])
def test_a_killed_import_leaves_nothing(cluster, store, tmp_path, stage):
    path = incidents_csv(tmp_path / "incidents.csv")
    arguments = [sys.executable, "-c", _IMPORTER, store.urls.app, str(path), stage]
    importer = subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    while (line := importer.stdout.readline().strip()) != stage:
        assert line, "the importer ended before its stage"
    os.kill(importer.pid, signal.SIGKILL)
    assert importer.wait() == -signal.SIGKILL
    importer.stdin.close()
    importer.stdout.close()

    _wait_for_the_server(cluster, store.engine.url.database)
    with store.begin() as session:
        for table in ("incidents", "imports"):
            assert session.scalar(text(f"SELECT count(*) FROM {table}")) == 0
        assert (
            import_file(session, path, Kind.INCIDENTS, Options(frame="wgs84"), WUHUA).inserted
            == 200
        )


def _wait_for_the_server(cluster, database: str) -> None:
    """Its backend notices the death when it next talks to the client; only a superuser sees it."""
    alive = (
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE usename = 'wangge_app' AND datname = %s AND state <> 'idle'"
    )
    with closing(psycopg2.connect(libpq_url(cluster.url("postgres", "postgres")))) as server:
        server.autocommit = True
        with server.cursor() as cursor:
            for _ in range(100):
                cursor.execute(alive, [database])
                if not cursor.fetchone()[0]:
                    return
                time.sleep(0.1)
    raise AssertionError("the killed import's backend lives on")


def test_the_workbook_has_every_row_and_no_formula(db, tmp_path):
    path = incidents_csv(tmp_path / "=1+1.csv", rows=3, bad=4)
    report = import_file(db, path, Kind.INCIDENTS, Options(frame="wgs84"), WUHUA)

    written = report.write_xlsx(tmp_path / "reports")

    book = openpyxl.load_workbook(BytesIO(written.read_bytes()))
    summary, rows = book.worksheets
    figures = {
        line[0].value: line[1].value for line in summary.iter_rows(max_col=2) if line[0].value
    }
    assert figures["文件 File"] == "=1+1.csv"
    assert (figures["读取 Read"], figures["入库 Kept"], figures["拒收 Refused"]) == (7, 3, 4)
    assert all(
        cell.data_type != "f" for sheet in book for line in sheet.iter_rows() for cell in line
    )
    assert [line[0].value for line in rows.iter_rows(min_row=2)] == [4, 5, 6, 7]
    assert report.as_json(most=1)["rows_left_out"] == 3


def test_a_refused_file_still_has_its_workbook(db, tmp_path):
    path = incidents_csv(tmp_path / "bad.csv", rows=0, bad=2)
    with pytest.raises(ImportRefused) as refused:
        import_file(db, path, Kind.INCIDENTS, Options(frame="wgs84"), WUHUA)
    written = refused.value.report.write_xlsx(tmp_path / "reports")
    assert openpyxl.load_workbook(written).worksheets[1].max_row == 3


def test_the_report_says_which_line_of_the_sheet_a_row_is(db, tmp_path):
    path, book = tmp_path / "警情.xlsx", openpyxl.Workbook()
    lines = [["警情统计表"], [], ["警情编号", "发生时间", "类别", "经度", "纬度"]]
    lines += [["1", "2026-05-01", "盗窃", 102.7, 25.05], [], ["2", "不详", "盗窃", 102.7, 25.05]]
    for line in lines:
        book.active.append(line)
    book.save(path)
    report = import_file(db, path, Kind.INCIDENTS, Options(frame="wgs84"), WUHUA)
    (wrong,) = report.as_json()["rows"]
    assert lines[wrong["row"] + 4 - 2][1] == "不详"
    told = "行号从表头之下数起：第 1 行是工作表的第 4 行"
    assert [one.split(" · ")[0] for one in report.said() if "行号" in one] == [told]
    summary = openpyxl.load_workbook(report.write_xlsx(tmp_path)).worksheets[0]
    assert any(told in str(cell.value) for line in summary.iter_rows() for cell in line)
    right = incidents_csv(tmp_path / "a.csv", rows=1, bad=0)
    whole = import_file(db, right, Kind.INCIDENTS, Options(frame="wgs84"), WUHUA)
    assert not any("行号" in one for one in whole.said())


ENDLESS = "".join(map(chr, range(0x4E00, 0x9000)))  # does not pack, so no index can hold it
GROUND = '"POLYGON((102.7 25.05,102.71 25.05,102.71 25.06,102.7 25.05))"'
LONG = [
    (Kind.INCIDENTS, "编号,发生时间,类别,经度,纬度", f"{ENDLESS},2026-08-18,盗窃,102.7,25.05"),
    (Kind.COMPOUNDS, "小区编号,小区名称,几何", f"{ENDLESS},甲,{GROUND}"),
    (Kind.BUILDINGS, "编号,楼栋名称,几何", f"{ENDLESS},{ENDLESS},{GROUND}"),
    (Kind.HOUSEHOLDS, "小区编号,统计日期,户数", f"{ENDLESS},2026-06-30,3"),
    (Kind.EVALUATIONS, "区划代码,季度,指标,得分", f"{ENDLESS},2026Q3,满意度,3"),
    (Kind.FACILITIES, "编号,名称,功能,共享社区,经度,纬度",
     f"1,甲,养老,{ENDLESS}:0.4,102.7,25.05"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "head", "row"), LONG, ids=lambda part: str(part)[:9])
def test_a_code_that_no_index_can_hold_is_the_rows_fault(db, tmp_path, kind, head, row):
    path = tmp_path / "a.csv"
    path.write_text(f"{head}\n{row}\n", "utf-8")
    try:
        notes = import_file(db, path, kind, Options(frame="wgs84"), WUHUA).notes
    except ImportRefused as refused:
        notes = refused.report.notes
    said = {note.code for note in notes}
    assert said & {"code_long", "shares_unreadable"}
    assert all(len(note.value or "") <= 60 for note in notes)
