"""Files whose parts contradict each other: read as what is true, or refused, never by halves."""

import errno
import gc
import struct
import zipfile
from pathlib import Path

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely
import xlsxwriter

from data.ingest.formats import archive, legacy
from data.ingest.formats import text as text_format
from data.ingest.formats.layer import Batch
from data.ingest.read import _decoded, open_source
from data.ingest.types import Kind, Options
from gis import district
from gis.errors import ImportRefused, halves

WUHUA = district.load(Path(__file__).resolve().parents[2] / "data" / "reference" / "wuhua.toml")
NAME = "五华区翠湖公园北门"
HEAD = "编号,名称,经度,纬度\n"


def cameras(rows: int = 6) -> gpd.GeoDataFrame:
    places = [shapely.Point(102.7 + at / 1000, 25.05) for at in range(rows)]
    names = {"编号": [f"{at:03d}" for at in range(rows)], "名称": [NAME] * rows}
    return gpd.GeoDataFrame(names, geometry=places, crs=4490)


def read(path, **options) -> tuple[pd.DataFrame, set[tuple[int, str]]]:
    source = open_source(path, Kind.CAMERAS, Options(**options), WUHUA)
    chunks = list(source.chunks)
    rows = pd.concat([chunk.rows for chunk in chunks], ignore_index=True)
    return rows, {(note.row, note.code) for chunk in chunks for note in chunk.notes}


def code(path, **options) -> str:
    with pytest.raises(ImportRefused) as found:
        read(path, **options)
    assert " / " in str(found.value)
    return found.value.code


@pytest.fixture
def shp(tmp_path):
    cameras().to_file(tmp_path / "a.shp", encoding="UTF-8")
    return tmp_path / "a.shp"


@pytest.mark.parametrize("rows", [0, 4, 9])
def test_a_table_with_other_rows_than_there_are_shapes_is_refused(shp, rows):
    (shp.parent / "b").mkdir()
    cameras(rows).to_file(shp.parent / "b" / "a.shp", encoding="UTF-8")
    shp.with_suffix(".dbf").write_bytes((shp.parent / "b" / "a.dbf").read_bytes())
    assert code(shp) == "parts_unequal"


@pytest.mark.parametrize("left", [0, 1, 31])
def test_a_table_of_a_few_bytes_is_no_table(shp, left):
    dbf = shp.with_suffix(".dbf")
    dbf.write_bytes(dbf.read_bytes()[:left])
    assert code(shp) in {"parts_unequal", "file_broken"}


@pytest.mark.parametrize("upper", [False, True])
@pytest.mark.parametrize("suffix", [".dbf", ".shp"])
def test_a_part_that_was_cut_is_noticed_in_letters_of_either_size(shp, suffix, upper):
    if upper:
        for part in list(shp.parent.iterdir()):
            part.rename(part.with_suffix(part.suffix.upper()))
        shp, suffix = shp.with_suffix(".SHP"), suffix.upper()
    assert len(read(shp)[0]) == 6
    part = shp.with_suffix(suffix)
    part.write_bytes(part.read_bytes()[:-40])
    assert code(shp) == "file_broken"


@pytest.mark.parametrize(
    "stated",
    [b"GBK", b"936", b"Big5", b"nobody-knows", b"\xef\xbb\xbfUTF-8\r\n", "UTF-8".encode("utf-16")],
)
def test_text_is_read_as_what_it_is_whatever_the_cpg_says(shp, stated):
    shp.with_suffix(".cpg").write_bytes(stated)
    assert set(read(shp)[0]["name"]) == {NAME}


@pytest.mark.parametrize("declared", ["gbk", "big5", "latin-1"])
def test_utf8_is_not_read_as_what_somebody_says_it_is(shp, declared):
    text = (HEAD + f"1,{NAME},102.7,25.05\n").replace(HEAD, "key,name,lon,lat\n")
    (shp.parent / "a.csv").write_text(text + f"2,{NAME}甲,102.7,25.05\n", "utf-8")
    assert code(shp, encoding=declared) == "encoding_wrong"
    assert code(shp.parent / "a.csv", frame="wgs84", encoding=declared) == "encoding_wrong"


