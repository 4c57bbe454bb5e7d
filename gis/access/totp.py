"""Time-based one-time codes (RFC 6238) of the second factor."""

from datetime import datetime

import pyotp

_PERIOD_S = 30
_ISSUER = "wangge"


def new_secret() -> str:
    """A secret of 160 bits in base 32, as authenticator apps take it."""
    return pyotp.random_base32()


def address(secret: str, login: str) -> str:
    """The ``otpauth:`` address that an authenticator app reads from a QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name=_ISSUER)


def step_of(secret: str, code: str, *, now: datetime) -> int | None:
    """The time step whose code this is: the present one or a neighbour (RFC 6238, 5.2), else None.

    A step counts once; the store keeps the newest one that was used.
    """
    totp = pyotp.TOTP(secret)
    present = int(now.timestamp()) // _PERIOD_S
    steps = (present, present - 1, present + 1)
    return next(
        (one for one in steps if pyotp.utils.strings_equal(totp.generate_otp(one), code)), None
    )
