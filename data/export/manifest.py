"""The signed list that goes with every exported file: digest, rows, what was asked, which rules."""

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from gis.errors import BadInput

_ENDING = ".manifest.json"


def beside(file: Path) -> Path:
    """Where the manifest of ``file`` lies."""
    return file.with_name(f"{file.name}{_ENDING}")


def sha256(file: Path) -> str:
    """The digest of a file's bytes."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def write(
    file: Path, said: Mapping[str, Any], signed: Callable[[dict[str, Any]], dict[str, Any]]
) -> Path:
    """Write the manifest of ``file``, readable by those who may read the file."""
    document = {"file": file.name, "bytes": file.stat().st_size, "sha256": sha256(file), **said}
    out = beside(file)
    part = out.with_name(f".{out.name}.part")
    part.write_text(json.dumps(signed(document), ensure_ascii=False, indent=1) + "\n", "utf-8")
    part.chmod(file.stat().st_mode & 0o777)
    os.replace(part, out)
    return out


def check(file: Path, holds: Callable[[Mapping[str, Any]], bool]) -> dict[str, Any]:
    """The manifest of ``file`` if it is signed and the file is the one it names; else BadInput."""
    try:
        manifest = json.loads(beside(file).read_text("utf-8"))
        found = sha256(file)
    except (OSError, ValueError) as exc:
        raise BadInput(f"{file}: file and manifest cannot be read ({exc})") from exc
    if not isinstance(manifest, dict) or not holds(manifest):
        raise BadInput(f"{beside(file)}: was not signed by this installation, or was changed")
    if (manifest["file"], manifest["sha256"]) != (file.name, found):
        raise BadInput(f"{file}: is not the file that the manifest names, or was changed")
    return manifest