def test_a_geodatabase_is_found_however_it_was_packed(tmp_path):
    cameras().to_file(tmp_path / "a.gdb", driver="OpenFileGDB")
    shadow = {"__MACOSX/a.gdb/._a00000001.gdbtable": b"x", "__MACOSX/._a.gdb": b"x"}
    for prefix, more in (("外/内/a.gdb/", {}), ("A.GDB/", {}), ("", {}), ("数据/", {}),
                         ("a.gdb/", shadow)):  # fmt: skip
        with zipfile.ZipFile(tmp_path / "a.zip", "w") as packed:
            for part in (tmp_path / "a.gdb").iterdir():
                packed.write(part, prefix + part.name)
            for name, content in more.items():
                packed.writestr(name, content)
        assert len(read(tmp_path / "a.zip")[0]) == 6


@pytest.mark.parametrize("packing", [zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_a_damaged_zip_is_refused_and_nothing_of_it_stays(tmp_path, monkeypatch, packing):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "scratch"))
    (tmp_path / "scratch").mkdir()
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", packing) as packed:
        packed.writestr("a.csv", HEAD + "".join(f"{n},{n * 7},102.7,25.05\n" for n in range(9000)))
    whole = path.read_bytes()
    for at in range(200, len(whole) - 300, len(whole) // 9):
        path.write_bytes(
            whole[:at] + bytes(b ^ 0x77 for b in whole[at : at + 99]) + whole[at + 99 :]
        )
        assert code(path, frame="wgs84") == "file_broken"
    gc.collect()  # what pytest caught refers to itself
    assert list((tmp_path / "scratch").iterdir()) == []


def test_a_full_disk_is_not_the_files_fault(tmp_path, monkeypatch):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as packed:
        packed.writestr("a.csv", HEAD)

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(archive.Path, "mkdir", full)
    assert code(tmp_path / "a.zip", frame="wgs84") == "disk_full"


def test_merged_cells_repeat_in_their_own_column_wherever_the_table_begins(tmp_path):
    book = openpyxl.Workbook()
    sheet = book.active
    rows = [["编号", "点位名称", "管理单位", "经度", "纬度"],
            ["1", "甲", "街道办", 102.7, 25.05], ["2", "乙", None, 102.71, 25.05]]  # fmt: skip
    for at, row in enumerate(rows):
        for column, value in enumerate(row):
            sheet.cell(3 + at, 4 + column, value)
    sheet.merge_cells("F4:F5")
    sheet.merge_cells("M4:M5")  # beyond the table
    book.save(tmp_path / "a.xlsx")
    found, _ = read(tmp_path / "a.xlsx", frame="wgs84")
    assert found["management_unit"].tolist() == ["街道办", "街道办"]
    assert found["name"].tolist() == ["甲", "乙"]
    assert [point.x for point in found["geom"]] == [102.7, 102.71]


FAR = [
    '<row r="1048576"><c t="n" r="XFD1048576"><v>1</v></c></row>',
    "<row r='1048576'><c r = 'xfd1048576'><v>1</v></c></row>",
    '<row r="1048576"><c s="/>" r="XFD1048576" t="n"><v>1</v></c></row>',
    f'<row r="1048576"><c x="{"y" * 3000}" r="XFD1048576"><v>1</v></c></row>',
    f'<row r="1048575">{"<c><v>1</v></c>" * 400}</row>',
    f"{'<row/>' * 200_000}<row>{'<c><v>1</v></c>' * 400}</row>",
]


@pytest.mark.parametrize("far", FAR)
def test_a_cell_far_out_is_found_however_it_is_written(tmp_path, far):
    with xlsxwriter.Workbook(tmp_path / "plain.xlsx") as book:
        book.add_worksheet().write_row(0, 0, ["编号", "名称", "经度", "纬度"])
    path = tmp_path / "a.xlsx"
    with zipfile.ZipFile(tmp_path / "plain.xlsx") as plain, zipfile.ZipFile(path, "w") as made:
        for name in plain.namelist():
            part = plain.read(name)
            if name == "xl/worksheets/sheet1.xml":
                part = part.replace(b"</sheetData>", far.encode() + b"</sheetData>")
            made.writestr(name, part)
    assert code(path, frame="wgs84") == "sheet_too_large"


def _xls(cells: list[tuple[int, int, float]]) -> bytes:
    """A workbook of Excel 97: one stream in a compound file, one number per cell."""

    def record(kind: int, body: bytes) -> bytes:
        return struct.pack("<HH", kind, len(body)) + body

    def begin(kind: int) -> bytes:
        return record(0x809, struct.pack("<HHHHII", 0x600, kind, 0, 0, 0, 0))

    end, name = record(0x0A, b""), b"\x06\x00Sheet1"
    at = len(begin(5)) + len(record(0x85, bytes(6) + name)) + len(end)
    numbers = b"".join(record(0x203, struct.pack("<HHHd", r, c, 0, v)) for r, c, v in cells)
    stream = begin(5) + record(0x85, struct.pack("<IH", at, 0) + name) + end
    stream = (stream + begin(0x10) + numbers + end).ljust(4096, b"\0")
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    head += struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    head += struct.pack("<9I", 0, 1, 1, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0)
    head += struct.pack("<I", 0) + b"\xff" * 432
    chain = [0xFFFFFFFD, 0xFFFFFFFE, *range(3, 10), 0xFFFFFFFE]
    table = struct.pack("<128I", *chain, *[0xFFFFFFFF] * (128 - len(chain)))

    def entry(name: str, kind: int, child: int, start: int, size: int) -> bytes:
        text = name.encode("utf-16-le") + b"\0\0"
        links = struct.pack("<3I", 0xFFFFFFFF, 0xFFFFFFFF, child) + bytes(36)
        sizes = struct.pack("<IQ", start, size)
        return text.ljust(64, b"\0") + struct.pack("<HBB", len(text), kind, 1) + links + sizes

    folder = entry("Root Entry", 5, 1, 0xFFFFFFFE, 0) + entry("Workbook", 2, 0xFFFFFFFF, 2, 4096)
    return head + table + folder.ljust(512, b"\0") + stream


def test_a_cell_far_out_in_an_old_workbook_does_not_end_the_process(tmp_path):
    path = tmp_path / "a.xls"
    path.write_bytes(_xls([(0, 0, 1.0), (1, 1, 2.0)]))
    assert code(path, frame="wgs84") == "geometry_missing"  # it was read
    path.write_bytes(_xls([(0, 0, 1.0), (65_535, 65_535, 2.0)]))
    assert code(path, frame="wgs84") == "sheet_too_large"


@pytest.mark.parametrize(
    ("ends", "found"),
    [
        ("raise MemoryError", "sheet_too_large"),
        ("bytearray(4 << 30)", "sheet_too_large"),
        ("import os; os.abort()", "sheet_too_large"),
        ("import os; os.kill(os.getpid(), 9)", "sheet_too_large"),
        ("import os; os.kill(os.getpid(), 11)", "file_broken"),
        ("raise BaseException('a panic')", "file_broken"),
    ],
)
def test_a_reader_that_fails_is_not_always_short_of_memory(tmp_path, monkeypatch, ends, found):
    path = tmp_path / "a.xls"
    path.write_bytes(_xls([(0, 0, 1.0), (1, 1, 2.0)]))
    trial = legacy._TRY.replace("CalamineWorkbook.from_path(sys.argv[1])", ends)
    assert trial != legacy._TRY
    monkeypatch.setattr(legacy, "_TRY", trial)
    assert code(path, frame="wgs84") == found


def test_a_workbook_is_read_as_what_it_is_and_not_as_what_it_is_called(tmp_path):
    with xlsxwriter.Workbook(tmp_path / "a.xlsx") as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["编号", "名称", "经度", "纬度"])
        sheet.write_row(1, 0, ["1", NAME, 102.7, 25.05])
    for name in ("a.ods", "a.xls", "a.xlsb", "a.csv"):
        (tmp_path / name).write_bytes((tmp_path / "a.xlsx").read_bytes())
        assert len(read(tmp_path / name, frame="wgs84")[0]) == 1


