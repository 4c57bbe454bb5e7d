"""The register leaves and comes back: an export, imported again, changes nothing in the store."""

import json
from datetime import UTC, date, datetime

import pandas as pd
import pytest
from openpyxl import load_workbook
from sqlalchemy import text

from data.export.register import RegisterForm, write
from data.ingest.service import import_file
from data.ingest.types import Kind, Options
from gis.video import service
from gis.video import store as video
from gis.video.ground import store as ground
from gis.video.ground.scenes import recorded
from gis.video.optics import complete
from gis.video.view_rules import ViewRules

SUFFIX = {
    RegisterForm.SHEET: "xlsx",
    RegisterForm.CATALOGUE_JSON: "json",
    RegisterForm.CATALOGUE_CSV: "csv",
}  # the forms that hold the whole record; OpenStreetMap's tags do not


@pytest.fixture(scope="module")
def register(demo_store) -> pd.DataFrame:
    with demo_store.begin() as session:
        return video.register(session)


@pytest.mark.parametrize("form", SUFFIX)
def test_address_model_and_aim_come_back(db, demo_store, register, tmp_path, form):
    told = {"address": "一二一大街 5 号", "model": "DS-2CD", "aim": "出入口"}
    if form is not RegisterForm.SHEET:
        del told["aim"]  # no field of a catalogue
    out = tmp_path / f"register.{SUFFIX[form]}"
    write(register.head(1).assign(**told), form=form, out=out)
    import_file(db, out, Kind.CAMERAS, Options(frame="wgs84"), demo_store.house.district)
    back = video.register(db).iloc[0]
    assert {name: back[name] for name in told} == told


def test_a_zoom_range_comes_back_and_reaches_the_field(db, demo_store, register, tmp_path):
    """4.8 to 120 mm: at home the wide end, 1920·4.8 / (25·5.4) m; anywhere it turns 25 times that,
    which the recorded distance would cut.
    """
    told = {"kind": "ptz", "focal_mm": None, "focal_min_mm": 4.8, "focal_max_mm": 120.0,
            "sensor_width_mm": 5.4, "width_px": 1920, "max_distance_m": None,
            "horizontal_fov_deg": None, "direction_deg": 90.0, "height_m": 1.7}  # fmt: skip
    out, house = tmp_path / "register.xlsx", demo_store.house
    write(register.head(1).assign(**told), form=RegisterForm.SHEET, out=out)
    import_file(db, out, Kind.CAMERAS, Options(frame="wgs84"), house.district)
    back = video.register(db).iloc[0]
    assert (back["focal_min_mm"], back["focal_max_mm"]) == (4.8, 120.0)
    points = ground.cameras(db, district=house.district, as_of=date(2026, 9, 30))
    found = complete(recorded(points), ViewRules.of(house.policy))
    home_m = 1920 * 4.8 / (25 * 5.4)
    assert found.potential_reach_m[0, 0] == pytest.approx(25 * home_m)
    assert found.hfov_deg[0] == pytest.approx(58.7, abs=0.05)  # 2·atan(5.4 / 9.6)
    assert not found.assumed[0, 0]


def test_an_office_writes_a_zoom_in_one_cell(db, demo_store, tmp_path):
    cells = ["2.8-12mm", "4", "4.8～120毫米（25倍）", "30倍", "12-2.8", "f=6mm 至 60mm"]
    sheet = tmp_path / "一机一档.csv"
    lines = [f"SP{at},102.7,25.05,{cell}" for at, cell in enumerate(cells)]
    sheet.write_text("\n".join(["设备编号,经度,纬度,焦距", *lines]), "utf-8")
    report = import_file(db, sheet, Kind.CAMERAS, Options(frame="wgs84"), demo_store.house.district)
    back = video.register(db)[["focal_mm", "focal_min_mm", "focal_max_mm"]].astype(object)
    assert back.where(back.notna(), None).to_numpy().tolist() == [
        [None, 2.8, 12], [4, None, None], [None, 4.8, 120], [None] * 3, [None, 2.8, 12],
        [None, 6, 60],
    ]  # fmt: skip
    assert [(one.code, one.row, one.value) for one in report.notes] == [("unit_unknown", 4, "30倍")]


