"""a session that is only looked at does not count as used

Revision: 0036
Follows: 0035
"""

from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

LOOK = """
CREATE FUNCTION wangge.account_of_session(p_secret text, p_now timestamptz, p_idle interval)
RETURNS TABLE
    (account wangge.accounts, half boolean, before_at timestamptz, before_refused integer)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
SELECT a, s.half, s.last_login_at, s.refused_since
FROM wangge.web_sessions AS s JOIN wangge.accounts AS a ON a.id = s.account_id
WHERE s.secret_sha256 = p_secret AND a.state = 'active'
  AND s.seen_at > p_now - p_idle AND s.ends_at > p_now
$$;
GRANT EXECUTE ON FUNCTION wangge.account_of_session TO wangge_app
"""


def upgrade() -> None:
    """Forward."""
    op.execute(LOOK)