def test_coordinates_that_are_no_numbers_refuse_their_row(tmp_path):
    point = '{{"type":"Feature","properties":{{"编号":"{}"}},"geometry":{}}}'
    places = ['{"type":"Point","coordinates":[NaN,25.05]}', '{"type":"Point","coordinates":null}',
              '{"type":"Point","coordinates":[]}', "null",
              '{"type":"Point","coordinates":[102.7,25.05,1890]}']  # fmt: skip
    rows = ",".join(point.format(at, place) for at, place in enumerate(places))
    path = tmp_path / "a.geojson"
    path.write_text(f'{{"type":"FeatureCollection","features":[{rows}]}}', "utf-8")
    found, notes = read(path, frame="wgs84")
    assert found["source_key"].tolist() == ["4"]
    assert {row for row, _ in notes} == {1, 2, 3, 4, 5}
    two = ",".join(point.format(at, places[at]) for at in (0, 4))
    path.write_text(f'{{"type":"FeatureCollection","features":[{two}]}}', "utf-8")
    assert read(path, frame="wgs84")[0]["source_key"].tolist() == ["4"]


def test_a_header_over_two_lines_is_one_header(tmp_path):
    path = tmp_path / "a.csv"
    head = '"某街道\n视频点位",,,\n编号,"点位\n名称",经度,纬度\n'
    path.write_text(head + "1,甲,102.7,25.05\n2\n3,丙,102.7,25.05\n", "utf-8")
    found, notes = read(path, frame="wgs84")
    assert found["name"].tolist() == ["甲", "丙"]
    assert found["row"].tolist() == [1, 3]
    assert notes == {(2, "cells_wrong")}


