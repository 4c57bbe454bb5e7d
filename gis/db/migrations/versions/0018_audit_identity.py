"""a line of the audit trail is its writer's own: the user of the transaction, nobody else

Revision: 0018
Follows: 0017
"""

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

# Somebody who signs in is nobody yet: the line is nobody's and names the account as its target.
STATEMENTS = (
    "ALTER FUNCTION wangge.append_audit(jsonb) RENAME TO chain_audit",
    "REVOKE ALL ON FUNCTION wangge.chain_audit FROM PUBLIC, wangge_app",
    """
CREATE FUNCTION wangge.append_audit(lines jsonb) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    who CONSTANT text := (SELECT user_id FROM wangge.identity());
BEGIN
    IF EXISTS (
        SELECT FROM jsonb_array_elements(lines) AS line
        WHERE who IS NULL OR line ->> 'user_id' IS DISTINCT FROM who
    ) THEN
        RAISE insufficient_privilege USING MESSAGE = 'a line in the name of somebody else';
    END IF;
    RETURN wangge.chain_audit(lines);
END
$$
""",
    "GRANT EXECUTE ON FUNCTION wangge.append_audit TO wangge_app",
)


def upgrade() -> None:
    """Forward."""
    for statement in STATEMENTS:
        op.execute(statement)
