"""The check text of a plaque: what it says, signed with the home's key; it fits a QR code."""

import base64
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass

from gis.audit.signing import Signer, holds
from gis.errors import BadInput

_MARK = "WG1"
_PARTS = 6
_LONGEST = 400  # characters; a longer text is none of ours


@dataclass(frozen=True)
class Sealed:
    """What a plaque claims: a compound's colour in a quarter, by which cycle of it."""

    compound_code: str
    period: str
    colour: str
    revision: int

    @property
    def claim(self) -> dict[str, str]:
        """The document that is signed."""
        return {"plaque": self.compound_code, "period": self.period, "colour": self.colour,
                "revision": str(self.revision)}  # fmt: skip


def text(sealed: Sealed, signer: Signer) -> str:
    """``WG1|code|period|colour|revision|signature``; the signature (Ed25519) in base64url."""
    signature = bytes.fromhex(signer.signed(sealed.claim)["signature"])
    shown = base64.urlsafe_b64encode(signature).decode().rstrip("=")
    fields = (sealed.compound_code, sealed.period, sealed.colour, str(sealed.revision))
    return "|".join((_MARK, *fields, shown))


def label(check_text: str) -> str:
    """Eight signs that stand for a check text, printed beside its QR code: ``7K3F-5Q2M``."""
    digest = hashlib.sha256(check_text.encode()).digest()
    signs = base64.b32encode(digest).decode()[:8]
    return f"{signs[:4]}-{signs[4:]}"


def read(check_text: str, public_keys: Iterable[str]) -> Sealed:
    """What a check text claims, if one of the keys signed it; raises BadInput."""
    parts = check_text.strip().split("|") if len(check_text) <= _LONGEST else []
    if len(parts) != _PARTS or parts[0] != _MARK or not re.fullmatch("[0-9]{1,9}", parts[4]):
        raise BadInput("不是本系统的核验码 / no check text of this system")
    sealed = Sealed(parts[1], parts[2], parts[3], int(parts[4]))
    try:
        signature = base64.urlsafe_b64decode(parts[5] + "=" * (-len(parts[5]) % 4)).hex()
    except ValueError:
        signature = ""
    claim = {**sealed.claim, "signature": signature}
    if not any(holds({**claim, "public_key": key}, public_key=key) for key in public_keys):
        raise BadInput("核验码签名不符，标牌可能系伪造 / the signature is wrong: a forged plaque?")
    return sealed
