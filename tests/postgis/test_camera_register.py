"""The register leaves and comes back: an export, imported again, changes nothing in the store."""

import json

import pandas as pd
import pytest
from openpyxl import load_workbook

from data.export.register import RegisterForm, write
from data.ingest.service import import_file
from data.ingest.types import Kind, Options
from gis.video import store as video

SUFFIX = {
    RegisterForm.SHEET: "xlsx",
    RegisterForm.CATALOGUE_JSON: "json",
    RegisterForm.CATALOGUE_CSV: "csv",
}


@pytest.fixture(scope="module")
def register(demo_store) -> pd.DataFrame:
    with demo_store.begin() as session:
        return video.register(session)


@pytest.mark.parametrize("form", list(RegisterForm))
def test_importing_an_export_changes_nothing(demo_store, register, tmp_path, form):
    out = tmp_path / f"register.{SUFFIX[form]}"
    write(register, form=form, out=out)
    assert out.stat().st_mode & 0o777 == 0o600
    with demo_store.begin() as session:
        report = import_file(
            session, out, Kind.CAMERAS, Options(frame="wgs84"), demo_store.house.district
        )
        after = video.register(session)
        session.rollback()
    assert (report.unchanged, report.inserted, report.updated) == (len(register), 0, 0)
    pd.testing.assert_frame_equal(after, register)


def test_the_sheet_has_the_headers_and_words_of_offices(register, tmp_path):
    out = tmp_path / "register.xlsx"
    write(register.head(50), form=RegisterForm.SHEET, out=out)
    rows = list(load_workbook(out)["一机一档"].values)
    assert {"设备编号", "国标编码", "经度", "纬度", "监控点位类型", "架设高度"} <= set(rows[0])
    assert {row[rows[0].index("设备状态")] for row in rows[1:]} <= {
        "规划", "在用", "维修", "拆除", "未知",
    }  # fmt: skip


def test_the_catalogue_names_its_fields_as_the_standard_does(register, tmp_path):
    out = tmp_path / "catalogue.json"
    east = register.assign(direction_deg=90.0, omnidirectional=False).head(1)
    write(east, form=RegisterForm.CATALOGUE_JSON, out=out)
    (item,) = json.loads(out.read_text("utf-8"))["DeviceList"]
    assert item["DeviceID"] == east["gb28181_id"].iloc[0]
    assert (item["Info"]["DirectionType"], item["Info"]["Direction"]) == ("1", 90.0)
    assert not {"IPAddress", "Password", "MAC"} & {*item, *item["Info"]}
