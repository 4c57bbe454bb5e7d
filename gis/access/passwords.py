"""Passwords and other secrets: made, hashed, compared, judged by the rules."""

import hashlib
import secrets
import string
import threading
from collections.abc import Sequence

from pwdlib.exceptions import UnknownHashError
from pwdlib.hashers.argon2 import Argon2Hasher

from gis.access.rules import AccountRules
from gis.errors import BadPassword

# argon2id with 64 MiB, 3 passes, 4 lanes: the second recommended option of RFC 9106, section 4.
_HASHER = Argon2Hasher()
_AT_ONCE = threading.BoundedSemaphore(4)  # 256 MiB at most, however many try to sign in
_NOBODY = (  # hash of a random word that nobody kept: an unknown login costs the same work
    "$argon2id$v=19$m=65536,t=3,p=4$m/9ufY68g/ILVHSXATatAg$EaYOlPXwqgw+1T09jHpRwqBPnNzvA7saYNx2GmYrciI"
)
_KINDS = (string.ascii_lowercase, string.ascii_uppercase, string.digits)
_READABLE = "abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # no 0O, 1lI: it is typed
MAX_LENGTH = 128  # a longer one only costs work


def hashed(password: str) -> str:
    """The argon2id hash that is stored."""
    with _AT_ONCE:
        return _HASHER.hash(password)


def matches(password: str, stored: str | None) -> bool:
    """Whether a password belongs to a stored hash; without one the work is done all the same."""
    try:
        with _AT_ONCE:
            return _HASHER.verify(password, stored or _NOBODY) and stored is not None
    except UnknownHashError:
        return False


def judge(password: str, *, login: str, rules: AccountRules, former: Sequence[str] = ()) -> None:
    """Raise BadPassword, saying what is wanted, where a new password breaks a rule.

    ``former`` are the hashes of passwords that may not come back.
    """
    kinds = sum(any(char in kind for char in password) for kind in _KINDS)
    kinds += any(not any(char in kind for kind in _KINDS) for char in password)
    long = len(password) >= rules.long_length
    if not (long or (len(password) >= rules.short_length and kinds == 4)):
        raise BadPassword(
            f"至少 {rules.long_length} 个字符，或至少 {rules.short_length} 个字符"
            "且含大小写字母、数字和符号 / "
            f"at least {rules.long_length} characters, or {rules.short_length} with lower case, "
            "upper case, digits and signs"
        )
    if len(password) > MAX_LENGTH:
        raise BadPassword(f"不超过 {MAX_LENGTH} 个字符 / at most {MAX_LENGTH} characters")
    if login in password.lower() or len(set(password)) < 5:
        raise BadPassword(
            "不得包含登录名，至少 5 种不同字符 / "
            "not the login name, at least 5 different characters"
        )
    if any(matches(password, one) for one in former):
        raise BadPassword(
            f"不得与当前及最近 {rules.history} 个密码相同 / "
            f"not the present one nor any of the last {rules.history}"
        )


def one_time() -> str:
    """A random password of 16 readable characters (91 bits) in groups of four."""
    letters = [secrets.choice(_READABLE) for _ in range(16)]
    return "-".join("".join(letters[at : at + 4]) for at in range(0, 16, 4))


def new_secret() -> str:
    """A secret of 256 random bits for a session or a token."""
    return secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    """What is stored of such a secret; 256 random bits need no slow hash."""
    return hashlib.sha256(secret.encode()).hexdigest()
