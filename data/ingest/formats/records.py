"""JSON lists of records: ``[{…}, …]``, or one object whose list member holds them (a catalogue).

GB/T 28181 platforms hand their catalogue over so, with the fields of 2022 nested under ``Info``.
"""

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from data.ingest import encodings
from data.ingest.formats.layer import BATCH_ROWS, Batch, Layer
from data.ingest.refusal import refuse

_NAMED = re.compile(r'"(?:DeviceList|Items?|records|rows|list|data)"\s*:\s*\[\s*\{')
_HEAD = 4096  # characters within which the list begins
_LARGEST_BYTES = 256 << 20  # read whole; a district's catalogue has 1 KB per point


def is_list(start: str) -> bool:
    """Whether a JSON text begins like a list of records."""
    return re.match(r"\[\s*\{", start) is not None or bool(_NAMED.search(start[:_HEAD]))


def open_records(path: Path, encoding: str | None) -> Layer:
    """The records of a JSON file as a layer; nested objects give their members as columns."""
    if path.stat().st_size > _LARGEST_BYTES:
        raise refuse(
            "file_too_large", path, "JSON 超过 256 MB；请改用 CSV",
            "is JSON of more than 256 MB; use CSV",
        )  # fmt: skip
    codec = encodings.of_text(path, encoding)
    try:
        rows = [_flat(row) for row in _records(json.loads(path.read_text(encoding=codec)))]
    except (ValueError, RecursionError) as exc:
        raise refuse(
            "file_broken", path, "JSON 无法读取", f"is JSON that cannot be read ({exc})"
        ) from exc
    names = tuple(dict.fromkeys(name for row in rows for name in row))
    if not names:
        raise refuse("no_rows", path, "没有记录", "holds no records")

    def batches(wanted: Sequence[str]) -> Iterator[Batch]:
        for start in range(0, len(rows), BATCH_ROWS):
            part = rows[start : start + BATCH_ROWS]
            columns = {
                name: pa.array([_text(row.get(name)) for row in part], pa.string())
                for name in wanted
            }
            yield Batch(pa.table(columns), np.arange(start + 1, start + len(part) + 1))

    return Layer("JSON", None, names, batches, encoding=codec.removesuffix("-sig"), rows=len(rows))


def _records(found: Any) -> list[dict[str, Any]]:
    """The first list of objects in ``found``, at most two deep; {} for what is no object."""
    for _ in range(3):
        if isinstance(found, list):
            return [row if isinstance(row, dict) else {} for row in found]
        if not isinstance(found, dict):
            break
        lists = [value for value in found.values() if isinstance(value, list)]
        lists.sort(key=lambda rows: not any(isinstance(row, dict) for row in rows))
        inner = [value for value in found.values() if isinstance(value, dict)]
        found = lists[0] if lists else inner[0] if inner else None
    return []


def _flat(row: dict[str, Any]) -> dict[str, Any]:
    """``row`` with the members of its objects beside its own, which win."""
    nested = {
        name: value
        for inner in row.values()
        if isinstance(inner, dict)
        for name, value in inner.items()
    }
    flat = nested | {name: v for name, v in row.items() if not isinstance(v, dict)}
    return {name: value for name, value in flat.items() if not isinstance(value, dict | list)}


def _text(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else repr(value)
