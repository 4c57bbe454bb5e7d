"""LibreOffice opens our workbooks and finds the figures that the store holds (`make office`)."""

import csv
import shutil
import subprocess
from pathlib import Path

import pytest
from sqlalchemy import text

from api.files import outputs
from data.export.model import Format
from data.ingest.service import import_file
from data.ingest.types import Kind, Options
from gis.layers.service import Scope

OFFICE = shutil.which("soffice")
# Comma, quotes, UTF-8, numbers with every digit and not as shown, every sheet as a file of its own.
AS_CSV = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,false,false,false,false,-1"
HELD = {
    "coverage": """SELECT subject_code, m2_per_100_households, gap_m2, households
                   FROM coverage_results WHERE run_id = :run AND subject_kind = 'community'""",
    "rating": """SELECT compound_code, observed, expected, relative_risk, p_red
                 FROM ratings WHERE run_id = :run""",
    "rental": """SELECT subject_code, rented_dwellings, rented_per_100, occupants_per_dwelling
                 FROM rental_results WHERE run_id = :run AND subject_kind = 'compound'""",
}


@pytest.fixture
def opened(tmp_path):
    """What LibreOffice reads in a workbook, by sheet: rows of text."""
    if OFFICE is None:
        pytest.skip(
            "no LibreOffice: apt-get install --no-install-recommends libreoffice-calc-nogui"
        )

    def read(path: Path) -> dict[str, list[list[str]]]:
        profile, out = tmp_path / "profile", tmp_path / "read"
        command = [OFFICE, f"-env:UserInstallation={profile.as_uri()}", "--headless",
                   "--convert-to", AS_CSV, "--outdir", str(out), str(path)]  # fmt: skip
        subprocess.run(command, check=True, capture_output=True, timeout=120)
        found = {}
        for sheet in out.glob(f"{path.stem}-*.csv"):
            with sheet.open(encoding="utf-8", newline="") as file:
                found[sheet.stem.removeprefix(f"{path.stem}-")] = list(csv.reader(file))
        return found

    return read


@pytest.mark.parametrize("name", HELD)
def test_an_exported_layer_has_the_stored_figures(opened, demo_store, tmp_path, name):
    out = tmp_path / f"{name}.xlsx"
    with demo_store.begin() as session:
        outputs.write_export(session, demo_store.house, name, Scope(), Format.XLSX, out)
        asked = {"run": demo_store.runs[name]}
        held = session.execute(text(HELD[name]), asked).all()
    columns = list(held[0]._fields[1:])
    sheets = opened(out)
    said = {row[0]: row for row in sheets["字段说明"] if row}
    (table,) = (rows for sheet, rows in sheets.items() if sheet != "字段说明")
    heads = {column: table[0].index(f"{said[column][1]} / {said[column][2]}") for column in columns}
    shown = {row[0]: {column: row[at] for column, at in heads.items()} for row in table[1:]}
    assert shown.keys() == {row[0] for row in held}
    for code, *figures in held:
        for column, figure in zip(columns, figures, strict=True):
            told = shown[code][column]
            assert (told == "") is (figure is None), (code, column)
            assert figure is None or float(told) == pytest.approx(figure, abs=6e-4)


def test_the_report_of_an_import_has_its_counts_and_its_row_errors(
    opened, store, demo_store, tmp_path
):
    file = tmp_path / "areas.csv"
    file.write_text("代码,名称\n530102,五华区\n530102001,华山街道\n5301,=1+1\n", encoding="utf-8")
    with store.begin() as session:
        report = import_file(session, file, Kind.AREAS, Options(), demo_store.house.district)
    sheets = opened(report.write_xlsx(tmp_path))
    cells = [cell for rows in sheets.values() for row in rows for cell in row]
    assert str(report.read) in cells
    assert [row for rows in sheets.values() for row in rows if "5301" in row]
    assert report.refused == 1
