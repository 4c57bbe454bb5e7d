"""accounts, their secrets, sessions and tokens

Revision: 0012
Follows: 0011
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

from gis.db.rights import protect

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

SECRET = ("account_secrets", "former_passwords", "web_sessions", "tokens")
ROLES = (
    "'viewer', 'grid_worker', 'grid_supervisor', 'planner', 'police_liaison', 'data_steward', "
    "'system_admin', 'security_admin', 'auditor'"
)

# The application looks up one account by what somebody shows; it cannot read the tables themselves.
FUNCTIONS = {
    "account_by_login(p_login text) RETURNS SETOF wangge.accounts": """
SELECT * FROM wangge.accounts WHERE login = p_login""",
    "account_by_subject(p_issuer text, p_subject text) RETURNS SETOF wangge.accounts": """
SELECT * FROM wangge.accounts WHERE issuer = p_issuer AND subject = p_subject""",
    "are_there_accounts() RETURNS boolean": """
SELECT EXISTS (SELECT FROM wangge.accounts)""",
    "secret_by_login(p_login text)"
    " RETURNS TABLE (password_hash text, totp_secret text, totp_step bigint)": """
SELECT s.password_hash, s.totp_secret, s.totp_step
FROM wangge.account_secrets AS s JOIN wangge.accounts AS a ON a.id = s.account_id
WHERE a.login = p_login""",
    "account_by_session(p_secret text, p_now timestamptz, p_idle interval) RETURNS TABLE"
    " (account wangge.accounts, half boolean, before_at timestamptz, before_refused integer)": """
UPDATE wangge.web_sessions SET seen_at = p_now
WHERE secret_sha256 = p_secret AND seen_at < p_now - interval '30 seconds'
  AND seen_at > p_now - p_idle AND ends_at > p_now;
SELECT a, s.half, s.last_login_at, s.refused_since
FROM wangge.web_sessions AS s JOIN wangge.accounts AS a ON a.id = s.account_id
WHERE s.secret_sha256 = p_secret AND a.state = 'active'
  AND s.seen_at > p_now - p_idle AND s.ends_at > p_now""",
    "account_by_token(p_secret text, p_now timestamptz) RETURNS TABLE"
    " (account wangge.accounts, token_rights text[], token_prefixes text[])": """
UPDATE wangge.tokens SET last_used_at = p_now
WHERE secret_sha256 = p_secret AND revoked_at IS NULL AND expires_at > p_now
  AND (last_used_at IS NULL OR last_used_at < p_now - interval '1 minute');
SELECT a, t.rights, t.area_prefixes
FROM wangge.tokens AS t JOIN wangge.accounts AS a ON a.id = t.account_id
WHERE t.secret_sha256 = p_secret AND a.state = 'active'
  AND t.revoked_at IS NULL AND t.expires_at > p_now""",
    "note_failure(p_login text, p_now timestamptz, p_max integer, p_lock interval)"
    " RETURNS void": """
UPDATE wangge.accounts
SET failures = CASE WHEN failures + 1 >= p_max THEN 0 ELSE failures + 1 END,
    locked_until = CASE WHEN failures + 1 >= p_max THEN p_now + p_lock ELSE locked_until END,
    refused_since = refused_since + 1
WHERE login = p_login""",
    "open_session(p_login text, p_secret text, p_half boolean, p_now timestamptz,"
    " p_ends_at timestamptz) RETURNS void": """
DELETE FROM wangge.web_sessions WHERE ends_at < p_now;
INSERT INTO wangge.web_sessions (area_code, account_id, secret_sha256, half, started_at, seen_at,
                                 ends_at, last_login_at, refused_since)
SELECT area_code, id, p_secret, p_half, p_now, p_now, p_ends_at, last_login_at, refused_since
FROM wangge.accounts WHERE login = p_login;
UPDATE wangge.accounts
SET failures = 0, locked_until = NULL, refused_since = 0, last_login_at = p_now
WHERE login = p_login AND NOT p_half""",
    "close_session(p_secret text) RETURNS void": """
DELETE FROM wangge.web_sessions WHERE secret_sha256 = p_secret""",
    "close_sessions(p_login text) RETURNS void": """
