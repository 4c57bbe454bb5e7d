"""who asks, and what is newest, are found by statements that are planned once per connection

Revision: 0031
Follows: 0030
"""

from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

# The statements of before: LANGUAGE sql planned them anew in every request, and the undone imports
# were counted by reading all of them.
FOUND = """
CREATE OR REPLACE FUNCTION wangge.account_by_session(
    p_secret text, p_now timestamptz, p_idle interval
) RETURNS TABLE (
    account wangge.accounts, half boolean, before_at timestamptz, before_refused integer
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    UPDATE wangge.web_sessions SET seen_at = p_now
    WHERE secret_sha256 = p_secret AND seen_at < p_now - interval '30 seconds'
      AND seen_at > p_now - p_idle AND ends_at > p_now;
    RETURN QUERY
        SELECT a, s.half, s.last_login_at, s.refused_since
        FROM wangge.web_sessions AS s JOIN wangge.accounts AS a ON a.id = s.account_id
        WHERE s.secret_sha256 = p_secret AND a.state = 'active'
          AND s.seen_at > p_now - p_idle AND s.ends_at > p_now;
END
$$;
CREATE OR REPLACE FUNCTION wangge.account_by_token(
    p_secret text, p_now timestamptz
) RETURNS TABLE (account wangge.accounts, token_rights text[], token_prefixes text[])
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    UPDATE wangge.tokens SET last_used_at = p_now
    WHERE secret_sha256 = p_secret AND revoked_at IS NULL AND expires_at > p_now
      AND (last_used_at IS NULL OR last_used_at < p_now - interval '1 minute');
    RETURN QUERY
        SELECT a, t.rights, t.area_prefixes
        FROM wangge.tokens AS t JOIN wangge.accounts AS a ON a.id = t.account_id
        WHERE t.secret_sha256 = p_secret AND a.state = 'active'
          AND t.revoked_at IS NULL AND t.expires_at > p_now;
END
$$;
CREATE OR REPLACE FUNCTION wangge.newest(OUT import_id bigint, OUT run_id bigint)
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SECURITY DEFINER SET search_path = wangge, pg_temp
AS $$
BEGIN
    SELECT (SELECT max(id) FROM wangge.imports)
               + (SELECT count(*) FROM wangge.imports WHERE undone_at IS NOT NULL),
           (SELECT max(id) FROM wangge.runs)
    INTO import_id, run_id
    WHERE wangge.holds('{}');
END
$$
"""


def upgrade() -> None:
    """Forward."""
    op.create_index(
        "ix_imports_undone", "imports", ["id"], schema="wangge",
        postgresql_where="undone_at IS NOT NULL",
    )  # fmt: skip
    op.execute(FOUND)
