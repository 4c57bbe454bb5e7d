"""Writers of the geodata formats: GeoPackage, GeoJSON, Shapefile, FlatGeobuf, GeoParquet, KML."""

import errno
import json
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, ElementTree, SubElement, tostring

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow.parquet
import pyogrio
import shapely
from pyogrio.errors import DataLayerError, DataSourceError, FeatureError

from data.export import columns, styles
from data.export.families import families, family_of
from data.export.model import Caption, Part
from gis.errors import BadInput

_SHP_BYTES = 2**31 - 1  # offsets of most readers are signed numbers of 32 bits


def gpkg(parts: Sequence[Part], out: Path) -> None:
    """One table per layer and geometry family, coloured in QGIS by ``layer_styles``."""
    styled: list[dict[str, Any]] = []
    written = False
    for frame, caption in parts:
        for name, part in families(frame, caption.layer.name):
            pyogrio.write_dataframe(
                columns.plain(part), out, layer=name, driver="GPKG", append=written, use_arrow=True,
                promote_to_multi=name.endswith(("area", "line")) or None,
                dataset_options={} if written else {"VERSION": "1.2"},
                layer_options={"DESCRIPTION": caption.text, "GEOMETRY_NAME": "geom"},
            )  # fmt: skip
            written = True
            if not name.endswith("table"):
                styled.append(_style(name, part, caption))
    if styled:
        pyogrio.write_dataframe(
            pd.DataFrame(styled), out, layer="layer_styles", driver="GPKG", append=True
        )


def _style(table: str, part: gpd.GeoDataFrame, caption: Caption) -> dict[str, Any]:
    """The row of ``layer_styles`` that makes QGIS open ``table`` in the legend's colours."""
    family = family_of(part)
    return {
        "f_table_catalog": "",
        "f_table_schema": "",
        "f_table_name": table,
        "f_geometry_column": "geom",
        "styleName": caption.layer.en,
        "styleQML": styles.qml(caption.layer, family=family),
        "styleSLD": styles.sld(caption.layer, family=family),
        "useAsDefault": True,
        "description": caption.title,
        "owner": "wangge",
        "update_time": pd.Timestamp(caption.as_of, tz="UTC"),  # QGIS sorts by it
    }


def geojson(frame: gpd.GeoDataFrame, caption: Caption, out: Path) -> None:
    """RFC 7946: WGS84, right-hand rings; nine decimals (a tenth of a millimetre).

    At its usual seven GDAL takes slivers out of an outline, which moves its edge by metres.
    """
    pyogrio.write_dataframe(
        columns.plain(frame), out, driver="GeoJSON", layer=caption.layer.name, use_arrow=True,
        layer_options={
            "RFC7946": "YES", "COORDINATE_PRECISION": "9", "DESCRIPTION": caption.text,
        },
    )  # fmt: skip
    _whole(out, len(frame))


def fgb(frame: gpd.GeoDataFrame, caption: Caption, out: Path) -> None:
    """FlatGeobuf with its spatial index; features without a geometry are kept."""
    indexed = "NO" if frame.geometry.isna().any() or frame.empty else "YES"
    pyogrio.write_dataframe(
        columns.plain(frame), out, driver="FlatGeobuf", layer=caption.layer.name, use_arrow=True,
        layer_options={"SPATIAL_INDEX": indexed, "DESCRIPTION": caption.text},
    )  # fmt: skip
    _whole(out, len(frame))


def _whole(file: Path, rows: int) -> None:
    """Raise OSError unless the file has ``rows`` features: a last write that failed is not told."""
    met = 0
    try:
        with pyogrio.open_arrow(file, columns=[], use_pyarrow=True) as (_, reader):
            met = sum(part.num_rows for part in reader)
    except (DataSourceError, DataLayerError, FeatureError, RuntimeError) as exc:
        raise OSError(errno.EIO, f"it came out cut: {exc}") from exc
    if met != rows:
        raise OSError(errno.EIO, f"it came out cut: {met} of {rows} rows")