def test_ends_of_a_zoom_that_are_crossed_say_nothing(db, demo_store, tmp_path):
    sheet = tmp_path / "cameras.csv"
    sheet.write_text("key,lon,lat,最小焦距,最大焦距\nSP1,102.7,25.05,60,6\n", "utf-8")
    report = import_file(db, sheet, Kind.CAMERAS, Options(frame="wgs84"), demo_store.house.district)
    assert video.register(db)[["focal_min_mm", "focal_max_mm"]].isna().all(axis=None)
    assert [one.code for one in report.notes] == ["ends_crossed"]


@pytest.mark.parametrize("form", SUFFIX)
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


def test_a_register_that_cannot_be_written_leaves_the_one_that_is_there(register, tmp_path):
    out = tmp_path / "register.xlsx"
    write(register.head(5), form=RegisterForm.SHEET, out=out)
    before = out.read_bytes()
    with pytest.raises(KeyError):  # half-way: a column of the sheet is missing
        write(register.drop(columns="lon"), form=RegisterForm.SHEET, out=out)
    assert out.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["register.xlsx"]


def test_openstreetmap_nodes_are_read_with_what_their_tags_say(db, demo_store, register, tmp_path):
    out = tmp_path / "cameras.osm"
    some = register[register["height_m"].notna() & register["direction_deg"].notna()].head(40)
    some = some.assign(key=["node/4711", *some["key"].iloc[1:]], kind="fixed")
    write(some, form=RegisterForm.OSM, out=out)
    import_file(db, out, Kind.CAMERAS, Options(), demo_store.house.district)
    back = video.register(db)
    assert "node/4711" in set(back["key"])
    same = ["lon", "lat", "name", "kind", "direction_deg", "height_m", "owner_unit", "mount",
            "horizontal_fov_deg"]  # fmt: skip
    pd.testing.assert_frame_equal(
        *(one[same].sort_values(["lon", "lat"], ignore_index=True) for one in (back, some)),
        check_dtype=False,
    )


@pytest.mark.parametrize("form", list(RegisterForm))
def test_a_register_of_a_demo_says_so(register, tmp_path, form):
    for demo in (True, False):
        out = tmp_path / f"{demo}.{SUFFIX.get(form, 'osm')}"
        write(register.head(3), form=form, out=out, demo=demo)
        text = str(list(load_workbook(out)["一机一档"].values)) if form is RegisterForm.SHEET \
            else out.read_text("utf-8-sig")  # fmt: skip
        assert ("演示数据 / demo data" in text) is demo


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


def test_a_point_that_does_not_answer_is_in_use_and_down(db, demo_store, tmp_path):
    """Ten points, two of them OFF: the catalogue makes none a repair, the status sheet 80 %."""
    house = demo_store.house
    keys = [f"5301020001132790{number:04d}" for number in range(10)]
    states = ["OFF", "离线", *["ON"] * 8]
    catalogue, sheet = tmp_path / "catalogue.json", tmp_path / "status.csv"
    items = [
        {"DeviceID": key, "Longitude": 102.7, "Latitude": 25.05, "Status": state}
        for key, state in zip(keys, states, strict=True)
    ]
    catalogue.write_text(json.dumps({"DeviceList": items}), "utf-8")
    report = import_file(db, catalogue, Kind.CAMERAS, Options(frame="wgs84"), house.district)
    assert [(one.code, one.count) for one in report.notes.reasons()][:1] == [("answers_only", 1)]
    assert set(video.register(db)["status"]) == {"in_use"}
    seen = "".join(f"{k},2026-06-30 08:00,{s}\n" for k, s in zip(keys, states, strict=True))
    sheet.write_text("设备编码,检测时间,状态\n" + seen, "utf-8")
    import_file(db, sheet, Kind.CAMERA_STATUS, Options(), house.district)
    found = service.inventory(
        db, policy=house.policy, district=house.district, as_of=date(2026, 6, 30)
    )
    assert (found.totals["in_use"], found.totals["working_share"]) == (10, 0.8)


