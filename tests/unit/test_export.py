"""Every format is read back by a reader that is not ours, with its words, colours and marks."""

import csv
import io
import json
import resource
import sqlite3
import stat
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from xml.etree import ElementTree

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow.parquet
import pyogrio
import pytest
import shapely
from openpyxl import load_workbook

from data.export import sheets, spatial
from data.export.columns import harmless, written
from data.export.model import DEMO, Caption, Format, Watermark
from data.export.service import export, suffix
from gis import legend
from gis.errors import BadInput
from gis.layers.model import REGISTRY, layer

HOSTILE = '=HYPERLINK("http://evil","x")'
WEST, SOUTH = 102.70, 25.04


def _square(at: int) -> shapely.Polygon:
    return shapely.box(WEST + at / 100, SOUTH, WEST + at / 100 + 0.005, SOUTH + 0.004)


def _frame(name: str = "rating") -> gpd.GeoDataFrame:
    rows = [{c.name: f"{c.short}{i}" for c in layer(name).columns} for i in range(4)]
    frame = gpd.GeoDataFrame(rows, geometry=[_square(i) for i in range(4)], crs=4326)
    frame = frame.rename_geometry("geom")
    if name == "rating":
        frame["colour"] = ["red", "yellow", "green", "unrated"]
        frame["households"] = [120, 80, 300, None]
        frame["name"] = ["翠湖小区", HOSTILE, "<b>&", "云南大学社区"]
    return frame


def _caption(name: str = "rating", *, demo: bool = False, internal: bool = False) -> Caption:
    mark = Watermark("liaison-1", datetime(2026, 10, 1, 8, tzinfo=UTC), "月度会议", internal)
    return Caption("昆明市五华区", layer(name), date(2026, 9, 30), "2026Q3", "2026.2", demo, mark)


def _write(tmp_path, form: Format, *, frame=None, name="rating", **marks):
    out = tmp_path / f"{name}{suffix(form)}"
    frame = _frame(name) if frame is None else frame
    return export([(frame, _caption(name, **marks))], form=form, out=out)


def _opened(path, form):
    """The file as GDAL opens it."""
    inside = {Format.SHP: "rating.shp", Format.GDB: "rating.gdb"}
    return f"/vsizip/{path}/{inside[form]}" if form in inside else path


@pytest.mark.parametrize("form", [Format.GPKG, Format.GEOJSON, Format.FGB, Format.GDB])
def test_gdal_reads_back_names_and_places(tmp_path, form):
    back = pyogrio.read_dataframe(_opened(_write(tmp_path, form), form), layer="rating")
    back = back.sort_values("code").reset_index(drop=True)
    assert list(back["name"]) == list(_frame()["name"])
    assert back.crs.to_epsg() == 4326 or back.crs.to_authority() == ("OGC", "CRS84")
    apart_deg = shapely.hausdorff_distance(back.geometry.to_numpy(), _frame().geometry.to_numpy())
    assert apart_deg.max() < 1e-7


@pytest.mark.parametrize("form", [Format.GPKG, Format.GEOJSON, Format.FGB, Format.PARQUET,
                                  Format.KML, Format.GDB, Format.SHP])  # fmt: skip
def test_outlines_with_slivers_keep_their_edge(tmp_path, form):
    """The field of a view between houses: many corners close to a ray."""
    rng = np.random.default_rng(3)
    fields = []
    for _ in range(300):
        corner = np.array([WEST, SOUTH]) + rng.random(2) / 100
        turns, far = np.sort(rng.random(50) * 0.7), rng.random(50) * 5e-4
        rim = corner + far[:, None] * np.column_stack([np.cos(turns), np.sin(turns)])
        fields.append(shapely.Polygon([corner, *rim]))
    fields = [one for one in fields if one.is_valid]
    rows = pd.concat([_frame().head(1)] * len(fields), ignore_index=True)
    rows["code"] = [f"{at:03d}" for at in range(len(fields))]
    path = _write(tmp_path, form, frame=rows.set_geometry(gpd.GeoSeries(fields, crs=4326)))
    if form is Format.PARQUET:
        back = gpd.read_parquet(path)
    else:
        back = pyogrio.read_dataframe(_opened(path, form), layer=0)
    back = back.sort_values("code")
    apart_deg = shapely.hausdorff_distance(back.geometry.to_numpy(), np.array(fields))
    assert apart_deg.max() < 1e-7


