"""KML, DXF and OpenStreetMap in pieces: nothing lost, nothing mixed up, a cut file is refused."""

import itertools
from pathlib import Path

import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely

from data.ingest.formats import kml, vector
from data.ingest.read import open_source
from data.ingest.types import Kind, Options
from gis import district
from gis.errors import ImportRefused

WUHUA = district.load(Path(__file__).resolve().parents[2] / "data" / "reference" / "wuhua.toml")
MARK = (
    '<Placemark><name>第{0}起</name><ExtendedData><Data name="编号"><value>J{0}</value></Data>'
    '<Data name="类别"><value>盗窃</value></Data></ExtendedData>'
    "<TimeStamp><when>2026-08-18T10:0{0}</when></TimeStamp>"
    "<Point><coordinates>102.7{0},25.05</coordinates></Point></Placemark>"
)
OUTLINES = (
    "<LinearRing><coordinates>102.7,25.1 102.8,25.2 102.7,25.1</coordinates></LinearRing>",
    "<MultiGeometry><Point><coordinates>102.7,25.1,3</coordinates></Point></MultiGeometry>",
    "<gx:Track><when>2026-08-18</when><gx:coord>102.7 25.1 1</gx:coord><gx:coord>102.8 25.1 1"
    "</gx:coord></gx:Track>",
    "",
)


def document(*folders: str, encoding="UTF-8") -> bytes:
    text = (
        f'<?xml version="1.0" encoding="{encoding}"?><kml xmlns="http://www.opengis.net/kml/2.2" '
    )
    text += 'xmlns:gx="http://www.google.com/kml/ext/2.2"><Document><name>五华</name>'
    return (text + "".join(folders) + "</Document></kml>").encode(encoding)


def folder(name: str, *inside: str) -> str:
    return f"<Folder><name>{name}</name>{''.join(inside)}</Folder>"


def read(path, kind=Kind.INCIDENTS, **options) -> pd.DataFrame:
    source = open_source(path, kind, Options(**{"frame": "wgs84"} | options), WUHUA)
    return pd.concat([chunk.rows for chunk in source.chunks], ignore_index=True)


def code(path, kind=Kind.INCIDENTS, **options) -> str:
    with pytest.raises(ImportRefused) as found:
        read(path, kind, **options)
    return found.value.code


@pytest.mark.parametrize("encoding", ["UTF-8", "GBK", "UTF-16"])
def test_chinese_attributes_keep_their_names_however_long(tmp_path, encoding):
    path = tmp_path / "警情.kml"
    path.write_bytes(document(folder("三季度", *map(MARK.format, range(3))), encoding=encoding))
    rows = read(path, mapping={"occurred_at": "timestamp"})
    assert rows["source_key"].tolist() == ["J0", "J1", "J2"]
    assert set(rows["category"]) == {"theft"}
    assert [shapely.get_x(point) for point in rows["geom"]] == pytest.approx(
        [102.7, 102.71, 102.72]
    )
    assert rows["occurred_at"].nunique() == 3


def test_folders_in_folders_are_layers_by_distinct_names(tmp_path):
    path = tmp_path / "a.kml"
    streets = [folder(s, folder("点位", MARK.format(i))) for i, s in enumerate(("护国", "大观"))]
    path.write_bytes(document(folder("全区", *streets), MARK.format(9)))
    _, named = kml.folders(path, None)
    assert list(named) == ["五华/全区/护国/点位", "五华/全区/大观/点位", "五华"]
    assert code(path) == "layer_required"
    options = {"layer": "五华/全区/大观/点位", "mapping": {"occurred_at": "timestamp"}}
    assert read(path, **options)["source_key"].tolist() == ["J1"]


@pytest.mark.parametrize("named", ["", "<name>点位</name>"])
def test_folders_without_end_are_refused(tmp_path, named):
    path = tmp_path / "a.kml"
    opened = f"<Folder>{named}{MARK.format(1)}" * 3000
    path.write_bytes(document(opened, "</Folder>" * 3000))
    assert code(path) == "file_broken"


def test_shapes_are_those_that_gdal_reads_and_batches_count_on(tmp_path, monkeypatch):
    monkeypatch.setattr(kml, "BATCH_ROWS", 2)
    path = tmp_path / "a.kml"
    shapes = [f"<Placemark><name>{i}</name>{s}</Placemark>" for i, s in [*enumerate(OUTLINES)] * 2]
    path.write_bytes(document(*shapes))
    codec, named = kml.folders(path, None)
    batches = list(kml.open_kml(path, codec, named, "五华").batches(["Name"]))
    assert np.concatenate([batch.rows for batch in batches]).tolist() == list(range(1, 9))
    assert [n for batch in batches for n in batch.table["Name"].to_pylist()] == list("01230123")
    ours = shapely.from_wkb(list(itertools.chain(*(batch.wkb.to_pylist() for batch in batches))))
    whole = pyogrio.raw.read(path, columns=[])[2]
    theirs = shapely.from_wkb(whole, on_invalid="ignore")  # a lone ring cannot be read there
    readable = ~shapely.is_missing(theirs)
    assert shapely.equals_exact(ours[readable], theirs[readable]).all()
    assert shapely.to_wkt(ours[0]).startswith("LINESTRING")
    assert ours[3] is None


def test_a_document_type_behind_a_long_comment_is_refused(tmp_path):
    path = tmp_path / "a.kml"
    start, _, rest = document(MARK.format(1)).decode().partition("<Document>")
    far = f'<?xml version="1.0"?><!--{"<kml" + "x" * (1 << 17)}--><!DOCTYPE kml [<!ENTITY a "a">]>'
    path.write_text(far + start.partition("?>")[2] + "<Document>" + rest)
    assert code(path) in {"xml_entities", "format_unknown"}


def _dxf(rows: int) -> str:
    lines = "0\nPOINT\n5\n{0}\n8\n点位\n10\n102.{0}\n20\n25.05\n"
    body = "".join(lines.format(row) for row in range(700, 700 + rows))
    return f"0\nSECTION\n2\nENTITIES\n{body}0\nENDSEC\n0\nEOF\n"


def _osm(rows: int) -> str:
    node = '<node id="{0}" lat="25.05" lon="102.7"><tag k="man_made" v="surveillance"/></node>\n'
    body = "".join(node.format(row) for row in range(1, rows + 1))
    return f'<?xml version="1.0"?>\n<osm version="0.6">\n{body}</osm>\n'


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.kml", document(*map(MARK.format, range(9))).decode()),
        ("a.dxf", _dxf(9)),
        ("a.osm", _osm(9)),
    ],
)
def test_a_file_cut_anywhere_in_its_second_half_is_refused(tmp_path, monkeypatch, name, text):
    monkeypatch.setattr(vector, "BATCH_ROWS", 2)
    mapping = {"key": "EntityHandle"} if name == "a.dxf" else {}
    path = tmp_path / name
    whole = text.rstrip().encode()
    path.write_bytes(whole)
    assert len(read(path, Kind.CAMERAS, mapping=mapping)) == 9
    for end in range(len(whole) // 2, len(whole) - 1, 37):
        path.write_bytes(whole[:end])
        assert code(path, Kind.CAMERAS, mapping=mapping) == "file_broken", end
