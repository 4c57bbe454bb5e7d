"""The signed list that goes with every exported file: digest, rows, what was asked, which rules."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from gis.errors import BadInput
from gis.files import sha256, write_whole

_ENDING = ".manifest.json"


def beside(file: Path) -> Path:
    """Where the manifest of ``file`` lies."""
    return file.with_name(f"{file.name}{_ENDING}")


def write(
    file: Path, said: Mapping[str, Any], signed: Callable[[dict[str, Any]], dict[str, Any]]
) -> Path:
    """Write the manifest of ``file``, readable by those who may read the file."""
    document = {"file": file.name, "bytes": file.stat().st_size, "sha256": sha256(file), **said}
    out = beside(file)
    text = json.dumps(signed(document), ensure_ascii=False, indent=1) + "\n"
    write_whole(out, text, mode=file.stat().st_mode & 0o777)
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
