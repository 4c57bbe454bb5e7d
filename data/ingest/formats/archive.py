"""Files and archives that may be hostile: what is refused unopened, and how a ZIP is unpacked."""

import errno
import lzma
import os
import re
import shutil
import stat
import tempfile
import weakref
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from data.ingest.formats.sniff import SIDECARS, Format, sniff
from data.ingest.refusal import refuse
from data.ingest.types import Options
from gis.errors import ImportRefused
from gis.privacy import hidden

MAX_UNPACKED_BYTES = 8 << 30
MAX_RATIO = 300  # text of coordinates packs 10-30 times; bombs pack thousands
_FREE_BYTES = 64 << 20  # below this size no ratio is suspicious
MAX_MEMBERS = 10_000
_MAC = "__MACOSX"  # a Mac packs a shadow of every file there
_COPY_BYTES = 1 << 20
_OPENED = frozenset(SIDECARS) | {".gml", ".xml", ".aux"}  # what GDAL opens beside a file
_DAMAGED = (zipfile.BadZipFile, EOFError, NotImplementedError, zlib.error, lzma.LZMAError)
FULL = {errno.ENOSPC, errno.EDQUOT}  # the disk's fault and not the file's
_SUFFIXES = {
    Format.GEOJSON: (".geojson", ".json"),
    Format.KML: (".kml",),
    Format.GML: (".gml", ".xml"),
    Format.GEOPACKAGE: (".gpkg",),
    Format.FLATGEOBUF: (".fgb",),
    Format.DXF: (".dxf",),
}


class Scratch:
    """A private folder that is removed when nobody refers to it any more."""

    def __init__(self) -> None:
        self.path = Path(tempfile.mkdtemp(prefix="wangge-import-"))
        weakref.finalize(self, shutil.rmtree, self.path, ignore_errors=True)


def guard(path: Path) -> None:
    """Refuse what is no plain, non-empty file (a .gdb folder is one), before anything opens it."""
    denied = refuse("file_unreadable", path, "没有读取权限", "may not be read by this account")
    try:
        link, there = path.is_symlink(), path.exists()
    except PermissionError as exc:
        raise denied from exc
    if link:
        raise refuse(
            "not_a_file",
            path,
            "是符号链接；请给出文件本身",
            "is a symbolic link; name the file itself",
        )
    if not there:
        raise refuse("file_missing", path, "文件不存在", "does not exist")
    if not os.access(path, os.R_OK):
        raise denied
    if not path.is_file() and not path.is_dir():
        raise refuse("not_a_file", path, "不是普通文件", "is no regular file")
    _guard_parts(path)
    if path.is_file() and path.stat().st_size == 0:
        raise refuse("file_empty", path, "文件为空", "is empty")


def _guard_parts(path: Path) -> None:
    """Refuse links, pipes and devices among the files that are opened with ``path``."""
    if path.is_dir():
        parts = [*path.rglob("*")] if path.suffix.lower() == ".gdb" else []
    else:
        parts = [other for other in path.parent.iterdir() if _belongs(other, path)]
    for part in parts:
        if part.is_symlink() or not (part.is_file() or part.is_dir()):
            raise refuse(
                "not_a_file",
                path,
                f"附属的 {hidden(part.name)} 不是普通文件",
                f"comes with {hidden(part.name)}, which is no regular file",
            )


def _belongs(other: Path, path: Path) -> bool:
    same = other.stem == path.stem or other.name.startswith(f"{path.name}.")
    return same and other != path and (other.suffix.lower() in _OPENED or other.stem == path.name)


def unpack(path: Path, options: Options) -> tuple[Format, Path, Options, Scratch | None]:
    """What a ZIP holds: a workbook as it is, or one data set unpacked to a private folder.

    The data set is there as long as the returned Scratch is referred to.
    """
    members = _members(path)
    if any(member.filename.startswith("xl/") for member in members):
        return Format.EXCEL, path, options, None
    scratch = Scratch()
    _extract(path, members, scratch.path)
    listed = {str(found.relative_to(scratch.path)): found for found in _data_sets(scratch.path)}
    if not listed:
        raise refuse(
            "format_unknown", path, "压缩包里没有可导入的文件", "holds no file that can be imported"
        )
    if len(listed) == 1:
        chosen = next(iter(listed.values()))
    elif options.layer in listed:
        chosen, options = listed[options.layer], replace(options, layer=None)
    else:
        zh, en = "、".join(listed), ", ".join(listed)
        raise refuse(
            "layer_required",
            path,
            f"压缩包里有多个文件，请用 --layer 指明：{zh}",
            f"holds several files, name one with --layer: {en}",
        )
    return sniff(chosen), chosen, options, scratch


