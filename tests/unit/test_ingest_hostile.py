"""Hostile and broken files: each refused with its code, nothing crashes, nothing is echoed."""

import io
import os
import stat
import zipfile
from pathlib import Path

import geopandas as gpd
import numpy as np
import openpyxl
import pytest
import shapely

from data.ingest.formats import archive
from data.ingest.read import open_source
from data.ingest.types import Kind, Options, Severity
from gis import district
from gis.errors import ImportRefused

WUHUA = district.load(Path(__file__).resolve().parents[2] / "data" / "reference" / "wuhua.toml")
HEAD = "编号,发生时间,类别,经度,纬度\n"
ROW = "{},2026-08-18 10:00,盗窃,102.70,25.05\n"


def read(path, kind=Kind.INCIDENTS, **options):
    options.setdefault("frame", "wgs84")
    source = open_source(path, kind, Options(**options), WUHUA)
    return source, list(source.chunks)


def refused(path, kind=Kind.INCIDENTS, **options) -> ImportRefused:
    with pytest.raises(ImportRefused) as found:
        read(path, kind, **options)
    assert str(path.parent) not in str(found.value)
    return found.value


def notes(chunks):
    return {(n.row, n.code) for chunk in chunks for n in chunk.notes}


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("a.csv", b"", "file_empty"),
        ("a.csv", b"\n\n\n", "no_rows"),
        ("a.csv", HEAD.encode(), "no_rows"),
        ("a.bin", os.urandom(4096), "format_unknown"),
        ("a.geojson", b'{"type":"FeatureCollection","features":[{"type":"Fea', "file_broken"),
        ("a.json", b'{"type":"Topology","objects":{}}', "format_unknown"),
        ("a.zip", b"PK\x03\x04" + bytes(60), "file_broken"),
        ("a.xlsx", b"\xd0\xcf\x11\xe0" + bytes(600), "file_broken"),
        ("a.parquet", b"PAR1" + bytes(64) + b"PAR1", "file_broken"),
        ("a.gpkg", b"SQLite format 3\0" + bytes(4000), "file_broken"),
        ("a.shp", b"\x00\x00\x27\x0a" + bytes(96), "part_missing"),
        ("a.fgb", b"fgb\x03fgb\x00" + bytes(50), "file_broken"),
        ("a.osm.pbf", b"\x00\x00\x00\x0d\x0a\x09OSMHeader\x18\x7c" + bytes(200), "file_broken"),
        ("a.vrt", b"<OGRVRTDataSource><OGRVRTLayer/></OGRVRTDataSource>", "refers_elsewhere"),
        ("a.dbf", b"\x03" + bytes(64), "sidecar_file"),
        ("a.kml", b'<?xml version="1.0"?><!DOCTYPE k [<!ENTITY a "aa">]><kml>&a;</kml>',
         "xml_entities"),
        ("a.geojson", b'{"type":"FeatureCollection","crs":{"type":"link","properties":'
         b'{"href":"http://192.0.2.1/crs"}},"features":[]}', "crs_link"),
    ],
)  # fmt: skip
def test_broken_files(tmp_path, name, content, code):
    path = tmp_path / name
    path.write_bytes(content)
    kind = Kind.CAMERAS if ".osm" in name or name.endswith("json") else Kind.INCIDENTS
    assert refused(path, kind).code == code


def test_missing_folder_and_link(tmp_path):
    (tmp_path / "real.csv").write_text(HEAD + ROW.format(1), "utf-8")
    (tmp_path / "link.csv").symlink_to(tmp_path / "real.csv")
    assert refused(tmp_path / "none.csv").code == "file_missing"
    assert refused(tmp_path / "link.csv").code == "not_a_file"
    (tmp_path / "folder").mkdir()
    assert refused(tmp_path / "folder").code == "not_a_file"
    os.mkfifo(tmp_path / "pipe.csv")
    assert refused(tmp_path / "pipe.csv").code == "not_a_file"


def test_content_decides_not_the_extension(tmp_path):
    path = tmp_path / "points.csv"
    gpd.GeoDataFrame({"name": ["a"]}, geometry=[shapely.Point(102.7, 25.05)], crs=4326).to_file(
        path, driver="GeoJSON"
    )
    source, chunks = read(path, Kind.CAMERAS)
    assert source.facts.format == "GeoJSON"
    assert len(chunks[0].rows) == 1


def test_nul_bytes_and_control_characters_are_taken_out(tmp_path):
    path = tmp_path / "a.csv"
    head = (HEAD.strip() + ",来源\n").encode()
    path.write_bytes(head + b"J1,2026-08-18,\xe7\x9b\x97\xe7\xaa\x83,"
                     b"102.7,25.05,a\x00b\x07c\n")  # fmt: skip
    _, chunks = read(path)
    assert chunks[0].rows["source"].tolist() == ["a b c"]