@pytest.mark.parametrize("delimiter", ["，", "；"])
def test_full_width_marks_between_cells_are_refused_in_words(tmp_path, delimiter):
    path = tmp_path / "a.csv"
    text = HEAD + "1,甲,102.7,25.05\n2,乙,102.7,25.05\n"
    path.write_text(text.replace(",", delimiter), "utf-8")
    assert code(path, frame="wgs84") == "delimiter_wide"


def test_full_width_marks_within_the_cells_of_a_list_divide_nothing(tmp_path):
    lines = ["案件", *(f"{at}号；甲" for at in range(9))]
    assert text_format._delimiter(lines) == ","
    assert text_format._delimiter(["编号；案件", *lines[1:]]) == "；"


@pytest.mark.parametrize(
    "geo",
    [
        '{"columns":[]}',
        '{"columns":{"geometry":"x"}}',
        "[]",
        "7",
        '{"columns":{"geometry":{"crs":[1]}},"primary_column":["g"]}',
    ],
)
def test_parquet_that_says_nonsense_of_itself_says_nothing(tmp_path, geo):
    table = pa.table({"编号": ["1"], "geometry": [shapely.Point(102.7, 25.05).wkb]})
    pq.write_table(table.replace_schema_metadata({"geo": geo}), tmp_path / "a.parquet")
    assert code(tmp_path / "a.parquet") == "frame_missing"
    assert len(read(tmp_path / "a.parquet", frame="wgs84")[0]) == 1