def parquet(frame: gpd.GeoDataFrame, caption: Caption, out: Path) -> None:
    """GeoParquet 1.1; the caption is in the file's metadata under ``wangge``."""
    frame.to_parquet(out, index=False)
    table = pyarrow.parquet.read_table(out)
    said = json.dumps(dict(caption.lines()), ensure_ascii=False)
    metadata = {**(table.schema.metadata or {}), b"wangge": said.encode()}
    pyarrow.parquet.write_table(table.replace_schema_metadata(metadata), out)


def shp(frame: gpd.GeoDataFrame, caption: Caption, out: Path) -> None:
    """A zip of one shapefile per geometry family, ASCII field names, and the list of fields.

    A .dbf holds 254 bytes of text: what is longer is cut there and whole in the .csv beside it, and
    the list says which fields that are. Raises BadInput for more than 2 GiB, which most programs
    cannot read.
    """
    shown = columns.listed(frame, caption)
    short = frame.rename(columns={c.name: c.short for c in shown})
    folder = out.parent / f"{out.name}.parts"
    folder.mkdir()
    for name, part in families(short, caption.layer.name):
        if not name.endswith("table"):
            pyogrio.write_dataframe(
                columns.cut(columns.plain(part)), folder / f"{name}.shp",
                driver="ESRI Shapefile", layer_options={"ENCODING": "UTF-8"}, use_arrow=True,
            )  # fmt: skip
            _whole(folder / f"{name}.shp", len(part))
            _small_enough(folder / name)
            _styled_beside(folder / name, part, caption)
        sheet = pd.DataFrame(columns.plain(part).drop(columns=part.geometry.name))
        sheet.map(columns.harmless).to_csv(folder / f"{name}.csv", **columns.CSV)
    fields = [f"{c.short}\t{c.name}\t{c.zh}\t{c.en}\t{c.unit}" for c in shown]
    said = [_said_cut(name, count) for name, count in columns.too_long(short).items()]
    text = "\n".join([caption.text, "", "field\tname\t中文\tEnglish\tunit", *fields, *said, ""])
    (folder / "fields.txt").write_text(text, encoding="utf-8-sig")
    _packed(folder, out)


def _said_cut(name: str, count: int) -> str:
    zh = f"{name}：{count} 个值超过 254 字节，在 .dbf 中截断并以…结尾，全文见 .csv"
    return f"{zh} / {name}: {count} values above 254 bytes are cut in the .dbf, whole in the .csv"


def _small_enough(base: Path) -> None:
    for part in (base.with_suffix(".shp"), base.with_suffix(".dbf")):
        if part.stat().st_size > _SHP_BYTES:
            raise BadInput(
                f"{part.name} 超过 2 GiB，多数软件读不了，没有写出；请用 gpkg，或只导出一部分"
                f" / {part.name} exceeds 2 GiB, which most programs cannot read, and was not"
                " written: take gpkg, or a part of the layer"
            )


def _styled_beside(base: Path, part: gpd.GeoDataFrame, caption: Caption) -> None:
    """QML (QGIS takes it by its name) and SLD in the legend's colours, on the short field names."""
    family = family_of(part)
    layer = styles.on_short_names(caption.layer)
    base.with_suffix(".qml").write_text(styles.qml(layer, family=family), "utf-8")
    base.with_suffix(".sld").write_text(styles.sld(layer, family=family), "utf-8")


def gdb(parts: Sequence[Part], out: Path) -> None:
    """A zip of one File Geodatabase: a feature class per layer and family, aliases, metadata."""
    folder = out.parent / f"{out.name}.parts"
    one = parts[0][1].layer.name if len(parts) == 1 else "combined"
    base = folder / f"{one}.gdb"
    folder.mkdir()
    written = False
    for frame, caption in parts:
        for name, part in families(frame, caption.layer.name):
            pyogrio.write_dataframe(
                _gdb_rows(part), base, layer=name, driver="OpenFileGDB", append=written,
                promote_to_multi=bool((shapely.get_dimensions(part.geometry) > 0).any()),
                geometry_type="MultiPolygon" if part.empty else None,
                layer_options={"LAYER_ALIAS": caption.title, "DOCUMENTATION": _about(caption)},
            )  # fmt: skip
            written = True
    _packed(folder, out)