def test_a_huge_cell_is_refused_not_swallowed(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(HEAD + ROW.format(1) + '2,"' + "x" * (20 << 20), "utf-8")
    assert refused(path).code == "csv_broken"


def test_rows_with_too_many_cells_are_named(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(HEAD + ROW.format(1) + "2,3\n" + ROW.format(3) + "4,5,6,7,8,9,10\n", "utf-8")
    _, chunks = read(path)
    assert notes(chunks) == {(2, "cells_wrong"), (4, "cells_wrong")}
    assert [r for c in chunks for r in c.rows["row"]] == [1, 3]
    assert sum(c.read for c in chunks) == 4


def test_broken_rows_keep_their_numbers_over_many_batches(tmp_path):
    path = tmp_path / "a.csv"
    lines = [ROW.format(i) for i in range(1, 120_001)]
    for bad in (1, 60_000, 119_999, 120_000):
        lines[bad - 1] = "broken\n"
    path.write_text(HEAD + "".join(lines), "utf-8")
    _, chunks = read(path)
    numbers = np.concatenate([c.rows["row"].to_numpy() for c in chunks])
    keys = np.concatenate([c.rows["source_key"].to_numpy() for c in chunks])
    assert (numbers == keys.astype(int)).all()
    assert notes(chunks) == {(b, "cells_wrong") for b in (1, 60_000, 119_999, 120_000)}
    assert sum(c.read for c in chunks) == 120_000


def _zip(path, entries) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in entries:
            file.writestr(name, content)
    return path


@pytest.mark.parametrize("name", ["../evil.csv", "/etc/evil.csv", "a/../../evil.csv", "C:/evil.csv",
                                  "..\\evil.csv"])  # fmt: skip
def test_zip_paths_that_lead_outside(tmp_path, name):
    assert refused(_zip(tmp_path / "a.zip", [(name, HEAD)])).code == "zip_unsafe"


def test_zip_with_a_link(tmp_path):
    entry = zipfile.ZipInfo("link.csv")
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    assert refused(_zip(tmp_path / "a.zip", [(entry, "/etc/passwd")])).code == "zip_unsafe"


def test_zip_bombs(tmp_path, monkeypatch):
    assert refused(_zip(tmp_path / "a.zip", [("a.csv", b"0" * (200 << 20))])).code == "zip_bomb"
    book = _zip(tmp_path / "b.xlsx", [("xl/workbook.xml", b"0" * (200 << 20))])
    assert refused(book).code == "zip_bomb"
    monkeypatch.setattr(archive, "MAX_UNPACKED_BYTES", 10)
    assert refused(_zip(tmp_path / "c.zip", [("a.csv", HEAD)])).code == "zip_bomb"


def test_zip_whose_directory_lies_about_its_size(tmp_path, monkeypatch):
    path = _zip(tmp_path / "a.zip", [("a.csv", "x" * 5_000)])
    raw = bytearray(path.read_bytes())
    at = raw.rindex(b"PK\x01\x02") + 24
    raw[at : at + 4] = (10).to_bytes(4, "little")
    path.write_bytes(raw)
    monkeypatch.setattr(archive, "MAX_UNPACKED_BYTES", 100)
    assert refused(path).code in {"zip_bomb", "file_broken"}


def test_truncated_zip(tmp_path):
    whole = _zip(tmp_path / "a.zip", [("a.csv", HEAD + ROW.format(1))]).read_bytes()
    (tmp_path / "b.zip").write_bytes(whole[: len(whole) // 2])
    assert refused(tmp_path / "b.zip").code == "file_broken"


def test_zip_names_in_gbk(tmp_path):
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w") as file:
        file.writestr("AAAAAA.csv", HEAD + ROW.format(1))
    named = raw.getvalue().replace(b"AAAAAA", "警情表".encode("gbk"))
    (tmp_path / "a.zip").write_bytes(named)
    _, chunks = read(tmp_path / "a.zip")
    assert len(chunks[0].rows) == 1


def test_undecodable_text_names_the_row(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes((HEAD + ROW.format(1)).encode("gb18030") * 50 + b"\xff\xff,\n")
    found = refused(path)
    assert found.code == "encoding_wrong"
    assert refused(path, encoding="utf-8").code == "encoding_wrong"
    assert refused(path, encoding="klingon").code == "encoding_unknown"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
def test_encodings_are_found(tmp_path, encoding):
    path = tmp_path / "a.csv"
    row = "J1,2026-08-18,盗窃,102.7,25.05,五华区华山派出所\n"
    path.write_text(HEAD.strip() + ",来源\n" + row, encoding)
    _, chunks = read(path)
    assert chunks[0].rows["source"].tolist() == ["五华区华山派出所"]


def test_persons_are_neither_read_nor_echoed(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(
        "编号,发生时间,类别,经度,纬度,来源,报警人姓名,联系电话\n"
        "J1,2026-08-18,报警人13812345678,102.7,25.05,热线 13912345678,张三,13712345678\n"
        "J2,昨天 530102199001011234,盗窃,102.7,25.05,云A12345,李四,13712345678\n",
        "utf-8",
    )
    source, chunks = read(path)
    everything = repr(source.facts) + repr([c.notes for c in chunks]) + chunks[0].rows.to_csv()
    for secret in ("138123", "139123", "137123", "张三", "李四", "530102199001011234", "A12345"):
        assert secret not in everything
    assert "报警人姓名" in source.facts.unmapped
    assert refused(path, mapping={"source": "报警人姓名"}).code == "column_personal"


def test_a_key_of_identity_numbers_is_refused(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(HEAD + ROW.format("530102199001011234") + ROW.format("13812345678"), "utf-8")
    assert refused(path).code == "key_personal"


def test_formulas_and_markup_stay_text(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(HEAD.strip() + ",来源\nJ1,2026-08-18,盗窃,102.7,25.05,"
                    "=cmd|' /C calc'!A0<script>${x}\n", "utf-8")  # fmt: skip
    _, chunks = read(path)
    assert chunks[0].rows["source"].tolist() == ["=cmd|' /C calc'!A0<script>${x}"]


def test_notes_are_refusals_or_remarks_with_both_tongues(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(HEAD + "1,x,盗窃,102.7,25.05\n2,2026-08-18,激光,102.7,25.05\n"
                    "3,2026-08-18,盗窃,,\n4,2026-08-18,盗窃,25.05,102.7\n", "utf-8")  # fmt: skip
    _, chunks = read(path)
    found = [n for c in chunks for n in c.notes]
    assert {(n.row, n.severity, n.code) for n in found} == {
        (1, Severity.REFUSED, "not_a_date"),
        (2, Severity.FLAGGED, "word_unknown"),
        (3, Severity.REFUSED, "position_missing"),
        (4, Severity.REFUSED, "outside_district"),
    }
    assert all(n.reason_zh and n.reason_en for n in found)
    assert chunks[0].rows["category"].tolist() == ["other"]


def _shapefile(folder: Path, *endings: str) -> Path:
    frame = gpd.GeoDataFrame({"name": ["翠湖"]}, geometry=[shapely.box(102.7, 25, 102.8, 25.1)])
    frame.set_crs(4326).to_file(folder / "小区.shp", encoding="GBK")
    with zipfile.ZipFile(folder / "小区.zip", "w") as archive:
        for ending in endings:
            archive.write(folder / f"小区{ending}", f"小区{ending}")
    return folder / "小区.zip"


@pytest.mark.parametrize(("sent", "lost"), [((".shp", ".dbf"), ".shx"), ((".shp", ".shx"), ".dbf")])
def test_a_shapefile_without_a_part_of_it_says_which_to_send(tmp_path, sent, lost):
    refusal = refused(_shapefile(tmp_path, *sent), Kind.COMPOUNDS)
    assert refusal.code == "part_missing"
    assert f"缺少同名的 {lost}" in str(refusal)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # of the writer, which cuts
def test_a_field_name_cut_inside_a_character_is_read_up_to_it(tmp_path):
    frame = gpd.GeoDataFrame(
        {"编号": ["C1"], "小区名称": ["翠湖"]}, geometry=[shapely.Point(102.7, 25)]
    )
    frame.set_crs(4326).to_file(tmp_path / "a.shp", encoding="UTF-8")
    assert b"\xe5\x90\x8d\xe7\x00" in (tmp_path / "a.dbf").read_bytes()[:200]
    source, chunks = read(tmp_path / "a.shp", Kind.CAMERAS, mapping={"name": "小区名"})
    assert source.facts.columns == ("编号", "小区名")
    assert chunks[0].rows["name"].tolist() == ["翠湖"]


def test_a_web_page_that_is_called_a_workbook(tmp_path):
    path = tmp_path / "台账.xls"
    path.write_text("<html><table><tr><td>编号</td></tr></table></html>", "utf-8")
    assert "另存为 .xlsx" in str(refused(path))


def test_more_columns_than_a_sheet_has_are_refused_at_once(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(",".join(f"c{i}" for i in range(20_000)) + "\n" + "1," * 20_000, "utf-8")
    assert refused(path).code == "columns_many"


def test_hidden_rows_are_read_and_said(tmp_path):
    book = openpyxl.Workbook()
    for line in (HEAD.strip(), ROW.format(1).strip(), ROW.format(2).strip()):
        book.active.append(line.split(","))
    book.active.row_dimensions[3].hidden = True
    book.save(tmp_path / "a.xlsx")
    source, chunks = read(tmp_path / "a.xlsx")
    assert len(chunks[0].rows) == 2
    assert any("隐藏" in said for said in source.facts.notes)


def test_a_file_that_is_broken_says_what_to_do(tmp_path):
    path = tmp_path / "a.xlsx"
    path.write_bytes(b"PK\x03\x04" + bytes(60))
    assert "重新导出或重新传输" in str(refused(path))