DELETE FROM wangge.web_sessions AS s USING wangge.accounts AS a
WHERE a.id = s.account_id AND a.login = p_login""",
    "former_passwords(p_login text, p_kept integer) RETURNS SETOF text": """
(SELECT s.password_hash FROM wangge.account_secrets AS s
 JOIN wangge.accounts AS a ON a.id = s.account_id
 WHERE a.login = p_login AND s.password_hash IS NOT NULL)
UNION ALL
(SELECT f.password_hash FROM wangge.former_passwords AS f
 JOIN wangge.accounts AS a ON a.id = f.account_id
 WHERE a.login = p_login ORDER BY f.replaced_at DESC, f.id DESC LIMIT p_kept)""",
    "set_password(p_login text, p_hash text, p_must_change boolean, p_now timestamptz)"
    " RETURNS void": """
INSERT INTO wangge.former_passwords (area_code, account_id, password_hash, replaced_at)
SELECT a.area_code, a.id, s.password_hash, p_now
FROM wangge.account_secrets AS s JOIN wangge.accounts AS a ON a.id = s.account_id
WHERE a.login = p_login AND s.password_hash IS NOT NULL;
INSERT INTO wangge.account_secrets (area_code, account_id, password_hash)
SELECT area_code, id, p_hash FROM wangge.accounts WHERE login = p_login
ON CONFLICT (account_id) DO UPDATE SET password_hash = excluded.password_hash;
UPDATE wangge.accounts
SET must_change = p_must_change, password_changed_at = p_now, failures = 0, locked_until = NULL
WHERE login = p_login""",
    "set_totp(p_login text, p_secret text, p_confirmed boolean) RETURNS void": """
INSERT INTO wangge.account_secrets (area_code, account_id, totp_secret)
SELECT area_code, id, p_secret FROM wangge.accounts WHERE login = p_login
ON CONFLICT (account_id) DO UPDATE SET totp_secret = excluded.totp_secret;
UPDATE wangge.accounts SET second_factor = p_confirmed WHERE login = p_login""",
    "use_totp_step(p_login text, p_step bigint) RETURNS boolean": """
UPDATE wangge.account_secrets AS s SET totp_step = p_step
FROM wangge.accounts AS a
WHERE a.id = s.account_id AND a.login = p_login AND s.totp_step < p_step
RETURNING true""",
    "issue_token(p_login text, p_secret text, p_label text, p_rights text[], p_prefixes text[],"
    " p_now timestamptz, p_expires_at timestamptz) RETURNS bigint": """
INSERT INTO wangge.tokens (area_code, account_id, secret_sha256, label, rights, area_prefixes,
                           made_at, expires_at)
SELECT area_code, id, p_secret, p_label, p_rights, p_prefixes, p_now, p_expires_at
FROM wangge.accounts WHERE login = p_login
RETURNING id""",
    "tokens_of(p_login text) RETURNS TABLE (id bigint, label text, rights text[],"
    " area_prefixes text[], made_at timestamptz, expires_at timestamptz, revoked_at timestamptz,"
    " last_used_at timestamptz)": """
SELECT t.id, t.label, t.rights, t.area_prefixes, t.made_at, t.expires_at, t.revoked_at,
       t.last_used_at
FROM wangge.tokens AS t JOIN wangge.accounts AS a ON a.id = t.account_id
WHERE a.login = p_login ORDER BY t.id""",
    "revoke_token(p_login text, p_id bigint, p_now timestamptz) RETURNS boolean": """
