"""Knows what an earlier ``wangge demo`` left complete, so that a second one does only the rest."""

import hashlib
import json
from collections.abc import Iterable
from datetime import date
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from api.house import REFERENCE
from api.version import VERSION
from data.demo.build import DemoFile, DemoFiles
from data.demo.sizes import Size
from data.ingest.types import Kind
from gis.files import sha256

_STAMP = ".complete.json"
_PACKAGES = ("gis", "data", "maps", "api")


def write(folder: Path, made_from: dict[str, Any], paths: Iterable[Path]) -> None:
    """Note that ``paths`` in ``folder`` are complete, with the digest of each."""
    stamp = {**_origin(made_from), "files": {path.name: sha256(path) for path in paths}}
    (folder / _STAMP).write_text(json.dumps(stamp, ensure_ascii=False, indent=1), encoding="utf-8")


def holds(folder: Path, made_from: dict[str, Any]) -> bool:
    """Whether ``folder`` is complete, made from the same by the same code, and unchanged since."""
    try:
        stamp = json.loads((folder / _STAMP).read_text(encoding="utf-8"))
        noted = stamp.pop("files")
        same: bool = stamp == _origin(made_from)
        return same and all(sha256(folder / name) == digest for name, digest in noted.items())
    except (OSError, ValueError, KeyError, AttributeError):
        return False


def clear(folder: Path) -> None:
    """From now on ``folder`` is not complete."""
    (folder / _STAMP).unlink(missing_ok=True)


def write_demo(made: DemoFiles, *, size: Size, seed: int) -> None:
    """Note that the demo's files are complete."""
    folder = made.truth.parent
    listed = {
        "size": size, "seed": seed, "as_of": made.as_of.isoformat(),
        "district_code": made.district_code, "district_file": made.district_file.name,
        "imports": [(one.kind.value, one.path.name, one.frame) for one in made.files],
    }  # fmt: skip
    (folder / "files.json").write_text(json.dumps(listed, ensure_ascii=False), encoding="utf-8")
    paths = [folder / "files.json", made.truth, *(one.path for one in made.files)]
    write(folder, {"size": size, "seed": seed}, paths)


def read_demo(folder: Path, *, size: Size, seed: int) -> DemoFiles | None:
    """The demo's files of an earlier run; None where they are not complete or not the same."""
    if not holds(folder, {"size": size, "seed": seed}):
        return None
    listed = json.loads((folder / "files.json").read_text(encoding="utf-8"))
    return DemoFiles(
        files=tuple(
            DemoFile(Kind(kind), folder / name, frame) for kind, name, frame in listed["imports"]
        ),
        as_of=date.fromisoformat(listed["as_of"]),
        truth=folder / "truth.json",
        district_code=listed["district_code"],
        district_file=REFERENCE / listed["district_file"],
    )


def _origin(made_from: dict[str, Any]) -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(json.dumps({"code": _code(), "from": made_from}))
    return plain


@cache
def _code() -> str:
    """Version and digest of this installation's own files: other code may draw otherwise."""
    total = hashlib.sha256(VERSION.encode())
    for package in _PACKAGES:
        root = Path(str(files(package)))
        for path in sorted(root.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                total.update(path.read_bytes())
    return total.hexdigest()