def test_geoparquet_keeps_types_and_says_what_it_is(tmp_path):
    path = _write(tmp_path, Format.PARQUET)
    back = gpd.read_parquet(path)
    assert back.crs.to_epsg() == 4326
    assert back.geometry.geom_equals(_frame().geometry).all()
    said = json.loads(pyarrow.parquet.read_schema(path).metadata[b"wangge"])
    assert said["期间 / Period"] == "2026Q3"


def test_shapefile_has_ascii_names_and_a_list_of_them(tmp_path):
    path = _write(tmp_path, Format.SHP)
    back = pyogrio.read_dataframe(f"/vsizip/{path}/rating.shp")
    names = [name for name in back.columns if name != "geometry"]
    assert all(name.isascii() and len(name) <= 10 for name in names)
    assert list(back["name"]) == list(_frame()["name"])
    listed = zipfile.ZipFile(path).read("fields.txt").decode("utf-8-sig")
    for column in layer("rating").columns:
        assert f"{column.short}\t{column.name}\t{column.zh}\t{column.en}" in listed


@pytest.mark.parametrize("form", [Format.GPKG, Format.GEOJSON, Format.FGB, Format.SHP])
def test_days_are_dates_and_missing_ones_are_null(tmp_path, form):
    frame = _frame("facilities").assign(opened_on=[date(2024, 2, 29), None, None, None])
    frame["closed_on"] = None
    path = _write(tmp_path, form, frame=frame, name="facilities")
    source = f"/vsizip/{path}/facilities.shp" if form is Format.SHP else path
    back = pyogrio.read_dataframe(source, layer=0).set_index("code").sort_index()
    assert str(back["opened_on"].iloc[0].date()) == "2024-02-29"
    assert back["opened_on"].isna().tolist() == [False, True, True, True]
    assert back["closed_on"].isna().all()


def test_a_sheets_day_is_a_date(tmp_path):
    frame = _frame("facilities").assign(opened_on=[date(2024, 2, 29), None, None, None])
    sheet = load_workbook(_write(tmp_path, Format.XLSX, frame=frame, name="facilities")).worksheets[
        0
    ]
    header = [cell.value for cell in sheet[1]]
    cell = sheet.cell(2, header.index("启用日期 / Opened") + 1)
    assert cell.is_date
    assert cell.value.date() == date(2024, 2, 29)


def test_text_too_long_for_a_dbf_is_cut_at_a_character_and_whole_beside_it(tmp_path):
    long = "依据SAF-1：" + "红" * 300
    path = _write(tmp_path, Format.SHP, frame=_frame().assign(reason_zh=long))
    kept = pyogrio.read_dataframe(f"/vsizip/{path}/rating.shp")["reason_zh"][0]
    assert kept.endswith("…")
    assert long.startswith(kept[:-1])
    assert len(kept.encode()) <= 254
    with zipfile.ZipFile(path) as archive:
        whole = pd.read_csv(io.BytesIO(archive.read("rating.csv")))
        listed = archive.read("fields.txt").decode("utf-8-sig")
    assert whole["reason_zh"][0] == long
    assert "reason_zh：4 个值超过 254 字节" in listed
    assert "name：" not in listed  # what is not cut is not said to be


@pytest.mark.parametrize("one", REGISTRY, ids=lambda one: one.name)
def test_short_names_are_unique_and_short(one):
    short = [column.short for column in one.columns]
    assert len(set(short)) == len(short)
    assert all(name.isascii() and 0 < len(name) <= 10 for name in short)


def test_geopackage_carries_a_default_style_with_the_legends_colours(tmp_path):
    path = _write(tmp_path, Format.GPKG)
    with sqlite3.connect(path) as store:
        table, qml, sld, default = store.execute(
            "SELECT f_table_name, styleQML, styleSLD, useAsDefault FROM layer_styles"
        ).fetchone()
    assert (table, bool(default)) == ("rating", True)
    categories = ElementTree.fromstring(qml.split("\n", 1)[1]).findall(".//category")
    assert [one.get("value") for one in categories] == ["red", "yellow", "green", "unrated"]
    red = tuple(int(legend.RED[i : i + 2], 16) for i in (1, 3, 5))
    assert f"{red[0]},{red[1]},{red[2]},255" in qml
    assert legend.RED in sld
    ElementTree.fromstring(sld)


