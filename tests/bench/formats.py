"""Peak memory of reading a million rows in each format that has no table of its own.

    python tests/bench/formats.py OUT.json [--rows 1000000]

Every file is written, then read to its end by a process of its own, as an import reads it. Exit
code 1 where one of them needs a GiB.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import xlsxwriter

from data.ingest.read import open_source
from data.ingest.types import Kind, Options
from gis import district

LIMIT_MIB = 1024
WUHUA = Path(__file__).resolve().parents[2] / "data" / "reference" / "wuhua.toml"
KML = (
    '<Placemark><name>J{0}</name><ExtendedData><Data name="编号"><value>J{0}</value></Data>'
    '<Data name="发生时间"><value>2026-08-18 08:30</value></Data><Data name="类别"><value>盗窃'
    "</value></Data></ExtendedData><Point><coordinates>{1},{2}</coordinates></Point></Placemark>\n"
)
OSM = (
    '<node id="{0}" lon="{1}" lat="{2}"><tag k="man_made" v="surveillance"/>'
    '<tag k="name" v="点位{0}"/></node>\n'
)
DXF = "0\nPOINT\n5\n{0:X}\n8\n点位\n10\n{1}\n20\n{2}\n"
GEOJSON = (
    '{{"type":"Feature","properties":{{"编号":"J{0}","发生时间":"2026-08-18 08:30","类别":"盗窃"}},'
    '"geometry":{{"type":"Point","coordinates":[{1},{2}]}}}}'
)
Place = tuple[int, float, float]


def _places(rows: int) -> Iterator[Place]:
    rng = np.random.default_rng(1)
    for start in range(0, rows, 50_000):
        count = min(50_000, rows - start)
        for at, (lon, lat) in enumerate(rng.uniform((102.66, 25.0), (102.76, 25.1), (count, 2))):
            yield start + at + 256, round(lon, 7), round(lat, 7)


def _text(head: str, row: str, tail: str, joint: str = "") -> Callable[[Path, int], None]:
    def write(path: Path, rows: int) -> None:
        with path.open("w", encoding="utf-8") as file:
            file.write(head)
            for number, place in enumerate(_places(rows)):
                file.write((joint if number else "") + row.format(*place))
            file.write(tail)

    return write


def _xlsx(path: Path, rows: int) -> None:
    with xlsxwriter.Workbook(str(path), {"constant_memory": True}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["编号", "发生时间", "类别", "经度", "纬度"])
        for line, (key, lon, lat) in enumerate(_places(rows), start=1):
            sheet.write_row(line, 0, [f"J{key}", "2026-08-18 08:30", "盗窃", lon, lat])


FILES: dict[str, tuple[Kind, Callable[[Path, int], None]]] = {
    "a.kml": (Kind.INCIDENTS, _text(
        '<kml xmlns="http://www.opengis.net/kml/2.2"><Document><name>a</name>', KML,
        "</Document></kml>")),
    "a.osm": (Kind.CAMERAS, _text('<osm version="0.6">', OSM, "</osm>")),
    "a.dxf": (Kind.CAMERAS, _text("0\nSECTION\n2\nENTITIES\n", DXF, "0\nENDSEC\n0\nEOF\n")),
    "a.geojson": (Kind.INCIDENTS, _text(
        '{"type":"FeatureCollection","features":[', GEOJSON, "]}", ",\n")),
    "a.xlsx": (Kind.INCIDENTS, _xlsx),
}  # fmt: skip


def _read(path: Path) -> None:
    """Read the file to its end and print what that took."""
    begun = time.perf_counter()
    options = Options(frame=None if path.suffix == ".osm" else "wgs84")
    source = open_source(path, FILES[path.name][0], options, district.load(WUHUA))
    rows = sum(len(chunk.rows) for chunk in source.chunks)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    took = round(time.perf_counter() - begun, 1)
    sys.stdout.write(json.dumps({"rows": rows, "wall_s": took, "peak_mib": round(peak)}))


def main() -> int:
    """Measure every format; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--read", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.read:
        _read(asked.out)
        return 0
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, (_, write) in FILES.items():
            path = Path(folder, name)
            write(path, asked.rows)
            child = [sys.executable, __file__, str(path), "--read"]
            found[name] = json.loads(subprocess.run(child, check=True, capture_output=True).stdout)
            found[name]["mib"] = round(path.stat().st_size / 2**20)
            sys.stdout.write(f"{name:10} {found[name]}\n")
            path.unlink()
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    asked.out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    return int(any(one["peak_mib"] >= LIMIT_MIB for one in found.values()))


if __name__ == "__main__":
    sys.exit(main())