def _gdb_rows(part: gpd.GeoDataFrame) -> pd.DataFrame:
    """Whole numbers of 32 bits, the longest that every ArcGIS reads; no place, a plain table."""
    rows = columns.plain(part)
    whole = [name for name in rows.columns if rows[name].dtype == np.int64]
    fits = {name: np.int32 for name in whole if rows[name].abs().max() < 2**31}
    rows = rows.astype(fits)
    placeless = part.geometry.isna().all() and not part.empty
    return pd.DataFrame(rows.drop(columns=part.geometry.name)) if placeless else rows


def _about(caption: Caption) -> str:
    """Metadata as ArcGIS shows it for a feature class."""
    root = Element("metadata")
    info = SubElement(root, "dataIdInfo")
    SubElement(SubElement(info, "idCitation"), "resTitle").text = caption.title
    SubElement(info, "idAbs").text = caption.text
    if caption.watermark.purpose:
        SubElement(info, "idPurp").text = caption.watermark.purpose
    return tostring(root, encoding="unicode")


def _packed(folder: Path, out: Path) -> None:
    """All files below ``folder`` as one zip."""
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            archive.write(path, path.relative_to(folder))


def kml(frame: gpd.GeoDataFrame, caption: Caption, out: Path) -> None:
    """KML 2.2 with one shared style per class of the legend."""
    root = Element("kml", xmlns="http://www.opengis.net/kml/2.2")
    document = SubElement(root, "Document")
    SubElement(document, "name").text = caption.title
    SubElement(document, "description").text = caption.text
    for entry in styles.entries(caption.layer):
        _kml_style(document, f"c{entry.value}", entry.fill)
    shown = columns.listed(frame, caption)
    column = getattr(caption.layer.legend, "column", None)
    rows = columns.plain(frame).to_dict("records")
    for row, shape in zip(rows, frame.geometry.to_numpy(), strict=True):
        placemark = SubElement(document, "Placemark")
        SubElement(placemark, "name").text = _text(row[caption.layer.label])
        value = row.get(column) if column else None
        SubElement(placemark, "styleUrl").text = f"#c{styles.class_of(caption.layer, value).value}"
        extended = SubElement(placemark, "ExtendedData")
        for one in shown:
            data = SubElement(extended, "Data", name=one.name)
            SubElement(data, "displayName").text = f"{one.zh} / {one.en}"
            SubElement(data, "value").text = _text(row[one.name])
        if shape is not None:
            _kml_geometry(placemark, shape)
    ElementTree(root).write(out, encoding="utf-8", xml_declaration=True)


def _text(value: Any) -> str:
    return "" if pd.isna(value) else str(value)


def _kml_style(document: Element, name: str, fill: str) -> None:
    style = SubElement(document, "Style", id=name)
    bgr = fill[5:7] + fill[3:5] + fill[1:3]
    SubElement(SubElement(style, "IconStyle"), "color").text = f"ff{bgr}"
    SubElement(SubElement(style, "LineStyle"), "color").text = "ff3f3226"
    SubElement(SubElement(style, "PolyStyle"), "color").text = f"b3{bgr}"


def _kml_geometry(parent: Element, shape: shapely.Geometry) -> None:
    match shape:
        case shapely.Point():
            _coordinates(SubElement(parent, "Point"), shape)
        case shapely.LineString():
            _coordinates(SubElement(parent, "LineString"), shape)
        case shapely.Polygon():
            polygon = SubElement(parent, "Polygon")
            for tag, ring in [("outerBoundaryIs", shape.exterior)] + [
                ("innerBoundaryIs", hole) for hole in shape.interiors
            ]:
                _coordinates(SubElement(SubElement(polygon, tag), "LinearRing"), ring)
        case _:
            multi = SubElement(parent, "MultiGeometry")
            for part in shapely.get_parts(shape):
                _kml_geometry(multi, part)


def _coordinates(parent: Element, shape: shapely.Geometry) -> None:
    pairs = shapely.get_coordinates(shape)
    SubElement(parent, "coordinates").text = " ".join(f"{x:.7f},{y:.7f}" for x, y in pairs)
