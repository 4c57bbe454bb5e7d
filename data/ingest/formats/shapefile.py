"""What is peculiar to a Shapefile: it is several files, and its table has ten bytes for a name."""

import shutil
from pathlib import Path

from data.ingest.formats import attributes
from data.ingest.formats.archive import Scratch
from data.ingest.formats.vector import unreadable
from data.ingest.refusal import refuse

_DESCRIBED = 32  # bytes of a .dbf's head, and of each field's description
_NAME = 11  # of them the name, filled up with zeros
_END = 0x0D
_SHX_HEAD, _SHX_ENTRY = 100, 8  # bytes


def complete(path: Path, encoding: str | None) -> tuple[Path, Scratch | None]:
    """The file, or a copy of it whose field names end with a whole character.

    Writers cut a Chinese name after ten bytes, wherever that is, and GDAL hands it on so. The copy
    is there as long as the Scratch is referred to.

    Raises ImportRefused ``part_missing`` where the index or the table did not come along,
    ``parts_unequal`` where the table has other rows than the index: GDAL would leave rows out, or
    give a row the place of another, without a word.
    """
    parts = {p.suffix.lower(): p for p in path.parent.glob("*") if p.stem == path.stem}
    _check(path, [ending for ending in (".shx", ".dbf") if ending not in parts])
    head = _head(parts[".dbf"])
    _check_rows(path, parts[".shx"], parts[".dbf"], head)
    whole = _whole_names(head, attributes.of_dbf(path, encoding))
    if whole == head:
        return path, None
    scratch = Scratch()
    for ending, part in parts.items():
        copy = scratch.path / f"{path.stem}{ending}"
        if ending == ".dbf":
            shutil.copyfile(part, copy)
            with copy.open("r+b") as file:
                file.write(whole)
        else:
            copy.symlink_to(part.resolve())
    return scratch.path / f"{path.stem}.shp", scratch


def _check(path: Path, missing: list[str]) -> None:
    if missing:
        zh, en = "、".join(missing), ", ".join(missing)
        raise refuse(
            "part_missing",
            path,
            f"缺少同名的 {zh} 文件；请把 .shp、.shx、.dbf、.prj 一并放在一处或打包为 zip",
            f"lacks its {en}; put .shp, .shx, .dbf and .prj side by side, or into one zip",
        )


def _check_rows(path: Path, shx: Path, dbf: Path, head: bytes) -> None:
    shapes = max(shx.stat().st_size - _SHX_HEAD, 0) // _SHX_ENTRY
    rows, width = int.from_bytes(head[4:8], "little"), int.from_bytes(head[10:12], "little")
    stated = int.from_bytes(head[8:10], "little") + rows * width
    if dbf.stat().st_size < stated:
        raise unreadable(path, EOFError(f"the .dbf has {dbf.stat().st_size} of {stated} bytes"))
    if rows != shapes:
        raise refuse(
            "parts_unequal",
            path,
            f"图形有 {shapes} 个，属性表（.dbf）有 {rows} 行，对不上；请在 GIS 软件中重新导出，"
            "不要单独改动 .dbf",
            f"has {shapes} shapes and a .dbf of {rows} rows; export it again from the GIS, and do"
            " not change the .dbf alone",
        )


def _head(dbf: Path) -> bytes:
    with dbf.open("rb") as file:
        head = file.read(_DESCRIBED)
        return head + file.read(max(int.from_bytes(head[8:10], "little") - _DESCRIBED, 0))


def _whole_names(head: bytes, codec: str) -> bytes:
    mended = bytearray(head)
    for at in range(_DESCRIBED, len(head) - _NAME, _DESCRIBED):
        if head[at] == _END:
            break
        name = head[at : at + _NAME].split(b"\0")[0]
        whole = name.decode(codec, "ignore").encode(codec)
        if whole != name:
            mended[at : at + _NAME] = whole.ljust(_NAME, b"\0")
    return bytes(mended)
