"""Files whose text GDAL would take for another encoding than it is: a copy that says what it is."""

import codecs
import re
import shutil
from pathlib import Path

from data.ingest import encodings
from data.ingest.formats import attributes
from data.ingest.formats.archive import Scratch
from data.ingest.formats.sniff import Format, elsewhere, sniff

_HEAD_BYTES = 4096
_XML = re.compile(rb"(<\?xml[^>]*?encoding\s*=\s*)([\"'])([\w.:-]+)\2")
# In the first lines of a .mif and of a .tab; Latin is the writers' default, whatever the text is.
_CHARSET = re.compile(rb"(charset\s+\"?)(\w[\w-]*)", re.IGNORECASE)
_UNTRUE = {b"windowslatin1", b"isolatin1", b"neutral", b""}
_CHINESE = b"windowssimpchinese"
# Neutral text is left alone by GDAL: see `mapinfo`.
_CHARSETS = {"gb18030": b"Neutral", "big5": b"WindowsTradChinese", "utf-8": b"UTF-8"}
_PAIRED = {"gb18030", "big5"}  # whose second bytes may be those of letters and marks
_MARK = re.compile(rb"(delimiter\s+\")(.)(\")", re.IGNORECASE)
# Hanzi of four bytes and of two, and what stands between cells, with the quoted one behind it.
_CELLS = re.compile(
    rb"[\x81-\xfe][0-9][\x81-\xfe][0-9]|[\x81-\xfe][\x40-\x7e\x80-\xfe]"
    rb'|\t|(^|[\r\n|])("(?:[^"\r\n]|"")*")?'
)
_INCLUDED = re.compile(rb"<\s*[^\s<>]*include", re.IGNORECASE)  # GDAL asks for it; not for imports
_TEXT = {".mif": ".mid", ".tab": ".dat"}  # where the attributes of a MapInfo file stand


def recoded(path: Path, form: Format, declared: str | None) -> tuple[Path, str | None, object]:
    """The file to open, the encoding that it is or was in, and what keeps a copy alive.

    GML and GeoJSON in GB18030 are copied to UTF-8: GDAL reads no other Chinese encoding there.
    A MapInfo file that calls itself Latin, Chinese or nothing gets the label of its text in a copy.
    The copy is there as long as the last value is referred to.

    Raises ImportRefused ``encoding_wrong`` and ``encoding_unknown`` as `encodings` does, and
    ``refers_elsewhere`` for a schema beside a GML that includes another.
    """
    if form is Format.GEOJSON:
        return _as_utf8(path, encodings.of_text(path, declared), declared)
    if form is Format.GML:
        known = _as_utf8(path, _of_xml(path, declared), declared)
        return known if known[2] else _apart(path, declared)
    if form is Format.MAPINFO and path.suffix.lower() in _TEXT:
        return _labelled(path, declared)
    return path, declared, None


def _apart(path: Path, declared: str | None) -> tuple[Path, str | None, object]:
    """The file by a link of ours: GDAL writes down what it learns of a GML beside it."""
    scratch = Scratch()
    for part in path.parent.glob("*"):
        if part.stem == path.stem and part.suffix.lower() in {".xsd", ".gfs"}:
            if part.suffix.lower() == ".xsd" and _INCLUDED.search(part.read_bytes()):
                raise elsewhere(part)
            shutil.copyfile(part, scratch.path / part.name)
    (scratch.path / path.name).symlink_to(path.resolve())
    return scratch.path / path.name, declared, scratch


def _of_xml(path: Path, declared: str | None) -> str:
    """Codec of an XML file: declared, by its own first line, or detected."""
    with path.open("rb") as file:
        stated = _XML.search(file.read(_HEAD_BYTES))
    return encodings.of_text(path, declared or (stated and stated[3].decode("ascii")) or None)


def _as_utf8(path: Path, codec: str, declared: str | None) -> tuple[Path, str | None, object]:
    if codec.removesuffix("-sig") == "utf-8":
        return path, declared, None
    scratch = Scratch()
    copy = scratch.path / path.name
    decoder = codecs.getincrementaldecoder(codec)("strict")
    with copy.open("wb") as file:
        for number, block in enumerate(encodings.blocks(path)):
            text = decoder.decode(block).encode()
            file.write(text if number else _XML.sub(rb"\1\2UTF-8\2", text, count=1))
        file.write(decoder.decode(b"", final=True).encode())
    sniff(copy)  # decoded it may point elsewhere
    return copy, codec, scratch


def _labelled(path: Path, declared: str | None) -> tuple[Path, str | None, object]:
    with path.open("rb") as file:
        found = _CHARSET.search(file.read(_HEAD_BYTES))
    stated = found[2] if found else b""
    parts = {part.suffix.lower(): part for part in path.parent.glob("*") if part.stem == path.stem}
    text = parts.get(_TEXT[path.suffix.lower()])
    chinese = stated.lower() == _CHINESE
    if text is None or not (declared or chinese or stated.lower() in _UNTRUE):
        return path, declared, None
    codec = attributes.of_attributes(text, declared, chinese=chinese)
    label = _CHARSETS.get(codec, stated)
    apart = codec in _PAIRED and _mark_is_a_letter(path)
    if not apart and (label == stated or not stated):  # without one GDAL leaves the text alone
        return path, codec, None
    scratch = Scratch()
    for part in parts.values():
        copy = scratch.path / part.name
        if part == path:
            with path.open("rb") as file, copy.open("wb") as written:
                head = _CHARSET.sub(rb"\1" + label, file.read(_HEAD_BYTES))
                written.write(_MARK.sub(rb"\1\t\3", head) if apart else head)
                shutil.copyfileobj(file, written)
        elif apart and part == text:
            with part.open("rb") as file, copy.open("wb") as written:
                written.writelines(_CELLS.sub(_tabbed, line) for line in file)
        else:
            copy.symlink_to(part.resolve())
    return scratch.path / path.name, codec, scratch


def _mark_is_a_letter(path: Path) -> bool:
    """Whether cells are divided by what can be the second byte of a hanzi: GDAL divides bytes."""
    with path.open("rb") as file:
        found = _MARK.search(file.read(_HEAD_BYTES))
    return found is not None and found[2] == b"|"


def _tabbed(cell: re.Match[bytes]) -> bytes:
    if cell[1] == b"|":
        return b"\t" + (cell[2] or b"")
    return b" " if cell[0] == b"\t" else cell[0]
