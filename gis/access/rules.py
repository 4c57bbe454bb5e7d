"""The rules of accounts: what a password must be, when an account locks, how long a session lives.

The kinds of rule are those of GB/T 22239-2019 (等保 level 3), 8.1.4.1: identity, complexity,
regular change, handling of failures, logout after idling. The figures are no part of it; they are
those that assessments usually ask for: 8 characters of four kinds, 90 days, not the last 5, a lock
after 5 failures, 30 minutes idle.
"""

from pydantic import BaseModel, ConfigDict, Field


class AccountRules(BaseModel):
    """One installation's rules; ``WANGGE_ACCOUNTS`` replaces single values (JSON)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    long_length: int = Field(default=12, ge=8, le=64, description="long enough with any characters")
    short_length: int = Field(default=8, ge=8, le=64, description="shortest, with all four kinds")
    history: int = Field(default=5, ge=0, le=24, description="former passwords that are refused")
    expiry_days: int = Field(default=90, ge=1, le=3650, description="age at which one must change")
    max_failures: int = Field(default=5, ge=1, le=100, description="failures until the lock")
    lock_minutes: float = Field(default=15, gt=0, le=1440, description="length of the lock")
    idle_minutes: float = Field(default=30, gt=0, le=1440, description="unused session's end")
    session_hours: float = Field(default=12, gt=0, le=168, description="any session's end")
    token_days: int = Field(default=365, ge=1, le=3650, description="longest life of a token")