@pytest.mark.parametrize("one", REGISTRY, ids=lambda one: one.name)
def test_every_layers_styles_are_well_formed(one):
    from data.export import styles

    for family in ("point", "line", "area"):
        drawn = ElementTree.fromstring(styles.qml(one, family=family).split("\n", 1)[1])
        assert len(drawn.findall(".//symbol")) == len(styles.entries(one))
        ruled = ElementTree.fromstring(styles.sld(one, family=family))
        assert len(ruled.findall(".//{*}Rule")) == len(styles.entries(one))


def test_lines_of_one_and_of_many_pieces_are_one_table_drawn_as_lines(tmp_path):
    frame = _frame("video_places")
    line = shapely.LineString([(WEST, SOUTH), (WEST + 0.01, SOUTH)])
    frame.loc[0, "geom"], frame.loc[1, "geom"] = line, shapely.MultiLineString([line])
    path = _write(tmp_path, Format.GPKG, frame=frame, name="video_places")
    back = pyogrio.read_dataframe(path, layer="video_places_line")
    assert set(back.geometry.geom_type) == {"MultiLineString"}
    with sqlite3.connect(path) as store:
        styles = dict(store.execute("SELECT f_table_name, styleQML FROM layer_styles"))
    drawn = ElementTree.fromstring(styles["video_places_line"].split("\n", 1)[1])
    assert {one.get("type") for one in drawn.iter("symbol")} == {"line"}
    assert {one.get("class") for one in drawn.iter("layer")} == {"SimpleLine"}


def test_mixed_geometry_becomes_one_table_per_family(tmp_path):
    frame = _frame("facilities")
    frame.loc[0, "geom"] = shapely.Point(WEST, SOUTH)
    frame.loc[1, "geom"] = None
    path = _write(tmp_path, Format.GPKG, frame=frame, name="facilities")
    tables = {str(name) for name, _ in pyogrio.list_layers(path)}
    assert {"facilities_point", "facilities_area", "facilities_table"} <= tables
    counts = [len(pyogrio.read_dataframe(path, layer=f"facilities_{f}"))
              for f in ("point", "area", "table")]  # fmt: skip
    assert counts == [1, 2, 1]


def test_kml_is_coloured_by_class(tmp_path):
    root = ElementTree.parse(_write(tmp_path, Format.KML)).getroot()
    space = {"k": "http://www.opengis.net/kml/2.2"}
    urls = [one.text for one in root.findall(".//k:Placemark/k:styleUrl", space)]
    assert urls == ["#cred", "#cyellow", "#cgreen", "#cunrated"]
    fill = root.find(".//k:Style[@id='cred']/k:PolyStyle/k:color", space).text
    assert fill[2:] == legend.RED[5:7] + legend.RED[3:5] + legend.RED[1:3]
    assert len(pyogrio.read_dataframe(tmp_path / "rating.kml")) == 4


STARTS = ["=1+1", "+1", "-1+1", "@SUM(1)", "\t=1", "\r=1", "\n=1", "＝1", "'=1", "''@x"]
PLAIN = ["翠湖", "a=b", "'quoted'", "", "1-2", "\u200b=1"]


def _text_columns(name):
    """A layer with each kind of hostile text in every column that holds text."""
    frame = _frame(name)
    rows = [{column.name: text for column in layer(name).columns} for text in STARTS]
    shapes = [frame.geometry.iloc[0]] * len(rows)
    return gpd.GeoDataFrame(rows, geometry=shapes, crs=4326).rename_geometry("geom")