@pytest.mark.parametrize("name", ['"翠湖', '"翠湖"" 北门', '"'])
def test_a_quote_that_is_never_closed_swallows_no_rows(tmp_path, name):
    path = tmp_path / "a.csv"
    rows = [f"{at},甲,102.7,25.05\n" for at in range(9)]
    path.write_text(HEAD + "".join(rows[:3]) + f"x,{name},102.7,25.05\n" + "".join(rows), "gbk")
    with pytest.raises(ImportRefused) as found:
        read(path, frame="wgs84")
    assert found.value.code == "csv_broken"
    assert "第 4 行" in str(found.value)


@pytest.mark.parametrize("before", ['"A"栋', '5" 甲', '丢"丢'])
@pytest.mark.parametrize("encoding", ["utf-8", "gbk", "utf-16"])
def test_what_stands_before_it_hides_no_open_quote(tmp_path, before, encoding):
    path = tmp_path / "a.csv"
    last = "3,丙,102.7,25.05\n"
    path.write_text(HEAD + f"1,{before},102.7,25.05\n" + '2,"翠湖,102.7,25.05\n' + last, encoding)
    with pytest.raises(ImportRefused) as found:
        read(path, frame="wgs84", encoding=None if encoding == "utf-16" else encoding)
    assert found.value.code == "csv_broken"
    assert "第 2 行" in str(found.value)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_hanzi_whose_bytes_are_those_of_a_quote_are_none(tmp_path, encoding):
    path = tmp_path / "a.csv"
    rows = '1,丢,102.7,25.05\n2,"甲\n乙",102.7,25.05\n3,"丙"'
    path.write_text(HEAD + rows + ",102.7,25.05", encoding)
    assert len(read(path, frame="wgs84")[0]) == 3


