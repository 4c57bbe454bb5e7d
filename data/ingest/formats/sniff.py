"""What a file is, by its content; the extension only decides between plain texts."""

import re
from enum import StrEnum
from pathlib import Path

from data.ingest.formats import records
from data.ingest.refusal import refuse


class Format(StrEnum):
    """Formats that can be read, by the name that reports use."""

    CSV = "CSV"
    EXCEL = "XLSX"
    GEOJSON = "GeoJSON"
    GEOPACKAGE = "GeoPackage"
    SHAPEFILE = "Shapefile"
    KML = "KML"
    GML = "GML"
    FLATGEOBUF = "FlatGeobuf"
    PARQUET = "GeoParquet"
    FILEGDB = "FileGDB"
    MAPINFO = "MapInfo"
    DXF = "DXF"
    OSM = "OSM"
    RECORDS = "JSON"
    ZIP = "ZIP"


_HEAD = 1 << 16
_JSON_HEAD = 1 << 20
SIDECARS = {
    ".dbf": ".shp",
    ".shx": ".shp",
    ".prj": ".shp",
    ".cpg": ".shp",
    ".sbn": ".shp",
    ".sbx": ".shp",
    ".qpj": ".shp",
    ".mid": ".mif",
    ".xsd": ".gml",
    ".gfs": ".gml",
    ".dat": ".tab",
    ".map": ".tab",
    ".id": ".tab",
    ".ind": ".tab",
}
_MAGIC = (
    (b"SQLite format 3\0", Format.GEOPACKAGE),
    (b"PAR1", Format.PARQUET),
    (b"fgb\x03", Format.FLATGEOBUF),
    (b"PK\x03\x04", Format.ZIP),
    (b"PK\x05\x06", Format.ZIP),
    (b"\x00\x00\x27\x0a", Format.SHAPEFILE),
    (b"\xd0\xcf\x11\xe0", Format.EXCEL),
    (b"!table", Format.MAPINFO),
)
_DXF = re.compile(r"(999[ \t]*\r?\n.*\r?\n\s*)*0[ \t]*\r?\n[ \t]*SECTION")
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_GEOJSON_TYPES = {
    "FeatureCollection",
    "Feature",
    "Point",
    "MultiPoint",
    "LineString",
    "MultiLineString",
    "Polygon",
    "MultiPolygon",
    "GeometryCollection",
}
# What GDAL takes for a list of other files, addresses or commands, by content: it would open them.
_ELSEWHERE = re.compile(
    r"<\s*OGR\w*DataSource|<\s*GDAL_\w+|gdal_streamed_alg|Product_Observational", re.IGNORECASE
)
_TABLES = re.compile(rb"open\s+table|create\s+view|isseamless", re.IGNORECASE)  # of a .tab
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_SIGN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]:,]')


def sniff(path: Path) -> Format:
    """The format of ``path``; raises ImportRefused for what no reader is there for."""
    if path.is_dir():
        if path.suffix.lower() == ".gdb":
            return Format.FILEGDB
        raise refuse("not_a_file", path, "是文件夹；请给出文件", "is a folder; name a file")
    with path.open("rb") as file:
        head = file.read(_HEAD)
    main = SIDECARS.get(path.suffix.lower())
    if main:
        raise refuse(
            "sidecar_file",
            path,
            f"是 {main} 文件的附属文件；请导入同名的 {main} 文件",
            f"belongs to a {main} file; import the {main} file of the same name",
        )
    for magic, found in _MAGIC:
        if head.lower().startswith(magic.lower()):
            if found is Format.MAPINFO and _TABLES.search(head):
                raise elsewhere(path)
            return found
    if head[4:].startswith(b"\x0a\x09OSMHeader"):
        return Format.OSM
    form = _text_format(path, head)
    if form is None:
        raise refuse(
            "format_unknown",
            path,
            f"不是可导入的格式；可用 {_names('、')}",
            f"is no format that can be imported; use {_names(', ')}",
        )
    return form


