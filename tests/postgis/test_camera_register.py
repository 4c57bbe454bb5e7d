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


NODES = """<osm version="0.6">
<node id="1" version="1" lat="25.05" lon="102.71"><tag k="man_made" v="surveillance"/>
 <tag k="surveillance" v="outdoor"/><tag k="surveillance:type" v="camera"/>
 <tag k="camera:type" v="fixed"/><tag k="camera:mount" v="pole"/>
 <tag k="camera:direction" v="135"/><tag k="camera:angle" v="60"/><tag k="height" v="4.5 m"/></node>
<node id="2" version="1" lat="25.05" lon="102.72"><tag k="man_made" v="surveillance"/>
 <tag k="camera:type" v="panning"/><tag k="camera:direction" v="NW"/></node>
<node id="3" version="1" lat="25.05" lon="102.73"><tag k="man_made" v="surveillance"/>
 <tag k="surveillance" v="indoor"/><tag k="camera:type" v="dome"/></node>
<node id="4" version="1" lat="25.05" lon="102.74"><tag k="man_made" v="surveillance"/>
 <tag k="surveillance:type" v="guard"/></node>
</osm>"""


def test_openstreetmap_nodes_bring_direction_kind_mount_and_height(db, demo_store, tmp_path):
    extract = tmp_path / "nodes.osm"
    extract.write_text(NODES)
    report = import_file(db, extract, Kind.CAMERAS, Options(), demo_store.house.district)
    assert report.inserted == 3  # a guard is nobody's camera
    rows = video.register(db).set_index("key")
    shown = ["kind", "mount", "direction_deg", "horizontal_fov_deg", "height_m", "indoor"]
    found = rows[shown].astype(object).where(rows[shown].notna(), None).to_numpy().tolist()
    assert dict(zip(rows.index, found, strict=True)) == {
        "node/1": ["fixed", "pole", 135, 60, 4.5, False],
        "node/2": ["ptz", None, 315, None, None, None],
        "node/3": ["dome", None, None, None, None, True],
    }
