"""What takes longer than `make test` may: each part in a process of its own, one JSON at the end.

    python tests/soak/run.py out/soak.json [--only city qgis]

The JSON names the commit and the machine; the exit code is 1 where a part failed, and 2 at once
where the real files are not there that the part `slow` reads.
"""

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
REAL = ROOT.parent / "shared" / "realdata"  # docs/real-data.md names its files
PARTS = {  # name: what runs; {out} is a file beside the JSON for a part's own figures
    "slow": [
        "-m",
        "pytest",
        "-q",
        "-n",
        "2",
        "--dist",
        "loadscope",
        "--no-loadscope-reorder",
        "-m",
        "slow",
        "tests",
        "--ignore=tests/bench",
        "--ignore=tests/soak",
    ],
    "city": ["tests/bench/run.py", "{out}", "--cache", "out/bench"],
    "qgis": ["-m", "pytest", "-q", "-rs", "tests/soak/test_qgis.py", "tests/soak/test_qgis_ogc.py"],
    "office": ["-m", "pytest", "-q", "-rs", "tests/soak/test_office.py"],
    "kill": ["tests/soak/kill_matrix.py", "{out}"],
    "upload": ["tests/soak/upload_limit.py", "{out}"],
    "proxy": ["-m", "pytest", "-q", "-rs", "tests/soak/test_proxy.py"],
    "airgap": ["-m", "pytest", "-q", "-rs", "tests/soak/test_airgap.py"],
    "load": ["tests/soak/load.py", "{out}"],
}


def main() -> int:
    """Run what is asked for; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--only", nargs="+", default=list(PARTS), choices=list(PARTS))
    asked = parser.parse_args()
    if "slow" in asked.only and not REAL.is_dir():  # its tests would be skipped, and nobody told
        parser.error(
            f"the part slow reads real files (docs/real-data.md), and {REAL} is not there;"
            f" name the other parts with --only {' '.join(one for one in PARTS if one != 'slow')}"
        )
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    sys.path.insert(0, str(ROOT / "tests" / "bench"))
    from measure import machine

    told = {"machine": machine(), "parts": {name: _run(name, asked.out) for name in asked.only}}
    asked.out.write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return max(part["exit_code"] != 0 for part in told["parts"].values())


def _run(name: str, out: Path) -> dict[str, object]:
    own = out.with_name(f"{out.stem}-{name}.json").absolute()
    command = [sys.executable, *(word.format(out=own) for word in PARTS[name])]
    begun = time.monotonic()
    done = subprocess.run(command, cwd=ROOT, check=False)
    found = {"exit_code": done.returncode, "seconds": round(time.monotonic() - begun, 1)}
    return found | ({"result": json.loads(own.read_text("utf-8"))} if own.exists() else {})


if __name__ == "__main__":
    sys.exit(main())