def rightly_named(path: Path, form: Format) -> tuple[Path, Scratch | None]:
    """The file under an extension that says what it is; a link where it has another."""
    suffixes = _SUFFIXES.get(form)
    if form is Format.EXCEL:  # its reader goes by the name, and reads more kinds than are guarded
        suffixes = (".xlsx", ".xlsm") if zipfile.is_zipfile(path) else (".xls",)
    if suffixes is None or path.suffix.lower() in suffixes:
        return path, None
    scratch = Scratch()
    link = scratch.path / f"{path.stem}{suffixes[0]}"
    link.symlink_to(path.resolve())
    return link, scratch


def _members(path: Path) -> list[zipfile.ZipInfo]:
    """The entries of the archive, all of them harmless by name, type and size."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError) as exc:
        raise refuse(
            "file_broken", path, "压缩包损坏或不完整", "is a broken or truncated ZIP"
        ) from exc
    total = sum(m.file_size for m in members)
    packed = path.stat().st_size
    if (
        len(members) > MAX_MEMBERS
        or total > MAX_UNPACKED_BYTES
        or (total > _FREE_BYTES and total > MAX_RATIO * packed)
    ):
        raise refuse(
            "zip_bomb",
            path,
            "压缩包解开后过大，不予读取",
            "unpacks to more than is accepted, and was not read",
        )
    for member in members:
        parts = PurePosixPath(member.filename.replace("\\", "/"))
        drive = re.match(r"[A-Za-z]:", member.filename) is not None
        linked = stat.S_ISLNK(member.external_attr >> 16)
        if parts.is_absolute() or ".." in parts.parts or linked or drive:
            raise refuse(
                "zip_unsafe",
                path,
                "压缩包含有越出目录的路径或链接，不予读取",
                "holds a path that leads outside, or a link, and was not read",
            )
        if member.flag_bits & 1:
            raise refuse(
                "zip_encrypted",
                path,
                "压缩包已加密；请解密后重试",
                "is encrypted; decrypt it first",
            )
    return members


def _extract(path: Path, members: Sequence[zipfile.ZipInfo], root: Path) -> None:
    left = MAX_UNPACKED_BYTES
    try:
        with zipfile.ZipFile(path) as archive:
            for member in members:
                if member.is_dir():
                    continue
                target = root / PurePosixPath(_name(member).replace("\\", "/"))
                target.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(member) as source, target.open("wb") as sink:
                    while block := source.read(_COPY_BYTES):
                        left -= len(block)
                        if left < 0:
                            raise refuse(
                                "zip_bomb",
                                path,
                                "压缩包解开后过大，不予读取",
                                "unpacks to more than is accepted, and was not read",
                            )
                        sink.write(block)
    except (*_DAMAGED, OSError) as exc:
        if getattr(exc, "errno", None) in FULL:
            raise
        raise refuse(
            "file_broken", path, "压缩包损坏或不完整", "is a broken or truncated ZIP"
        ) from exc


def _name(member: zipfile.ZipInfo) -> str:
    """A member's name; without the UTF-8 mark it is GBK, which zipfile takes for CP437."""
    if member.flag_bits & 0x800:
        return member.filename
    try:
        raw = member.filename.encode("cp437")
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError:
            return raw.decode("gb18030")
    except (UnicodeEncodeError, UnicodeDecodeError):
        return member.filename


def _data_sets(root: Path) -> list[Path]:
    """What can be imported, sidecar files and the inside of a .gdb left out."""
    found = [p for p in root.rglob("*") if _MAC not in p.parts]
    geodatabases = [p for p in found if p.is_dir() and p.suffix.lower() == ".gdb"]
    tables = [p.parent for p in found if p.suffix.lower() == ".gdbtable"]
    if geodatabases or tables:
        return sorted(map(_as_gdb, set(geodatabases or tables)))
    files = sorted(p for p in found if p.is_file() and not p.name.startswith((".", "~")))
    plain = [p for p in files if p.suffix.lower() not in SIDECARS]
    return [p for p in plain if _readable(p)]


def _as_gdb(folder: Path) -> Path:
    """A geodatabase's folder; tables that were packed without theirs get one."""
    if folder.suffix.lower() == ".gdb":
        return folder
    named = folder / "data.gdb"
    named.mkdir()
    for part in [part for part in folder.iterdir() if part.is_file()]:
        part.rename(named / part.name)
    return named


def _readable(path: Path) -> bool:
    try:
        return sniff(path) is not Format.ZIP
    except ImportRefused:
        return False
