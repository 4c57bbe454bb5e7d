"""Texts that somebody brings and that are asked for by a digest: so many, for so many days."""

import hashlib
import time
from dataclasses import dataclass
from pathlib import Path

from gis.files import write_whole


@dataclass(frozen=True)
class Kept:
    """A folder of the home, for this service alone, with the texts that were brought last.

    Whatever nobody has brought again for ``days`` leaves with the next text, and the oldest once
    there are more than ``most``.
    """

    folder: Path
    suffix: str
    days: int
    most: int

    def keep(self, text: str) -> str:
        """Keep a text, whole or not at all; returns what it is asked for by."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        key = hashlib.sha256(text.encode()).hexdigest()[:32]
        write_whole(self._path(key), text)
        self._forget()
        return key

    def text(self, key: str) -> str | None:
        """The text under ``key``; None where it was forgotten."""
        try:
            return self._path(key).read_text("utf-8")
        except FileNotFoundError:
            return None

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}{self.suffix}"

    def _forget(self) -> None:
        brought = sorted(
            ((self._brought_s(one), one) for one in self.folder.glob(f"*{self.suffix}")),
            reverse=True,
        )
        oldest_s = time.time() - self.days * 86_400
        for at, (when_s, one) in enumerate(brought):
            if at >= self.most or when_s < oldest_s:
                one.unlink(missing_ok=True)

    def _brought_s(self, path: Path) -> float:
        try:
            return path.stat().st_mtime
        except FileNotFoundError:  # another process has forgotten it meanwhile
            return 0.0
