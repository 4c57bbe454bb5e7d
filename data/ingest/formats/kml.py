"""KML, read placemark by placemark: attributes under their own names, shapes by GDAL in pieces.

GDAL alone holds the whole document and turns the letters of a Chinese attribute's name into
underscores, so that two names of equal length become one.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from xml.parsers import expat
from xml.sax.saxutils import escape

import numpy as np
import pyarrow as pa
import pyogrio
from pyproj import CRS

from data.ingest import encodings
from data.ingest.formats.layer import BATCH_ROWS, Batch, Layer
from data.ingest.formats.vector import unreadable
from data.ingest.refusal import refuse

_BLOCK = 1 << 20  # characters that are parsed in one go
_DEEPEST = 200  # folders in folders
_HEAD = (
    '<kml xmlns="http://www.opengis.net/kml/2.2" xmlns:gx="http://www.google.com/kml/ext/2.2">'
    "<Document>"
)
_TAIL = "</Document></kml>"
_FOLDERS = {"Document", "Folder"}
_SHAPES = {  # element → what GDAL is given for it
    "Point": "Point",
    "LineString": "LineString",
    "LinearRing": "LineString",  # alone it is a closed line; GDAL's WKB of it cannot be read
    "Polygon": "Polygon",
    "MultiGeometry": "MultiGeometry",
    "gx:Track": "gx:Track",
    "gx:MultiTrack": "gx:MultiTrack",
}
_COLUMNS = {  # element of a placemark → column, named as GDAL does
    "name": "Name",
    "description": "description",
    "when": "timestamp",
    "begin": "begin",
    "end": "end",
}
_HOLDERS = {"Placemark", "TimeStamp", "TimeSpan"}
_OWN = {column.casefold(): column for column in _COLUMNS.values()}


@dataclass(eq=False)
class Folder:
    """A Document or Folder with placemarks of its own: what GDAL calls a layer.

    ``place`` counts such folders from 0 as they are met; ``columns`` are the names of its values.
    """

    name: str = ""
    above: "Folder | None" = None
    place: int = -1
    rows: int = 0
    columns: dict[str, None] = field(default_factory=dict)

    @property
    def path(self) -> str:
        """Its name below those of the folders that it stands in."""
        names, at = [self.name], self.above
        while at:
            names.append(at.name)
            at = at.above
        return "/".join(name for name in reversed(names) if name)


@dataclass
class _Placemark:
    folder: Folder
    values: dict[str, str] = field(default_factory=dict)
    shape: list[str] = field(default_factory=list)


class _Parser:
    """Follows a document and hands every finished placemark to ``take``."""

    def __init__(self, path: Path, take: Callable[[_Placemark], None]) -> None:
        self.file, self.take = path, take
        self.folders: list[Folder] = []
        self.within: list[Folder] = [Folder()]
        self.path: list[str] = []
        self.mark: _Placemark | None = None
        self.shaping = 0  # depth within a shape
        self.datum: str | None = None
        self.text: list[str] = []
        self.expat = expat.ParserCreate()
        self.expat.buffer_text = True
        self.expat.StartElementHandler = self._start
        self.expat.EndElementHandler = self._end
        self.expat.CharacterDataHandler = self.text.append
        self.expat.StartDoctypeDeclHandler = self._doctype

    def feed(self, text: str, *, last: bool = False) -> None:
        self.expat.Parse(text, last)

    def _doctype(self, *_: object) -> None:
        raise refuse(
            "xml_entities",
            self.file,
            "含有 DOCTYPE 或实体定义，出于安全不读取；请去掉后重试",
            "declares a DOCTYPE or entities and is not read for safety; remove them",
        )

    def _start(self, tag: str, given: dict[str, str]) -> None:
        name = tag if tag.startswith("gx:") else tag.rpartition(":")[2]
        self.text.clear()
        if self.shaping:
            self.shaping += 1
            self._shape(f"<{name}>")
        elif self.mark is None:
            self._open(name)
        elif name in {"Data", "SimpleData"}:
            self.datum = given.get("name")
        elif name in _SHAPES and self.path[-1] == "Placemark":
            self.shaping = 1
            self._shape(f"<{_SHAPES[name]}>")
        self.path.append(name)

    def _open(self, name: str) -> None:
        if len(self.within) > _DEEPEST:
            raise refuse("file_broken", self.file, "文件夹嵌套过深", "nests its folders too deep")
        if name in _FOLDERS:
            self.within.append(Folder(above=self.within[-1]))
        elif name == "Placemark":
            self.mark = _Placemark(self.within[-1])

    def _end(self, _tag: str) -> None:
        name = self.path.pop()
        if self.shaping:
            self.shaping -= 1
            self._shape(f"{escape(''.join(self.text))}</{name if self.shaping else _SHAPES[name]}>")
        elif self.mark is not None:
            self._value(name, "".join(self.text).strip())
        elif name == "name" and self.path and self.path[-1] in _FOLDERS:
            self.within[-1].name = "".join(self.text).strip()
        elif name in _FOLDERS:
            self.within.pop()
        self.text.clear()
        if name == "Placemark" and self.mark is not None:
            self._finish(self.mark)

    def _shape(self, text: str) -> None:
        assert self.mark is not None
        self.mark.shape.append(text)

    def _value(self, name: str, text: str) -> None:
        assert self.mark is not None
        column = _COLUMNS.get(name) if self.path[-1] in _HOLDERS else None
        if self.datum is not None and name in {"value", "SimpleData"}:
            column = _OWN.get(self.datum.casefold(), self.datum)
        elif column in self.mark.values:
            return  # an attribute of that name goes before the element
        if column is not None and text:
            self.mark.values[column] = text
        if name in {"Data", "SimpleData"}:
            self.datum = None

    def _finish(self, mark: _Placemark) -> None:
        folder = mark.folder
        if not folder.rows:
            folder.place = len(self.folders)
            self.folders.append(folder)
        folder.rows += 1
        folder.columns.update(dict.fromkeys(mark.values))
        self.mark = None
        self.take(mark)


def folders(path: Path, encoding: str | None) -> tuple[str, dict[str, Folder]]:
    """The codec, and the folders that hold placemarks by distinct names; reads the whole file."""
    codec = encodings.of_text(path, encoding)
    parser = _Parser(path, lambda _mark: None)
    for text in _texts(path, codec):
        _fed(parser, text)
    _fed(parser, "", last=True)
    plain = [folder.name for folder in parser.folders]
    named: dict[str, Folder] = {}
    for place, folder in enumerate(parser.folders, start=1):
        name = folder.name if plain.count(folder.name) == 1 else folder.path
        name = name or f"layer {place}"
        named[name if name not in named else f"{name} #{place}"] = folder
    return codec, named


def open_kml(path: Path, codec: str, named: dict[str, Folder], layer: str) -> Layer:
    """One folder of ``named`` as a layer."""
    folder = named[layer]
    return Layer(
        "KML",
        layer,
        tuple(folder.columns),
        lambda wanted: _batches(path, codec, folder.place, wanted),
        has_geometry=True,
        crs=CRS.from_epsg(4326),
        encoding=codec.removesuffix("-sig"),
        rows=folder.rows,
    )


def _texts(path: Path, codec: str) -> Iterator[str]:
    """The text in blocks without its XML declaration: what that says of bytes is no longer true."""
    with path.open(encoding=codec, newline="") as file:
        head = file.read(_BLOCK).lstrip("\ufeff \t\r\n")
        yield head[head.find("?>") + 2 :] if head.startswith("<?xml") else head
        while text := file.read(_BLOCK):
            yield text


def _fed(parser: _Parser, text: str, *, last: bool = False) -> None:
    try:
        parser.feed(text, last=last)
    except expat.ExpatError as exc:
        raise unreadable(parser.file, exc) from exc


def _batches(path: Path, codec: str, place: int, wanted: Sequence[str]) -> Iterator[Batch]:
    waiting: list[_Placemark] = []
    met = 0

    def take(mark: _Placemark) -> None:
        if mark.folder.place == place:
            waiting.append(mark)

    parser = _Parser(path, take)
    for text in _texts(path, codec):
        _fed(parser, text)
        while len(waiting) >= BATCH_ROWS:
            yield _batch(path, waiting[:BATCH_ROWS], met, wanted)
            met += BATCH_ROWS
            del waiting[:BATCH_ROWS]
    if waiting:
        yield _batch(path, waiting, met, wanted)


def _batch(path: Path, marks: Sequence[_Placemark], met: int, wanted: Sequence[str]) -> Batch:
    columns = {name: pa.array([m.values.get(name) for m in marks], pa.string()) for name in wanted}
    numbers = np.arange(met + 1, met + len(marks) + 1, dtype=np.int64)
    return Batch(pa.table(columns), numbers, _wkb(path, marks))


def _wkb(path: Path, marks: Sequence[_Placemark]) -> pa.Array:
    """The placemarks' shapes as GDAL reads them; one without a shape is null."""
    body = "".join(f"<Placemark>{''.join(m.shape)}</Placemark>" for m in marks)
    try:
        wkb = pyogrio.raw.read(f"{_HEAD}{body}{_TAIL}".encode(), columns=[])[2]
    except (pyogrio.errors.DataSourceError, pyogrio.errors.FeatureError) as exc:
        raise unreadable(path, exc) from exc
    if len(wkb) != len(marks):
        raise unreadable(path, EOFError(f"{len(wkb)} of {len(marks)} shapes"))
    return pa.array(wkb, pa.binary())
