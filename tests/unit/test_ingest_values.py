"""Cells as offices write them, against values worked by hand."""

import datetime as dt
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pytest

from data.ingest.fields import field
from data.ingest.types import Kind
from data.ingest.values import Reading, moments, numerals, read
from gis.safety.model import Category

KUNMING = moments.Calendar(ZoneInfo("Asia/Shanghai"))
CHICAGO = moments.Calendar(ZoneInfo("America/Chicago"))
LONDON = moments.Calendar(ZoneInfo("Europe/London"))
READING = Reading(KUNMING, {str(c): str(c) for c in Category})


def cell(text, kind: Kind, name: str):
    """The value of one cell, or the code of its flaw."""
    found = read(pa.array([text]), field(kind, name), READING)
    flaws = [code for code, mask in found.flaws.items() if mask[0]]
    return flaws[0] if flaws else found.values[0].as_py()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1124", 1124), ("1124户", 1124), ("１１２４ 户", 1124), ("5,389", 5389),
        ("5，389户", 5389),        ("约300户", 300), ("1.2万户", 12000), ("3千", 3000),
        ("0", 0), ("暂无信息", None),
        ("", None),        ("-", None), ("无", None), ("N/A", None), ("300.0", 300), (" 300 ", 300),
        ("3.5户", "not_whole"), ("-3", "out_of_range"), ("三百", "not_a_number"),
        ("300-500", "not_a_number"), ("300平米", "unit_unknown"), ("1e400", "not_a_number"),
        ("inf", "not_a_number"), ("9999999999", "out_of_range"), ("1,12", "not_a_number"),
    ],
)  # fmt: skip
def test_counts(text, value):
    assert cell(text, Kind.COMPOUNDS, "households") == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("50.46平米", 50.46), ("50.46㎡", 50.46), ("50.46 m²", 50.46), ("50.46平方米", 50.46),
        ("1.5公顷", 15000), ("3亩", 2000), ("0.2万平方米", 2000), ("0", "out_of_range"),
        ("50米", "unit_unknown"),
    ],
)  # fmt: skip
def test_areas(text, value):
    found = cell(text, Kind.FACILITIES, "floor_area_m2")
    assert found == (pytest.approx(value) if isinstance(value, float | int) else value)


@pytest.mark.parametrize(
    ("text", "value"),
    [("6.8m", 6.8), ("6.8米", 6.8), ("680cm", 6.8), ("0.5公里", 500), ("501", "out_of_range")],
)
def test_lengths(text, value):
    found = cell(text, Kind.CAMERAS, "height_m")
    assert found == (pytest.approx(value) if isinstance(value, float | int) else value)


@pytest.mark.parametrize(
    ("text", "value"),
    [("2003年建成", 2003), ("2003", 2003), ("2003年", 2003), ("1990年代", 1990),
     ("2003-05-01", 2003),     ("2003年5月", 2003), ("50", "out_of_range"), ("未知", None)],
)  # fmt: skip
def test_years(text, value):
    assert cell(text, Kind.COMPOUNDS, "built_year") == value


def test_numbers_of_the_file_itself():
    column = pa.array([3.0, np.nan, np.inf, 2.5], pa.float32())
    found = read(column, field(Kind.COMPOUNDS, "buildings"), READING)
    assert found.values.to_pylist() == [3, None, None, None]
    assert found.flaws["not_whole"].tolist() == [False, False, False, True]
    assert found.flaws["not_a_number"].tolist() == [False, False, True, False]


@pytest.mark.parametrize(
    ("text", "value"),
    [("102.7", 102.7), ("102°42′00″E", 102.7), ("102°42'0\"", 102.7), ("东经102度42分", 102.7),
     ("102.7°", 102.7), ("87°39′W", -87.65), ("abc", "not_a_number")],
)  # fmt: skip
def test_coordinates(text, value):
    found = cell(text, Kind.CAMERAS, "lon")
    assert found == (pytest.approx(value) if isinstance(value, float) else value)


@pytest.mark.parametrize(
    ("text", "value"),
    [("东", 90), ("西北", 315), ("45", 45), ("45度", 45), ("225", 225), ("NNE", 22.5),
     ("361", None),     ("180.5", 180.5)],
)  # fmt: skip
def test_directions(text, value):
    found = cell(text, Kind.CAMERAS, "direction_deg")
    assert found == ("out_of_range" if value is None else value)