def test_a_catalogue_read_at_a_time_is_a_status_sheet_of_that_time(db, demo_store, tmp_path):
    """Ten points, two of them OFF, one state not told: 7 of 9 work; again, nothing changes."""
    house, catalogue = demo_store.house, tmp_path / "catalogue.json"
    keys = [f"5301020001132790{number:04d}" for number in range(10)]
    states = ["OFF", "离线", *["ON"] * 7, None]

    def take(states, at, *, dry_run=False):
        items = [
            {"DeviceID": key, "Longitude": 102.7, "Latitude": 25.05, "Status": state}
            for key, state in zip(keys, states, strict=True)
        ]
        catalogue.write_text(json.dumps({"DeviceList": items}), "utf-8")
        options = Options(frame="wgs84", mapping={"answered_at": f"={at}"})
        return import_file(
            db, catalogue, Kind.CAMERAS, options, house.district, dry_run=dry_run
        ).as_json()["observations"]

    def counted(day):
        found = service.inventory(db, policy=house.policy, district=house.district, as_of=day)
        return found.totals["known"], found.totals["working"], found.totals["in_use"]

    for dry_run in (True, False):
        seen = take(states, "2026-06-30T08:00", dry_run=dry_run)
        assert (seen["inserted"], seen["refused"]) == (9, 0)
        stored = db.execute(text("SELECT count(*) FROM camera_observations")).scalar_one()
        assert stored == (0 if dry_run else 9)
    assert counted(date(2026, 6, 30)) == (9, 7, 9)
    at = db.execute(text("SELECT DISTINCT observed_at FROM camera_observations")).scalar_one()
    assert at == datetime(2026, 6, 30, tzinfo=UTC)  # eight in the morning in Kunming
    again = take(states, "2026-06-30T08:00")
    assert (again["inserted"], again["updated"], again["unchanged"]) == (0, 0, 9)
    assert again["import"] is None
    assert take(["ON"] * 10, "2026-07-01T08:00")["inserted"] == 10
    assert counted(date(2026, 6, 30))[1] == 7
    assert counted(date(2026, 7, 1)) == (10, 10, 10)


def test_kind_of_place_and_what_is_taken_are_two_fields(db, demo_store, tmp_path):
    """位置类型 (GA/T 1400) and 采集部位 (GB/T 28181, seven digits) stand in one sheet."""
    sheet = tmp_path / "一机一档.csv"
    sheet.write_text(
        "设备编号,经度,纬度,位置类型,采集部位,机构代码,抓拍方向\n"
        "SP1,102.7,25.05,居民小区,0100101,530102510000,车尾\n"
        "SP2,102.7,25.05,交通干线,,,\n", "utf-8",
    )  # fmt: skip
    report = import_file(db, sheet, Kind.CAMERAS, Options(frame="wgs84"), demo_store.house.district)
    names = ["place_kind", "capture_position", "org_code", "capture_direction"]
    register = video.register(db)
    assert register[names].to_numpy().tolist() == [
        ["居民小区", "0100101", "530102510000", "rear"], ["交通干线", None, None, None],
    ]  # fmt: skip
    assert report.facts.unmapped == ()
    for form, suffix in SUFFIX.items():
        out = tmp_path / f"register.{suffix}"
        write(register, form=form, out=out)
        import_file(db, out, Kind.CAMERAS, Options(frame="wgs84"), demo_store.house.district)
        pd.testing.assert_frame_equal(video.register(db), register)


