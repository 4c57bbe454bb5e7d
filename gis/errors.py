"""What can go wrong in the domain, each with a stable ``code`` that scripts and pages rely on."""

from collections.abc import Iterable
from typing import Any, ClassVar, Self


class GisError(Exception):
    """Base of every error that has a meaning for the user; anything else is a bug."""

    code = "gis_error"

    def __reduce__(self) -> tuple[Any, ...]:
        """Another process gets the error as it was made, whatever it was made of."""
        return _again, (type(self), self.args, self.__dict__)


def _again(kind: type[GisError], told: tuple[Any, ...], more: dict[str, Any]) -> GisError:
    error = kind.__new__(kind)
    error.args = told
    error.__dict__.update(more)
    return error


def halves(text: str) -> tuple[str, str]:
    """A message in Chinese and in English, where it says both with `` / `` between."""
    zh, _, en = text.partition(" / ")
    return zh, en or zh


class NotFound(GisError):
    """The thing asked for does not exist."""

    code = "not_found"

    def __init__(self, kind: str, key: object, known: Iterable[str] = ()) -> None:
        listed = ", ".join(known)
        known_zh, known_en = (f"；可选 {listed}", f"; there are {listed}") if listed else ("", "")
        super().__init__(f"没有找到 {key!r}{known_zh} / {kind} {key!r} does not exist{known_en}")
        self.kind, self.key = kind, key


class BadInput(GisError):
    """A value, file or option that cannot be used; the message says what, where and what to do."""

    code = "bad_input"

    @classmethod
    def at(cls, where: str, zh: str, en: str) -> Self:
        """Names the place first, and says in both languages what is wrong and what to do."""
        return cls(f"{where}：{zh} / {where}: {en}")


class BadQuery(BadInput):
    """A query parameter of an open interface that cannot be used; answered 400, not 422."""

    code = "bad_query"


class PurposeMissing(BadInput):
    """More than public figures leaves only when it is said what for."""

    code = "purpose_missing"


class BadPolicy(BadInput):
    """The policy file is wrong; names the line and the reason."""

    code = "bad_policy"


class BadDistrict(BadInput):
    """The district file is wrong; names the field and the reason."""

    code = "bad_district"


class BadPeriod(BadInput):
    """Not a quarter (``2026Q3``) and not a month (``2026-07``)."""

    code = "bad_period"


class ImportRefused(BadInput):
    """A file was refused as a whole and the store is unchanged; ``code`` says why.

    ``report`` is the import's report by row, where reading got that far.
    """

    def __init__(self, code: str, message: str, report: object | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.report = report


class TooLarge(BadInput):
    """A file is larger than this installation takes."""

    code = "too_large"


class CannotUndo(GisError):
    """An import or a save cannot be undone; the message says why and what to do instead."""

    code = "cannot_undo"


class ChangedMeanwhile(GisError):
    """What was to be changed is not any more what the user looked at; says what to do."""

    code = "changed_meanwhile"


class WholeDistrict(GisError):
    """A step that concerns every compound, asked for by somebody who works in a part."""

    code = "whole_district"


class AccountClosed(GisError):
    """Whoever asked for a job has been locked or removed since."""

    code = "account_closed"

    def __init__(self, login: str) -> None:
        super().__init__(
            f"提交任务的账户已锁定或删除 / the account {login} that asked is locked or gone"
        )


class StoreUnavailable(GisError):
    """PostgreSQL with PostGIS cannot be reached or started; the message has the remedy."""

    code = "store_unavailable"


class StoreNotReady(GisError):
    """The store is reachable but not migrated to this version."""

    code = "store_not_ready"


class NoData(GisError):
    """An analysis has nothing to work on; the message says which import is missing."""

    code = "no_data"


class Withheld(GisError):
    """The thing exists but may not be shown here; the message says under which condition."""

    code = "withheld"


class Forbidden(GisError):
    """The user's role or areas do not allow it; says what is missing."""

    code = "forbidden"

    @classmethod
    def right(cls, capability: str, action: str) -> Self:
        """The role gives no such right."""
        return cls(
            f"您的角色没有此权限（{capability} {action}） / "
            f"your role gives no right to {action} {capability}"
        )

    @classmethod
    def outside(cls) -> Self:
        """The role has the right, and the place lies elsewhere."""
        return cls("这里不属于您的辖区 / this lies outside of your own areas")


class SignInNeeded(GisError):
    """Nobody is signed in, or the session or token has ended; says what to do."""

    code = "sign_in_needed"

    def __init__(self, message: str = "请先登录或使用令牌 / sign in, or send a token") -> None:
        super().__init__(message)


class TokenShown(GisError):
    """A token was shown where only a session counts: one's own account, password and tokens."""

    code = "token_shown"


class Missing(SignInNeeded):
    """Signed in by half: the second factor's code or a new password is asked for first."""

    code = "sign_in_incomplete"

    def __init__(self, missing: str) -> None:
        super().__init__(f"请先完成登录步骤 / first: {missing}")
        self.missing = missing


class TokenRests(SignInNeeded):
    """A token of an account that must do something itself first; says what."""

    code = "token_rests"
    _FIRST: ClassVar = {
        "password_change": "令牌所属账户的密码已过期或须更改："
        "请用该账户登录网页更改密码，令牌随即恢复 / "
        "the password of the token's account has expired or must be changed: sign in to the pages"
        " with that account and change it, then the token works again",
        "sign_on": "令牌所属账户已太久未通过统一登录服务登录："
        "请用该账户登录一次，令牌随即恢复 / "
        "the token's account has not come through the sign-on service for too long: sign in once,"
        " then the token works again",
    }

    def __init__(self, missing: str) -> None:
        super().__init__(self._FIRST[missing])


class SignInRefused(GisError):
    """Login, password or code are wrong, or the account is locked: which one is not said."""

    code = "sign_in_refused"

    def __init__(self) -> None:
        super().__init__(
            "登录名、密码或验证码不正确，或账户已锁定 / "
            "login, password or code is wrong, or the account is locked"
        )


class BadPassword(BadInput):
    """A new password that breaks a rule; says which."""

    code = "bad_password"


class SignOnFailed(GisError):
    """The district's sign-on service did not prove who somebody is; says which step failed."""

    code = "sign_on_failed"


class SignOnUnavailable(GisError):
    """The district's sign-on service does not answer."""

    code = "sign_on_unavailable"

    def __init__(self) -> None:
        super().__init__("统一登录服务无应答 / the sign-on service does not answer")


class Busy(GisError):
    """All places for what is asked are taken; soon one is free again."""

    code = "busy"


class TooMany(GisError):
    """Asked too often; says in how many seconds to try again."""

    code = "too_many"

    def __init__(self, wait_s: int) -> None:
        super().__init__(f"操作太频繁，请 {wait_s} 秒后再试 / too often: try again in {wait_s} s")
        self.wait_s = wait_s


class Stopped(GisError):
    """Nobody waits for the work any more, or somebody asked a job to stop: it is rolled back."""

    code = "stopped"

    def __init__(self) -> None:
        super().__init__("已停止 / stopped")