@pytest.mark.parametrize(
    ("text", "pair"),
    [("1920x1080", (1920, 1080)), ("1920*1080P", (1920, 1080)), ("4K", (3840, 2160)),
     ("1080P", (1920, 1080)), ("高清", (None, None))],
)  # fmt: skip
def test_pixels(text, pair):
    width, height = numerals.pixels(pa.array([text]))
    assert (width.values[0].as_py(), height.values[0].as_py()) == pair


def moment(text, calendar=KUNMING):
    found, precision = moments.moments(pa.array([text]), calendar)
    flaws = [code for code, mask in found.flaws.items() if mask[0]]
    return flaws[0] if flaws else (str(found.values[0].as_py()), precision[0].as_py())


@pytest.mark.parametrize(
    ("text", "utc", "precision"),
    [
        ("2026-08-18", "2026-08-17 16:00:00+00:00", "day"),
        ("2026/8/18", "2026-08-17 16:00:00+00:00", "day"),
        ("2026年8月18日", "2026-08-17 16:00:00+00:00", "day"),
        ("２０２６年８月１８日", "2026-08-17 16:00:00+00:00", "day"),
        ("20260818", "2026-08-17 16:00:00+00:00", "day"),
        ("2026.8.18", "2026-08-17 16:00:00+00:00", "day"),
        ("2026-08-18 09:30:15", "2026-08-18 01:30:15+00:00", "minute"),
        ("2026/8/18 9:05", "2026-08-18 01:05:00+00:00", "minute"),
        ("2026年8月18日9时5分", "2026-08-18 01:05:00+00:00", "minute"),
        ("20260818093015", "2026-08-18 01:30:15+00:00", "minute"),
        ("2026-08-18T09:30:15+08:00", "2026-08-18 01:30:15+00:00", "minute"),
        ("2026-08-18T01:30:15Z", "2026-08-18 01:30:15+00:00", "minute"),
        ("08/18/2026 12:00:00 AM", "2026-08-17 16:00:00+00:00", "minute"),
        ("18/08/2026", "2026-08-17 16:00:00+00:00", "day"),
        ("46252", "2026-08-17 16:00:00+00:00", "day"),
        ("46252.5", "2026-08-18 04:00:00+00:00", "minute"),
        ("2019-10", "2019-09-30 16:00:00+00:00", "month"),
        ("2019年10月", "2019-09-30 16:00:00+00:00", "month"),
        ("201910", "2019-09-30 16:00:00+00:00", "month"),
    ],
)
def test_moments(text, utc, precision):
    assert moment(text) == (utc, precision)


@pytest.mark.parametrize(
    "text", ["2026-13-01", "2026-02-30", "昨天", "1", "0001-01-01", "99999999"]
)
def test_no_moments(text):
    assert moment(text) == "not_a_date"


def test_a_slashed_date_is_only_read_where_its_order_is_known():
    assert moment("03/04/2026", CHICAGO)[0] == "2026-03-04 06:00:00+00:00"
    assert moment("03/04/2026", KUNMING) == "date_ambiguous"
    assert moment("03/04/2026", LONDON) == "date_ambiguous"
    assert moment("04/04/2026", LONDON)[0] == "2026-04-03 23:00:00+00:00"


def test_clock_changes_have_one_answer():
    assert moment("2026-03-29 01:30", LONDON)[0] == "2026-03-29 01:00:00+00:00"  # skipped hour
    assert moment("2026-10-25 01:30", LONDON)[0] == "2026-10-25 00:30:00+00:00"  # the first of two


def test_mixed_forms_in_one_column():
    texts = ["2026-08-18 09:30", "2026/8/18", None, "46252", "x", "2019-10"]
    found, precision = moments.moments(pa.array(texts), KUNMING)
    assert precision.to_pylist() == ["minute", "day", None, "day", None, "month"]
    assert found.flaws["not_a_date"].tolist() == [False, False, False, False, True, False]