def elsewhere(path: Path) -> Exception:
    """The refusal of a file that makes its reader open others."""
    return refuse(
        "refers_elsewhere",
        path,
        "指向其他文件、网址或命令，出于安全不打开；请给出数据文件本身",
        "points to other files, addresses or commands and is not opened for safety; send the file"
        " that holds the data itself",
    )


def _names(joint: str) -> str:
    return joint.join(Format)


def _text_format(path: Path, head: bytes) -> Format | None:
    start = _plain(head).lstrip("\ufeff \t\r\n")
    suffix = path.suffix.lower()
    if start.startswith(("<", "{", "[")) and _ELSEWHERE.search(start):
        raise elsewhere(path)
    if start.startswith("<"):
        return _xml_format(path, start)
    if start.startswith(("{", "[")):
        return _json_format(path, start)
    if _DXF.match(start):
        return Format.DXF
    if suffix == ".mif" and re.match(r"version\s+\d+", start, re.IGNORECASE):
        return Format.MAPINFO
    binary = b"\0" in head and not head.startswith(_UTF16)
    if suffix in {".csv", ".tsv", ".txt"} and (binary or suffix != ".txt"):
        return Format.CSV  # what is wrong with it is said when it is read
    return Format.CSV if not binary and is_table(start) else None


def _plain(head: bytes) -> str:
    if head.startswith(_UTF16):
        return head.decode("utf-16", "ignore")
    return head.decode("utf-8", "ignore")


def _xml_format(path: Path, start: str) -> Format | None:
    if re.search(r"<!(DOCTYPE|ENTITY)", start, re.IGNORECASE):
        raise refuse(
            "xml_entities",
            path,
            "含有 DOCTYPE 或实体定义，出于安全不读取；请去掉后重试",
            "declares a DOCTYPE or entities and is not read for safety; remove them",
        )
    if path.suffix.lower() == ".xls":  # as many systems hand out their tables
        raise refuse(
            "format_unknown",
            path,
            "是网页或 XML，不是工作簿；请用 Excel 或 WPS 打开后另存为 .xlsx",
            "is a web page or XML, no workbook; open it in Excel or WPS and save it as .xlsx",
        )
    root = re.search(r"<(?![?!])(?:\w+:)?(\w+)[^>]*>?", _COMMENT.sub("", start))
    name = root.group(1).lower() if root else ""
    if name == "osm":
        return Format.OSM
    if name == "kml":
        return Format.KML
    if "opengis.net/gml" in start and re.search(r"FeatureCollection|featureMember", start):
        return Format.GML
    return None


def _json_format(path: Path, start: str) -> Format | None:
    found = _json_type(path)
    if found in _GEOJSON_TYPES:
        return Format.GEOJSON
    return Format.RECORDS if found is None and records.is_list(start) else None


def _json_type(path: Path) -> str | None:
    """Value of the top-level member ``type`` within the first MiB or the last."""
    with path.open("rb") as file:
        text = file.read(_JSON_HEAD).decode("utf-8", "ignore")
    depth, key, previous = 0, None, ""
    for match in _SIGN.finditer(text):
        sign = match.group()
        if sign in "{[":
            depth += 1
        elif sign in "}]":
            depth -= 1
        elif sign == ":" and depth == 1:
            key = previous
        elif depth == 1 and key == '"type"' and sign.startswith('"') and previous == ":":
            return sign[1:-1]
        previous = sign
    return "FeatureCollection" if '"features"' in text[:_HEAD] and depth > 1 else None


def is_table(text: str) -> bool:
    """Whether most lines have the same number (>= 2) of cells under one delimiter."""
    lines = [line for line in text.splitlines()[:50] if line.strip()]
    if len(lines) < 2:
        return False
    for delimiter in ",\t;|":
        counts = [line.count(delimiter) for line in lines[1:]]
        usual = max(set(counts), key=counts.count)
        if usual >= 1 and counts.count(usual) >= 0.8 * len(counts):
            return True
    return False
