"""Files that appear whole or not at all, readable from their first byte by those they are for."""

import hashlib
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PRIVATE, OPEN = 0o600, 0o644


@contextmanager
def whole(path: Path, *, mode: int | None = PRIVATE) -> Iterator[Path]:
    """A draft beside ``path`` to write into; it takes the place of ``path`` when the block ends.

    Where the block fails ``path`` stays as it was and the draft goes. ``mode`` None leaves to the
    process who may read it. Raises OSError.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    try:
        os.close(os.open(draft, flags, 0o666 if mode is None else mode))
        if mode is not None:
            draft.chmod(mode)  # whatever the process takes away from new files
        yield draft
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)


def write_whole(path: Path, content: str | bytes, *, mode: int | None = PRIVATE) -> None:
    """Write a small file that is on the disk before it takes its place; raises OSError."""
    with whole(path, mode=mode) as draft, draft.open("wb") as file:
        file.write(content.encode() if isinstance(content, str) else content)
        file.flush()
        os.fsync(file.fileno())


def sha256(path: Path) -> str:
    """The digest of a file's bytes, in hexadecimal digits; raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
