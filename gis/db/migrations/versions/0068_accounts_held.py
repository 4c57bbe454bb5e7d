"""an account's proofs, sessions and tokens change one after another, its row held first

Revision: 0068
Follows: 0067
"""

from alembic import op

revision = "0068"
down_revision = "0067"
branch_labels = None
depends_on = None

# Every function that changes what proves an account, or what was opened with it, holds the
# account's row before anything else: one order of locks, so that nothing begun before a change of
# the password, role or state outlives it unseen, and nobody waits in a circle. Each statement
# after the lock sees what whoever held it before has committed.
HOLD = "PERFORM FROM wangge.accounts WHERE login = p_login FOR UPDATE;"
REPLACED = (
    "open_session(text, text, boolean, timestamptz, timestamptz)", "close_session(text)",
    "set_password(text, text, boolean, timestamptz)",
    "issue_token(text, text, text, text[], text[], timestamptz, timestamptz)",
)  # fmt: skip
FUNCTIONS = {
    # False for an account that was locked meanwhile.
    "open_session(p_login text, p_secret text, p_half boolean, p_now timestamptz,"
    " p_ends_at timestamptz) RETURNS boolean": """
BEGIN
    HOLD
    DELETE FROM wangge.web_sessions WHERE ends_at < p_now;
    INSERT INTO wangge.web_sessions (area_code, account_id, secret_sha256, half, started_at,
                                     seen_at, ends_at, last_login_at, refused_since)
    SELECT area_code, id, p_secret, p_half, p_now, p_now, p_ends_at, last_login_at, refused_since
    FROM wangge.accounts WHERE login = p_login AND state = 'active';
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    UPDATE wangge.accounts
    SET failures = 0, locked_until = NULL, refused_since = 0, last_login_at = p_now
    WHERE login = p_login AND NOT p_half;
    RETURN true;
END
""",
    # False for a session that had ended.
    "close_session(p_secret text) RETURNS boolean": """
BEGIN
    DELETE FROM wangge.web_sessions WHERE secret_sha256 = p_secret;
    RETURN FOUND;
END
""",
    "close_sessions(p_login text) RETURNS void": """
BEGIN
    HOLD
    DELETE FROM wangge.web_sessions AS s USING wangge.accounts AS a
    WHERE a.id = s.account_id AND a.login = p_login;
END
""",
    # Whoever sets the own password gives the hash that the old one fitted (p_was): false where that
    # is not the stored one any more.
    "set_password(p_login text, p_hash text, p_must_change boolean, p_now timestamptz, p_was text)"
    " RETURNS boolean": """
DECLARE
    held text;
BEGIN
    HOLD
    SELECT s.password_hash INTO held
    FROM wangge.account_secrets AS s JOIN wangge.accounts AS a ON a.id = s.account_id
    WHERE a.login = p_login;
    IF p_was IS NOT NULL AND held IS DISTINCT FROM p_was THEN
        RETURN false;
    END IF;
    INSERT INTO wangge.former_passwords (area_code, account_id, password_hash, replaced_at)
    SELECT area_code, id, held, p_now FROM wangge.accounts
    WHERE login = p_login AND held IS NOT NULL;
    INSERT INTO wangge.account_secrets (area_code, account_id, password_hash)
    SELECT area_code, id, p_hash FROM wangge.accounts WHERE login = p_login
    ON CONFLICT (account_id) DO UPDATE SET password_hash = excluded.password_hash;
    UPDATE wangge.accounts
    SET must_change = p_must_change, password_changed_at = p_now, failures = 0,
        locked_until = NULL
    WHERE login = p_login;
    RETURN FOUND;
END
""",
    "set_totp(p_login text, p_secret text, p_confirmed boolean) RETURNS void": """
BEGIN
    HOLD
    INSERT INTO wangge.account_secrets (area_code, account_id, totp_secret)
    SELECT area_code, id, p_secret FROM wangge.accounts WHERE login = p_login
    ON CONFLICT (account_id) DO UPDATE SET totp_secret = excluded.totp_secret;
    UPDATE wangge.accounts SET second_factor = p_confirmed WHERE login = p_login;
END
""",
    "use_totp_step(p_login text, p_step bigint) RETURNS boolean": """
BEGIN
    HOLD
    UPDATE wangge.account_secrets AS s SET totp_step = p_step
    FROM wangge.accounts AS a
    WHERE a.id = s.account_id AND a.login = p_login AND s.totp_step < p_step;
    RETURN FOUND;
END
""",
    # Whoever comes by a session gives its digest (p_session): nothing where it has ended by now,
    # as it does at every change of the password, role or state.
    "issue_token(p_login text, p_secret text, p_label text, p_rights text[], p_prefixes text[],"
    " p_now timestamptz, p_expires_at timestamptz, p_session text) RETURNS bigint": """
DECLARE
    made bigint;
BEGIN
    HOLD
    INSERT INTO wangge.tokens (area_code, account_id, secret_sha256, label, rights, area_prefixes,
                               made_at, expires_at)
    SELECT a.area_code, a.id, p_secret, p_label, p_rights, p_prefixes, p_now, p_expires_at
    FROM wangge.accounts AS a WHERE a.login = p_login AND (p_session IS NULL OR EXISTS (
        SELECT FROM wangge.web_sessions AS s
        WHERE s.secret_sha256 = p_session AND s.account_id = a.id))
    RETURNING id INTO made;
    RETURN made;
END
""",
    "revoke_token(p_login text, p_id bigint, p_now timestamptz) RETURNS boolean": """
BEGIN
    HOLD
    UPDATE wangge.tokens AS t SET revoked_at = p_now
    FROM wangge.accounts AS a
    WHERE a.id = t.account_id AND a.login = p_login AND t.id = p_id AND t.revoked_at IS NULL;
    RETURN FOUND;
END
""",
}
DEFINER = " LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$"


def upgrade() -> None:
    """Forward."""
    for one in REPLACED:
        op.execute(f"DROP FUNCTION wangge.{one}")
    for head, body in FUNCTIONS.items():
        op.execute(
            f"CREATE OR REPLACE FUNCTION wangge.{head}{DEFINER}{body.replace('HOLD', HOLD)}$$"
        )
        name = head.partition("(")[0]
        op.execute(f"REVOKE ALL ON FUNCTION wangge.{name} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION wangge.{name} TO wangge_app")
