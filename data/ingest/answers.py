"""What a catalogue says of its points at the time it was read: a status sheet of its own."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa

from data.ingest.chunks import Plan, chunk_of
from data.ingest.formats.layer import Batch
from data.ingest.mapping import ColumnMap
from data.ingest.types import Chunk, FileFacts, Kind, Source
from data.ingest.values import Reading, moments
from gis.district import District

_COLUMNS = {name: name for name in ("camera_key", "observed_at", "state")}


class Answers:
    """The answers (ON, OFF) of the rows of a catalogue that have a time, kept as they pass by."""

    def __init__(self) -> None:
        self._parts: list[pd.DataFrame] = []

    def watch(self, chunks: Iterator[Chunk]) -> Iterator[Chunk]:
        """The same chunks."""
        for chunk in chunks:
            rows = chunk.rows[["row", "answered_at", "answered"]]
            self._parts.append(rows.dropna())
            yield chunk

    def source(
        self, facts: FileFacts, district: District, keys: Mapping[int, str]
    ) -> Source | None:
        """The answers as an opened file of `Kind.CAMERA_STATUS`; None where there is none.

        ``keys``: under which key the point of each row is stored; a refused row has no answer.
        """
        found = pd.concat(self._parts, ignore_index=True)
        stored = found["row"].astype("int64").map(keys)  # the file's own key may be no key
        found = found.assign(camera_key=stored).dropna()
        if found.empty:
            return None
        table = pa.table(
            {
                "camera_key": pa.array(found["camera_key"], pa.string()),
                "observed_at": pa.array(found["answered_at"], moments.UTC),
                "state": pa.array(found["answered"], pa.string()),
            }
        )
        plan = Plan(
            Kind.CAMERA_STATUS, ColumnMap(_COLUMNS, {}, ()), None, None, district,
            Reading(moments.Calendar(district.zone), {}),
        )  # fmt: skip
        rows = found["row"].to_numpy(dtype=np.int64)
        sheet = replace(
            facts, frame="none", columns=tuple(_COLUMNS), mapping=_COLUMNS, unmapped=(),
            rows=len(found), key_column=None, notes=(),
        )  # fmt: skip
        return Source(sheet, iter([chunk_of(plan, Batch(table, rows))]))