@pytest.mark.parametrize("one", REGISTRY, ids=lambda one: one.name)
def test_no_text_of_any_column_is_a_formula_in_a_sheet(tmp_path, one):
    book = load_workbook(
        _write(tmp_path, Format.XLSX, frame=_text_columns(one.name), name=one.name)
    )
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert [cell.coordinate for cell in cells if cell.data_type == "f"] == []
    table = book.worksheets[0]
    texts = [cell for row in table.iter_rows(min_row=2) for cell in row if cell.data_type == "s"]
    assert len(texts) == len(STARTS) * len(one.columns)
    assert all(cell.quotePrefix for cell in texts)
    assert "字段说明" in book.sheetnames


@pytest.mark.parametrize("one", REGISTRY, ids=lambda one: one.name)
def test_no_text_of_any_column_is_a_formula_in_a_csv_and_none_is_lost(tmp_path, one):
    path = _write(tmp_path, Format.CSV, frame=_text_columns(one.name), name=one.name)
    with path.open(encoding="utf-8-sig", newline="") as file:
        header, *rows = csv.reader(file)
    assert len(header) == len(one.columns) + 2  # and lon, lat
    for row, text in zip(rows, STARTS, strict=True):
        cells = row[: len(one.columns)]
        assert all(cell.startswith("'") for cell in cells)
        assert {written(cell) for cell in cells} == {text}


@pytest.mark.parametrize("text", [*PLAIN, *STARTS])
def test_the_apostrophe_can_be_taken_back(text):
    assert written(harmless(text)) == text
    assert (harmless(text) == text) == (text in PLAIN)


def test_csv_opens_in_excel_as_utf8(tmp_path):
    path = _write(tmp_path, Format.CSV)
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    table = pd.read_csv(path, dtype=str)
    assert table["名称 / Name"][0] == "翠湖小区"
    assert float(table["lon"][0]) == pytest.approx(WEST + 0.0025)


# -- the watermark --------------------


def _sqlite(path):
    with sqlite3.connect(path) as store:
        return store.execute("SELECT description FROM gpkg_contents").fetchone()[0]


def _properties(path):
    found = load_workbook(path).properties
    return found.description + found.creator + found.keywords


SAID = {  # how another program reads what a file says about itself
    Format.GPKG: _sqlite,
    Format.XLSX: _properties,
    Format.PARQUET: lambda path: pyarrow.parquet.read_schema(path).metadata[b"wangge"].decode(),
    Format.GEOJSON: lambda path: json.loads(path.read_text("utf-8"))["description"],
    Format.FGB: lambda path: path.read_bytes().decode("utf-8", "ignore"),
    Format.SHP: lambda path: zipfile.ZipFile(path).read("fields.txt").decode("utf-8-sig"),
    Format.KML: lambda path: ElementTree.parse(path).find(".//{*}Document/{*}description").text,
    Format.PGSQL: lambda path: path.read_text("utf-8"),  # loaded in postgis/test_export_pgsql.py
    Format.GDB: lambda path: pyogrio.read_dataframe(
        _opened(path, Format.GDB), sql="GetLayerMetadata rating"
    ).iloc[0, 0],
}


@pytest.mark.parametrize("form", SAID)
def test_a_file_says_who_took_it_out_when_and_what_for(tmp_path, form):
    assert set(SAID) == set(Format) - {Format.CSV}  # a CSV has its manifest
    said = SAID[form](_write(tmp_path, form, internal=True))
    for word in ("liaison-1", "2026-10-01T08:00:00+00:00", "月度会议", "内部 / internal"):
        assert word in said


def test_a_shapefile_is_coloured_by_the_legend_on_its_short_names(tmp_path):
    with zipfile.ZipFile(_write(tmp_path, Format.SHP, name="rental")) as archive:
        drawn = archive.read("rental.qml").decode()
        ElementTree.fromstring(archive.read("rental.sld"))
    short = next(c.short for c in layer("rental").columns if c.name == legend.RENTAL.column)
    assert short in drawn
    assert legend.RENTAL.column not in drawn


