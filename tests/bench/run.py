"""All benches in one run: ratios with what they were measured on, as one JSON file.

    python tests/bench/run.py OUT.json [--size city] [--cache FOLDER] [--only NAME ...]

The city (files, store, GeoParquet) stays in the cache folder; the first run needs some minutes
more to fill it. Exit code 1 where a limit is missed.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bench_answers
import bench_memory
import bench_preview
import bench_run
import bench_tiles
import bench_view
import bench_what_if
import city
from measure import machine

IMPORT_ROWS = {"small": 20_000, "district": 200_000, "city": 1_000_000}
IMPORT_LIMIT = 2.5
NAMES = ("import", "view", "tiles", "memory", "preview", "what_if", "run", "answers")
# What "view" and "tiles" measure.
VIEWS = ("view_sweep", "view_library", "view_city", "view_cores", "view_memory")
TILES = ("tiles_tipg", "tiles_sql", "tiles_rights", "items_tipg")
RESULTS = (*NAMES, "import_memory", *VIEWS, *TILES)


def main() -> int:
    """Measure what is asked for; returns the exit code. A failing part loses no other's figures."""
    asked = _arguments()
    result: dict[str, Any] = {"machine": machine(), "size": asked.size}
    try:
        _measure(asked, result)
    finally:
        measured = [name for name in RESULTS if name in result]
        missed = result["missed"] = [name for name in measured if not _met(result[name])]
        asked.out.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps(result, ensure_ascii=False, indent=1)
        asked.out.write_text(text + "\n", encoding="utf-8")
        for name in measured:
            sys.stdout.write(f"{name:12} {_line(result[name])}\n")
    return 1 if missed else 0


def _measure(asked: argparse.Namespace, result: dict[str, Any]) -> None:
    if "import" in asked.only:
        sys.stderr.write("import ...\n")
        result["import"] = _import(IMPORT_ROWS[asked.size])
    if "view" in asked.only:
        sys.stderr.write("view ...\n")
        result |= bench_view.measure(asked.size)
    if "tiles" in asked.only:
        sys.stderr.write("tiles ...\n")
        result |= bench_tiles.measure(asked.cache / "tiles", _tipg(asked.cache / "tipg"))
    if set(asked.only) - {"import", "view", "tiles"}:
        _in_the_city(asked, result)


def _in_the_city(asked: argparse.Namespace, result: dict[str, Any]) -> None:
    """The benches that need the stored city."""
    with city.opened(asked.cache, asked.size) as there:
        result["machine"] |= there.versions()
        for name, measure in _benches(there, result).items():
            if name in asked.only:
                sys.stderr.write(f"{name} ...\n")
                result[name] = measure()
        if "memory" in asked.only:
            result["import_memory"] = bench_memory.imports(there)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--size", default="city", choices=list(IMPORT_ROWS))
    parser.add_argument("--cache", type=Path, default=Path("out/bench"))
    parser.add_argument("--only", nargs="+", default=list(NAMES), choices=NAMES)
    return parser.parse_args()


def _benches(there: city.City, result: dict[str, Any]) -> dict[str, Callable[[], dict[str, Any]]]:
    """In the order in which they run; the answers are set beside the runs of the same file."""

    def runs() -> dict[str, Any]:
        return bench_run.measure(there)

    def answers() -> dict[str, Any]:
        measured = result.get("run") or runs()
        return bench_answers.measure(there, measured["analyses"])

    return {
        "memory": lambda: bench_memory.measure(there),
        "preview": lambda: bench_preview.measure(there),
        "what_if": lambda: bench_what_if.measure(there),
        "run": runs,
        "answers": answers,
    }


def _import(rows: int) -> dict[str, Any]:
    """In a process of its own: its peak memory is one of the figures."""
    command = [sys.executable, str(Path(__file__).with_name("bench_import.py")), str(rows)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return {**json.loads(done.stdout), "limit": IMPORT_LIMIT}


def _tipg(folder: Path) -> Path:
    """The Python of a virtual environment of its own with tipg, made once."""
    python = folder / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        install = [str(python), "-m", "pip", "install", "-q", "tipg", "uvicorn"]
        subprocess.run(install, check=True)
    return python


def _met(of: dict[str, Any]) -> bool:
    """Whether the limit is kept by wall time and by processor time alike."""
    if "limit_mib" in of:
        return bool(of["client_peak_mib"] < of["limit_mib"])
    ratios = (of["ratio"], of["cpu_ratio"])
    if "limit_at_least" in of:
        return bool(min(ratios) >= of["limit_at_least"])
    return bool(max(ratios) <= of["limit"])


def _line(of: dict[str, Any]) -> str:
    if "limit_mib" in of:
        return f"{of['client_peak_mib']} MiB (limit {of['limit_mib']})"
    limit = f">= {of['limit_at_least']:g}" if "limit_at_least" in of else f"<= {of['limit']:g}"
    return f"ratio {of['ratio']:.4g} of wall, {of['cpu_ratio']:.4g} of processor time ({limit})"


if __name__ == "__main__":
    sys.exit(main())