def test_the_report_names_every_column_that_was_not_taken(db, demo_store, tmp_path):
    """An object of GA/T 1400: what the product has no field for is named, persons' are counted."""
    point = {
        "ApeID": "53010200011320000001", "Name": "东门", "Longitude": 102.7, "Latitude": 25.05,
        "OrgCode": "530102510000", "CapDirection": 0, "PositionType": "居民小区",
        "Info": {"CapturePositionType": "0100101", "Block": "3"}, "Parental": 0,
        "UserId": "someone", "Password": "secret",
    }  # fmt: skip
    told = tmp_path / "ape.json"
    told.write_text(json.dumps([point], ensure_ascii=False), "utf-8")
    report = import_file(db, told, Kind.CAMERAS, Options(frame="wgs84"), demo_store.house.district)
    stored = video.register(db).iloc[0]
    assert (stored["org_code"], stored["capture_direction"]) == ("530102510000", "front")
    assert (stored["place_kind"], stored["capture_position"]) == ("居民小区", "0100101")
    assert set(report.facts.unmapped) == {"Block", "Parental", "UserId", "Password"}
    said = report.as_json()["remarks"]
    assert [one for one in said if one.startswith("未导入的列")] == [
        "未导入的列 / columns that were not taken: Block, Parental"
    ]
    book = load_workbook(report.write_xlsx(tmp_path))["汇总 Summary"]
    named = {row[1] for row in book.values if row[0] == "未导入的列 Column not taken"}
    assert named == {"Block", "Parental", "UserId", "Password"}


def test_a_sheet_may_state_the_time_of_each_state(db, demo_store, tmp_path):
    sheet = tmp_path / "一机一档.csv"
    sheet.write_text(
        "设备编号,经度,纬度,设备状态,状态时间\nSP1,102.7,25.05,在线,2026-06-30 08:00\n"
        "SP2,102.7,25.05,离线,2026-06-29 09:30\nSP3,102.7,25.05,离线,\n"
        "SP4,102.7,25.05,维修,2026-06-29 09:30\n", "utf-8",
    )  # fmt: skip
    report = import_file(db, sheet, Kind.CAMERAS, Options(frame="wgs84"), demo_store.house.district)
    rows = db.execute(text("SELECT camera_key, state FROM camera_observations ORDER BY 1")).all()
    assert rows == [("SP1", "working"), ("SP2", "down")]
    assert [one.code for one in report.notes] == ["answers_only"]  # of SP3, which has no time
    assert "2 new" in report.as_json()["remarks"][-1]


def test_points_without_a_key_of_their_own_are_observed(db, demo_store, tmp_path):
    """No key column, one key twice, one row without its key: each point has its own state.

    A point of an older register with the repeated key is another one and keeps its own.
    """
    options = Options(frame="wgs84", mapping={"answered_at": "=2026-06-30T08:00"})

    def take(header, *lines):
        sheet = tmp_path / "一机一档.csv"
        sheet.write_text("\n".join([header, *lines]), "utf-8")
        report = import_file(db, sheet, Kind.CAMERAS, options, demo_store.house.district)
        again = import_file(db, sheet, Kind.CAMERAS, options, demo_store.house.district)
        assert again.observations.unchanged == len(lines)
        return report.observations.inserted, report.observations.refused

    keyless, keyed = "经度,纬度,设备状态", "设备编号,经度,纬度,设备状态"
    assert take(keyed, "SP1,102.75,25.05,在线") == (1, 0)
    assert take(keyless, "102.71,25.05,离线", "102.72,25.05,在线") == (2, 0)
    assert take(keyed, "SP1,102.73,25.05,离线", "SP1,102.74,25.05,在线") == (2, 0)
    assert take(keyed, "SP6,102.76,25.05,在线", ",102.77,25.05,离线") == (2, 0)
    found = db.execute(
        text(
            "SELECT round(ST_X(geom)::numeric, 2)::float8, state FROM camera_observations"
            " JOIN cameras ON cameras.source_key = camera_key ORDER BY 1"
        )
    ).all()
    assert found == [
        (102.71, "down"), (102.72, "working"), (102.73, "down"), (102.74, "working"),
        (102.75, "working"), (102.76, "working"), (102.77, "down"),
    ]  # fmt: skip


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
