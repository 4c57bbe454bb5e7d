"""the data begin for everybody on the same day, whatever rows one sees

Revision: 0032
Follows: 0031
"""

from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

FIRST = """
CREATE FUNCTION wangge.first_incident() RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL RESTRICTED SECURITY DEFINER SET search_path = wangge, pg_temp
BEGIN ATOMIC
    SELECT min(occurred_at) FROM wangge.incidents HAVING wangge.holds('{}');
END;
GRANT EXECUTE ON FUNCTION wangge.first_incident() TO wangge_app;
ALTER FUNCTION wangge.first_incident() OWNER TO wangge_reader
"""


def upgrade() -> None:
    """Forward."""
    op.execute(FIRST)