@pytest.mark.parametrize("form", list(Format))
def test_a_demo_store_says_so_in_every_record(tmp_path, form):
    path = _write(tmp_path, form, demo=True)
    if form is Format.XLSX:
        assert [row[-3] for row in load_workbook(path).worksheets[0].values][1:] == [DEMO] * 4
    elif form is Format.CSV:
        assert list(pd.read_csv(path)["备注 / Note"]) == [DEMO] * 4
    elif form is Format.PARQUET:
        assert list(gpd.read_parquet(path)["note"]) == [DEMO] * 4
    elif form is Format.PGSQL:
        assert path.read_text("utf-8").count(f", '{DEMO}', '") == 4
    else:
        source = _opened(path, form)
        assert list(pyogrio.read_dataframe(source, layer=0)["note"]) == [DEMO] * 4


def test_records_without_a_place_are_a_table_of_the_geodatabase(tmp_path):
    frame = _frame("grid_audit")
    frame.loc[0, "geom"] = None
    path = _write(tmp_path, Format.GDB, frame=frame, name="grid_audit")
    path = f"/vsizip/{path}/grid_audit.gdb"
    assert len(pyogrio.read_dataframe(path, layer="grid_audit_table")) == 1
    assert len(pyogrio.read_dataframe(path, layer="grid_audit_area")) == 3


@pytest.mark.parametrize("form", list(Format))
def test_an_empty_layer_is_a_valid_empty_file(tmp_path, form):
    path = _write(tmp_path, form, frame=_frame().iloc[:0])
    assert path.stat().st_size > 0
    if form in {Format.GPKG, Format.GEOJSON, Format.FGB}:
        assert len(pyogrio.read_dataframe(path, layer=0)) == 0


def test_internal_files_are_private(tmp_path):
    mode = _write(tmp_path, Format.GEOJSON, internal=True).stat().st_mode
    assert stat.S_IMODE(mode) == 0o600


def test_a_failed_export_leaves_the_old_file_and_no_rubbish(tmp_path):
    path = _write(tmp_path, Format.CSV)
    before = path.read_bytes()
    frame = _frame().drop(columns="geom").pipe(lambda f: gpd.GeoDataFrame(f, geometry=[None] * 4))
    with pytest.raises(AttributeError):
        export([(frame.drop(columns="geometry"), _caption())], form=Format.CSV, out=path)
    assert path.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == [path.name]


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(BadInput, match="cannot be written"):
        export([(_frame(), _caption())], form=Format.CSV, out=tmp_path / "file" / "x.csv")


@contextmanager
def no_file_above(size: int) -> Iterator[None]:
    """Writing beyond ``size`` fails, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # of zipfile
@pytest.mark.parametrize("form", Format)
def test_a_full_disk_leaves_the_old_file_and_says_so(tmp_path, form):
    many = pd.concat([_frame()] * 400, ignore_index=True)
    path = _write(tmp_path, form, frame=_frame())
    old = path.read_bytes()
    whole = _write(tmp_path / "whole", form, frame=many).stat().st_size
    for size in (whole - 100, whole // 2):  # GDAL says nothing of its last write
        with no_file_above(size), pytest.raises(BadInput, match=r"无法写入.*cannot be written"):
            _write(tmp_path, form, frame=many)
        assert path.read_bytes() == old
        assert {one.name for one in tmp_path.iterdir()} == {path.name, "whole"}


def test_a_shapefile_above_two_gibibytes_is_refused_and_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(spatial, "_SHP_BYTES", 600)
    with pytest.raises(BadInput, match=r"请用 gpkg.* / rating.shp exceeds 2 GiB"):
        _write(tmp_path, Format.SHP)
    assert not list(tmp_path.iterdir())


def test_more_rows_than_a_sheet_has_are_refused_and_leave_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(sheets, "_MAX_ROWS", 3)
    with pytest.raises(BadInput, match=r"请用 csv / 4 rows do not fit a sheet"):
        _write(tmp_path, Format.XLSX)
    assert not list(tmp_path.iterdir())


def test_several_layers_fit_a_geopackage_and_no_csv(tmp_path):
    parts = [(_frame(), _caption()), (_frame("compounds"), _caption("compounds"))]
    path = export(parts, form=Format.GPKG, out=tmp_path / "all.gpkg")
    assert {"rating", "compounds"} <= {str(name) for name, _ in pyogrio.list_layers(path)}
    with pytest.raises(BadInput, match="one layer"):
        export(parts, form=Format.CSV, out=tmp_path / "all.csv")
