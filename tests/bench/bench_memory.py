"""Peak memory of the commands at this size: imports, runs, maps, exports, a plan, a backup."""

import sys
import tempfile
from pathlib import Path
from typing import Any

from city import City
from measure import run_command

from data.export.model import Format
from data.export.register import RegisterForm
from data.export.service import suffix
from gis.layers.model import REGISTRY

LIMIT_MIB = 2048
IMPORT_LIMIT_MIB = 1024
_INTERNAL = ["--internal", "--purpose", "bench"]
_WUHUA = "530102"  # a plan reaches up to one district; every demo has this one


def measure(city: City) -> dict[str, Any]:
    """The peak of each command; server processes apart, beside their shared buffers."""
    peaks = {}
    with tempfile.TemporaryDirectory() as folder, city.runs_forgotten():
        for arguments in _commands(Path(folder)):
            cost = run_command(arguments, environment=city.environment, postmaster=city.postmaster)
            words = " ".join(word for word in arguments if not word.startswith(("-", folder)))
            peaks[words] = _peaks(cost)
            sys.stderr.write(f"  {words}: {peaks[words]}\n")
    return _highest(peaks, LIMIT_MIB)


def imports(city: City) -> dict[str, Any]:
    """The same of the imports that filled the city, whenever that was."""
    peaks = {f"import {one['kind']} {one['file']}": _peaks(one) for one in city.imports}
    return _highest(peaks, IMPORT_LIMIT_MIB)


def _highest(peaks: dict[str, dict[str, Any]], limit_mib: int) -> dict[str, Any]:
    return {
        "client_peak_mib": max(peak["client_peak_mib"] for peak in peaks.values()),
        "backend_peak_mib": max(peak["backend_peak_mib"] for peak in peaks.values()),
        "limit_mib": limit_mib,
        "commands": peaks,
    }


def _peaks(cost: dict[str, Any]) -> dict[str, Any]:
    return {name: cost[name] for name in ("client_peak_mib", "backend_peak_mib", "wall_s")}


def _commands(folder: Path) -> list[list[str]]:
    exports = [
        ["export", layer.name, "--format", form.value, *_INTERNAL, "--out",
         str(folder / f"{layer.name}{suffix(form)}")]
        for layer in REGISTRY
        for form in (Format if layer.name == "risk" else (Format.GPKG, Format.XLSX))
    ]  # fmt: skip
    combined = ["export", "combined", "--format", "gpkg", *_INTERNAL, "--out"]
    registers = [
        ["video", "register", "--format", form, "--purpose", "bench", "--out",
         str(folder / f"register.{form}")]
        for form in RegisterForm
    ]  # fmt: skip
    return [
        ["run", "all"],
        ["map", "all", "--internal", "--out", str(folder / "maps")],
        *exports,
        [*combined, str(folder / "combined.gpkg")],
        *registers,
        ["video", "plan", "--area", _WUHUA, "--budget", "50"],
        ["counts"],
        ["backup", str(folder / "store.dump")],
    ]