def test_a_quote_within_a_cell_is_a_letter(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(HEAD + '1,5" 甲,102.7,25.05\n2,乙,102.7,25.05\n', "utf-8")
    assert read(path, frame="wgs84")[0]["name"].tolist() == ['5" 甲', "乙"]


def test_rows_of_commas_alone_are_no_rows(tmp_path):
    path = tmp_path / "a.csv"
    head = HEAD.replace("\n", ",备注\n")
    path.write_text(
        f"{head}1,甲,102.7,25.05,\n,,,,\n , ,,,\n2,乙,,,\n,,,,只有备注\n,,,,\n", "utf-8"
    )
    found, notes = read(path, frame="wgs84")
    assert found["name"].tolist() == ["甲"]
    assert notes == {(4, "position_missing"), (5, "position_missing")}  # lines 5 and 6 of the file


@pytest.mark.parametrize("declared", [None, "gbk", "utf-8"])
def test_a_mark_of_utf8_before_gbk_is_not_believed_and_makes_no_other_column(tmp_path, declared):
    path = tmp_path / "a.csv"
    for head in (HEAD, "key,name,lon,lat\n"):
        path.write_bytes(b"\xef\xbb\xbf" + f"{head}1,翠湖,102.7,25.05\n".encode("gbk"))
        with pytest.raises(ImportRefused) as found:
            open_source(path, Kind.CAMERAS, Options(frame="wgs84", encoding=declared), WUHUA)
        assert (found.value.code, "UTF-8 标记" in str(found.value)) == ("encoding_wrong", True)


def test_marks_that_nobody_sees_make_no_other_key_and_no_other_number(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(
        "\u200b编号,名称,经度,纬度\n\ufeffJ1\u200b,翠\u202e湖\u2028北\x85门,\u202a102.7\u202c,25.05\n"
        "J\x002,\ufeff,102.7,25.05\n", "utf-8",
    )  # fmt: skip
    found, notes = read(path, frame="wgs84")
    assert found["source_key"].tolist() == ["J1", "J2"]
    assert found["name"][0] == "翠湖 北 门"
    assert found["geom"][0].x == 102.7
    assert notes == set()


def test_codes_and_texts_without_end_are_no_codes_and_no_names(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(HEAD + f"{'K' * 201},{'长' * 1001},102.7,25.05\n{'K' * 200},短,102.7,25.05\n")
    found, notes = read(path, frame="wgs84")
    assert notes == {(1, "code_long"), (1, "text_cut")}
    assert found["source_key"].isna().tolist() == [True, False]
    assert found["name"].str.len().tolist() == [1000, 1]


def test_a_workbook_with_formulas_that_nobody_computed_says_so(tmp_path):
    book = openpyxl.Workbook()
    for row in (["编号", "名称", "经度", "纬度", "架设高度"], ["1", "=A2", 102.7, 25.05, "=1+1"]):
        book.active.append(row)
    book.save(tmp_path / "a.xlsx")
    source = open_source(tmp_path / "a.xlsx", Kind.CAMERAS, Options(frame="wgs84"), WUHUA)
    assert [one for one in source.facts.notes if "公式" in one and "formulas" in one]
    book.active["B2"], book.active["E2"] = "#REF!", 3.5
    book.active["B2"].data_type = "e"
    book.save(tmp_path / "b.xlsx")
    source = open_source(tmp_path / "b.xlsx", Kind.CAMERAS, Options(frame="wgs84"), WUHUA)
    assert [one for one in source.facts.notes if "#REF!" in one]
    assert not [one for one in source.facts.notes if "公式" in one]
    (tmp_path / "a.csv").write_text(HEAD + "1,#REF!,102.7,25.05\n", "utf-8")
    assert read(tmp_path / "a.csv", frame="wgs84")[0]["name"].isna().all()


def test_nothing_is_left_beside_a_gml(tmp_path):
    cameras().to_file(tmp_path / "a.gml", driver="GML")
    (tmp_path / "a.xsd").unlink()
    assert len(read(tmp_path / "a.gml")[0]) == 6
    assert [one.name for one in tmp_path.iterdir()] == ["a.gml"]


def test_a_slash_in_a_header_does_not_part_the_languages(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("编号,名称 / Name,经度,纬度\n1,甲,102.7,25.05\n", "utf-8")
    with pytest.raises(ImportRefused) as found:
        read(path, frame="wgs84", mapping={"name": "名称"})
    zh, en = halves(str(found.value))
    assert zh.startswith("文件 a.csv")
    assert zh.endswith("。")
    assert en.startswith("file a.csv")


def test_a_broken_crs_beside_a_shapefile_is_named_as_what_is_broken(shp):
    stated = shp.with_suffix(".prj").read_bytes()
    shp.with_suffix(".prj").write_bytes(
        b"x".join(stated.replace(b"CGCS2000", b"CG\xb0S2000").split(b"Coord"))
    )
    assert code(shp) == "crs_broken"
    shp.with_suffix(".prj").unlink()
    assert len(read(shp, frame="cgcs2000")[0]) == 6


def test_geometries_whose_lengths_are_none_are_a_broken_file(tmp_path):
    ends = pa.py_buffer(struct.pack("<3i", 0, 29, 9))
    wkb = pa.Array.from_buffers(pa.binary(), 2, [None, ends, pa.py_buffer(bytes(30))])
    batch = Batch(pa.table({"key": ["1", "2"]}), np.array([1, 2]), wkb)
    with pytest.raises(ImportRefused) as found:
        list(_decoded(tmp_path / "a.fgb", iter([batch])))
    assert found.value.code == "file_broken"


def test_a_layers_name_that_is_no_text_is_a_broken_file(tmp_path):
    cameras().to_file(tmp_path / "a.gpkg", layer="aaaa")
    stored = (tmp_path / "a.gpkg").read_bytes()
    (tmp_path / "b.gpkg").write_bytes(stored.replace(b"aaaa", b"a\xb0\xa1a"))
    assert code(tmp_path / "b.gpkg") == "file_broken"