def test_excel_serials_as_numbers():
    found, _ = moments.moments(pa.array([46252.0, 46252.25, 5.0]), KUNMING)
    assert [str(v) for v in found.values.to_pylist()[:2]] == [
        "2026-08-17 16:00:00+00:00", "2026-08-17 22:00:00+00:00",
    ]  # fmt: skip
    assert found.flaws["not_a_date"].tolist() == [False, False, True]


def test_arrow_times_keep_their_instant():
    local = pa.array([dt.datetime(2026, 8, 18, 9)], pa.timestamp("ns"))  # noqa: DTZ001
    assert str(moments.moments(local, KUNMING)[0].values[0]) == "2026-08-18 01:00:00+00:00"
    zoned = pa.array([dt.datetime(2026, 8, 18, 9, tzinfo=dt.UTC)], pa.timestamp("ms", tz="UTC"))
    assert str(moments.moments(zoned, KUNMING)[0].values[0]) == "2026-08-18 09:00:00+00:00"


@pytest.mark.parametrize(
    ("text", "value"),
    [("2026-08-18", dt.date(2026, 8, 18)), ("2026-08-18 23:59", dt.date(2026, 8, 18)),
     ("2026-08-18T23:30:00Z", dt.date(2026, 8, 19)), ("2019-10", "not_a_day")],
)  # fmt: skip
def test_days(text, value):
    assert cell(text, Kind.CAMERAS, "installed_on") == value


@pytest.mark.parametrize(
    ("text", "value"),
    [("530102001001", "530102001001"), ("530102001001.0", "530102001001"), ("007", "007"),
     ("'007", "007"), ("5.30102E+11", "code_damaged"), ("S-01", "S-01")],
)  # fmt: skip
def test_codes(text, value):
    assert cell(text, Kind.AREAS, "code") == value


def test_codes_that_the_file_keeps_as_numbers():
    code = field(Kind.AREAS, "code")
    assert read(pa.array([530102001001.0, None]), code, READING).values.to_pylist() == [
        "530102001001", None,
    ]  # fmt: skip
    assert read(pa.array([530102]), code, READING).values.to_pylist() == ["530102"]
    lost = read(pa.array([5.3010200011327e19]), code, READING)
    assert lost.values.to_pylist() == [None]
    assert lost.flaws["code_damaged"].tolist() == [True]


@pytest.mark.parametrize(
    ("text", "value"),
    [("是", True), ("否", False), ("有", True), ("无", False), ("Y", True), ("n", False),
     ("1", True),     ("TRUE", True), ("√", True), ("也许", "word_unknown"), ("不详", None)],
)  # fmt: skip
def test_booleans(text, value):
    assert cell(text, Kind.COMPOUNDS, "gated") == value


@pytest.mark.parametrize(
    ("kind", "name", "text", "value"),
    [
        (Kind.COMPOUNDS, "kind", "老旧小区", "old"),
        (Kind.COMPOUNDS, "kind", "城中村", "urban_village"),
        (Kind.GRIDS, "network", "城市管理网格", "city_management"),
        (Kind.FACILITIES, "provision", "共建", "co_built"),
        (Kind.CAMERAS, "kind", "1-球机", "dome_ptz"),
        (Kind.CAMERAS, "point_class", "3", "class_3"),
        (Kind.DWELLINGS, "mode", "合租", "shared"),
        (Kind.EVALUATIONS, "measure", "群众满意度", "satisfaction"),
        (Kind.EVALUATIONS, "period", "2026年第三季度", "2026Q3"),
        (Kind.EVALUATIONS, "period", "2026Q5", "not_a_quarter"),
        (Kind.CAMERA_STATUS, "state", "在线", "working"),
        (Kind.DWELLINGS, "mode", "日租", "word_unknown"),
    ],
)
def test_words(kind, name, text, value):
    assert cell(text, kind, name) == value


def test_text_without_persons():
    text = "联系 138-1234-5678，车牌云A12345，身份证53010219900101123X，信箱 a.b@c.cn"
    found = read(pa.array([text, "华山街道"]), field(Kind.CAMERAS, "name"), READING)
    assert found.values.to_pylist() == ["联系 ***，车牌***，身份证***，信箱 ***", "华山街道"]
    assert found.flaws["personal_masked"].tolist() == [True, False]
