"""Takes a file that is being sent straight to disk: never whole in memory, never twice on disk."""

import hashlib
import secrets
import shutil
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fastapi import Request
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from gis.errors import BadInput, TooLarge
from gis.privacy import hidden

FORM_BYTES = 64 << 10  # what a form may hold beside the file
_FIELD_BYTES = 1_000
_NAME_BYTES = 120
_FORBIDDEN = frozenset('/\\:*?"<>|')


@dataclass(frozen=True)
class Received:
    """A file that has arrived whole: its folder below the uploads, and the form's other fields."""

    path: Path
    sha256: str
    size_bytes: int
    fields: dict[str, str]

    @property
    def folder(self) -> str:
        """The name of its folder."""
        return self.path.parent.name


def safe_name(sent: str) -> str:
    """The sent name as one harmless file name; letters of every script stay."""
    name = unicodedata.normalize("NFC", sent.replace("\\", "/").rpartition("/")[2])
    kept = "".join("_" if c in _FORBIDDEN or not c.isprintable() else c for c in name)
    stem, dot, suffix = kept.strip(" .").rpartition(".")
    stem, ending = (stem, f".{suffix[:10]}") if dot else (suffix, "")
    short = stem.encode()[: _NAME_BYTES - len(ending.encode())].decode(errors="ignore")
    return f"{short or 'file'}{ending}"


async def receive(request: Request, uploads: Path, *, most_bytes: int) -> Received:
    """The part ``file`` of a multipart form, in a new private folder below ``uploads``.

    Raises TooLarge beyond ``most_bytes``, and BadInput for a form without exactly one file or one
    that ends early; nothing is left behind then.
    """
    length = request.headers.get("content-length", "")
    if length.isdigit() and int(length) > most_bytes + FORM_BYTES:
        raise _too_large(most_bytes)
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    if kind != b"multipart/form-data" or b"boundary" not in options:
        raise BadInput(
            "请以 multipart/form-data 发送，文件项名为 file / "
            "send the file as multipart/form-data, part file"
        )
    folder = uploads / secrets.token_hex(16)
    await run_in_threadpool(folder.mkdir, mode=0o700, parents=True)
    form = _Form(folder, most_bytes)
    try:
        await form.read(request, options[b"boundary"])
        return form.done()
    except (ClientDisconnect, FormParserError, OSError) as exc:
        shutil.rmtree(folder, ignore_errors=True)
        raise BadInput(
            "文件没有传完，请重新发送 / the file did not arrive whole: send it again"
        ) from exc
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    finally:
        form.close()


def _too_large(most_bytes: int) -> TooLarge:
    return TooLarge(f"文件超过 {most_bytes:,} 字节 / the file is larger than {most_bytes:,} bytes")


@dataclass
class _Form:
    """A form on its way in; callbacks of the parser fill it part by part."""

    folder: Path
    most_bytes: int
    fields: dict[str, str] = field(default_factory=dict)
    path: Path | None = None
    size_bytes: int = 0
    _ended: bool = False

    def __post_init__(self) -> None:
        self._digest = hashlib.sha256()
        self._file: Any = None
        self._header, self._value = b"", b""
        self._headers: dict[bytes, bytes] = {}
        self._name, self._text = "", b""
        self._beside_bytes = 0

    async def read(self, request: Request, boundary: bytes) -> None:
        parser = MultipartParser(boundary, self._callbacks(), self.most_bytes + FORM_BYTES)
        async for block in request.stream():
            if block:
                await run_in_threadpool(parser.write, block)
        parser.finalize()

    def done(self) -> Received:
        if self.path is None or not self._ended:
            raise BadInput(
                "没有文件，文件项名应为 file / the form holds no file: send it as the part file"
            )
        if self.size_bytes == 0:
            raise BadInput("文件为空 / the file is empty")
        return Received(self.path, self._digest.hexdigest(), self.size_bytes, self.fields)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()

    def _callbacks(self) -> Any:
        return {
            "on_part_begin": self._begin, "on_header_field": self._on_header,
            "on_header_value": self._on_value, "on_header_end": self._on_header_end,
            "on_headers_finished": self._open, "on_part_data": self._data,
            "on_part_end": self._end, "on_end": self._finish,
        }  # fmt: skip

    def _begin(self) -> None:
        self._headers, self._text = {}, b""

    def _on_header(self, data: bytes, start: int, end: int) -> None:
        self._count_beside(end - start)
        self._header += data[start:end]

    def _on_value(self, data: bytes, start: int, end: int) -> None:
        self._count_beside(end - start)
        self._value += data[start:end]

    def _count_beside(self, size_bytes: int) -> None:
        """What is not the file stays in memory, so there is little of it."""
        self._beside_bytes += size_bytes
        if self._beside_bytes > FORM_BYTES:
            raise BadInput("文件之外的内容过多 / the form holds too much beside the file")

    def _on_header_end(self) -> None:
        self._headers[self._header.lower()] = self._value
        self._header, self._value = b"", b""

    def _open(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        self._name = options.get(b"name", b"").decode(errors="replace")
        if b"filename" not in options:
            return
        if self._name != "file" or self.path is not None:
            raise BadInput("只能有一个文件 / the form holds more than the one part file")
        sent = hidden(options[b"filename"].decode(errors="replace"))  # a name may hold a number
        self.path = self.folder / safe_name(sent)
        self._file = self.path.open("xb")
        self.path.chmod(0o600)

    def _data(self, data: bytes, start: int, end: int) -> None:
        block = data[start:end]
        if self._file is None or self._file.closed:
            self._count_beside(len(block))
            self._text += block
            if len(self._text) > _FIELD_BYTES:
                raise BadInput(f"{self._name[:40]} 太长 / the field {self._name[:40]} is too long")
            return
        self.size_bytes += len(block)
        if self.size_bytes > self.most_bytes:
            raise _too_large(self.most_bytes)
        self._digest.update(block)
        self._file.write(block)

    def _end(self) -> None:
        if self._file is not None and not self._file.closed:
            self._file.close()
        else:
            self.fields[self._name] = self._text.decode(errors="replace")

    def _finish(self) -> None:
        self._ended = True
