"""Signs small documents with the home's own Ed25519 key, and says whether a signature holds."""

import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from gis.errors import BadInput

KEY_FILE = "audit.key"
_SIGNATURE = "signature"


class Signer:
    """The key of one home; made at its first use, readable by the home's owner alone."""

    def __init__(self, home: Path) -> None:
        """Read the key; raises BadInput where it can be neither read nor made."""
        file = home / KEY_FILE
        try:
            if not file.exists():
                _make(file)
            self._key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(file.read_text()))
        except (OSError, ValueError) as exc:
            raise BadInput.at(
                str(file), f"密钥无法使用（{exc}）", f"no key that can be used ({exc})"
            ) from exc

    @property
    def public_key(self) -> str:
        """What others need in order to check a signature, in hexadecimal digits."""
        return self._key.public_key().public_bytes_raw().hex()

    def signed(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """The document with its key and its signature."""
        whole = {**document, "public_key": self.public_key}
        return {**whole, _SIGNATURE: self._key.sign(_text(whole)).hex()}

    def holds(self, document: Mapping[str, Any]) -> bool:
        """Whether this very home signed the document as it stands."""
        return holds(document, public_key=self.public_key)


def holds(document: Mapping[str, Any], *, public_key: str) -> bool:
    """Whether the owner of ``public_key`` signed the document as it stands."""
    whole = {name: value for name, value in document.items() if name != _SIGNATURE}
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key))
        key.verify(bytes.fromhex(str(document.get(_SIGNATURE))), _text(whole))
    except (InvalidSignature, ValueError):
        return False
    return whole.get("public_key") == public_key


def _text(document: Mapping[str, Any]) -> bytes:
    """One spelling for equal documents: sorted names, no spaces, UTF-8."""
    text = json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.encode()


def _make(file: Path) -> None:
    """A new key, whole or not at all; of two that make one the first stays."""
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as made:
        made.write(Ed25519PrivateKey.generate().private_bytes_raw().hex())
    try:
        os.link(part, file)
    except FileExistsError:
        return
    finally:
        part.unlink()