UPDATE wangge.tokens AS t SET revoked_at = p_now
FROM wangge.accounts AS a
WHERE a.id = t.account_id AND a.login = p_login AND t.id = p_id AND t.revoked_at IS NULL
RETURNING true""",
}
DEFINER = " LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$"


def upgrade() -> None:
    """Forward."""
    op.create_table("accounts", *_account(), schema="wangge")
    _index("accounts", "area_code")
    op.create_table(
        "account_secrets", *_owned("account_secrets"),
        sa.Column("password_hash", sa.Text()),
        sa.Column("totp_secret", sa.Text()),
        sa.Column("totp_step", sa.BigInteger(), server_default="0", nullable=False),
        sa.UniqueConstraint("account_id", name=op.f("uq_account_secrets_account_id")),
        schema="wangge",
    )  # fmt: skip
    op.create_table(
        "former_passwords", *_owned("former_passwords"),
        sa.Column("password_hash", sa.Text(), nullable=False),
        _instant("replaced_at"),
        schema="wangge",
    )  # fmt: skip
    op.create_table(
        "web_sessions", *_owned("web_sessions"),
        sa.Column("secret_sha256", sa.Text(), nullable=False),
        sa.Column("half", sa.Boolean(), nullable=False),
        _instant("started_at"), _instant("seen_at"), _instant("ends_at"),
        _instant("last_login_at", nullable=True),
        sa.Column("refused_since", sa.Integer(), nullable=False),
        sa.UniqueConstraint("secret_sha256", name="uq_web_sessions_secret_sha256"),
        schema="wangge",
    )  # fmt: skip
    op.create_table(
        "tokens", *_owned("tokens"),
        sa.Column("secret_sha256", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("rights", ARRAY(sa.Text()), nullable=False),
        sa.Column("area_prefixes", ARRAY(sa.Text()), nullable=False),
        _instant("made_at"), _instant("expires_at"),
        _instant("revoked_at", nullable=True), _instant("last_used_at", nullable=True),
        sa.UniqueConstraint("secret_sha256", name="uq_tokens_secret_sha256"),
        schema="wangge",
    )  # fmt: skip
    for table in SECRET:
        _index(table, "area_code")
        op.create_index(f"ix_{table}_account_id", table, ["account_id"], schema="wangge")
        op.execute(
            f"ALTER TABLE wangge.{table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY"
        )
    protect(op, "accounts", read=["accounts:read"], write=["accounts:write", "accounts:publish"])
    for table in ("accounts", *SECRET):  # row rights bind the owner's functions too
        op.execute(f"CREATE POLICY functions ON wangge.{table} TO wangge_owner USING (true)")
    for head, body in FUNCTIONS.items():
        op.execute(f"CREATE FUNCTION wangge.{head}{DEFINER}{body}$$")
        op.execute(f"GRANT EXECUTE ON FUNCTION wangge.{head.partition('(')[0]} TO wangge_app")


def _account() -> list[sa.schema.SchemaItem]:
    return [
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("area_code", sa.Text(), nullable=False),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("role", sa.Text()),
        sa.Column("area_prefixes", ARRAY(sa.Text()), nullable=False),
        sa.Column("state", sa.Text(), server_default="active", nullable=False),
        sa.Column("must_change", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("second_factor", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("refused_since", sa.Integer(), server_default="0", nullable=False),
        _instant("locked_until", nullable=True),
        _instant("last_login_at", nullable=True),
        _instant("password_changed_at", nullable=True),
        _instant("made_at"),
        sa.Column("issuer", sa.Text()),
        sa.Column("subject", sa.Text()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts")),
        sa.UniqueConstraint("login", name=op.f("uq_accounts_login")),
        sa.UniqueConstraint("issuer", "subject", name=op.f("uq_accounts_issuer_subject")),
        sa.CheckConstraint(f"role IN ({ROLES})", name=op.f("ck_accounts_role_listed")),
        sa.CheckConstraint("state IN ('active', 'locked')", name=op.f("ck_accounts_state_listed")),
        sa.CheckConstraint(
            "login ~ '^[a-z][a-z0-9._-]{1,31}$'", name=op.f("ck_accounts_login_form")
        ),
        sa.CheckConstraint("(issuer IS NULL) = (subject IS NULL)", name=op.f("ck_accounts_issued")),
    ]


def _owned(table: str) -> list[sa.schema.SchemaItem]:
    return [
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("area_code", sa.Text(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["wangge.accounts.id"], name=op.f(f"fk_{table}_account_id"),
            ondelete="CASCADE",
        ),
    ]  # fmt: skip


def _instant(name: str, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _index(table: str, column: str) -> None:
    op.create_index(
        f"ix_{table}_{column}", table, [column], schema="wangge",
        postgresql_ops={column: "text_pattern_ops"},
    )  # fmt: skip
