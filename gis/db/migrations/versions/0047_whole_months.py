"""counts of incidents by whole months, but for who may read incidents

Revision: 0047
Follows: 0046
"""

from alembic import op

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None

# Two windows a day apart tell that day's incidents of a compound. Months begin where the store
# says that its district lies, not where whoever asks says; a store that says nothing has none.
COUNTS = """
CREATE OR REPLACE FUNCTION wangge.incident_counts(since timestamptz, until timestamptz)
RETURNS TABLE (compound_code text, incidents bigint)
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SECURITY DEFINER
SET search_path = wangge, public, pg_temp
AS $$
DECLARE
    in_all CONSTANT boolean := wangge.everywhere('{rating:read}');
    mine CONSTANT text[] := wangge.within('{rating:read}');
    time_zone CONSTANT text := (SELECT value FROM store_facts WHERE key = 'time_zone');
BEGIN
    IF NOT wangge.holds('{incidents:read}') AND EXISTS (
        SELECT FROM unnest(ARRAY[since, until]) AS edge
        WHERE date_trunc('month', edge, time_zone) IS DISTINCT FROM edge
    ) THEN
        RAISE insufficient_privilege
            USING MESSAGE = 'incidents are counted by whole months without incidents:read';
    END IF;
    RETURN QUERY
        SELECT incident.compound_code, count(*)
        FROM incidents AS incident
        WHERE incident.occurred_at >= since AND incident.occurred_at < until
          AND incident.compound_code IS NOT NULL
          AND (in_all OR incident.area_code LIKE ANY (mine))
        GROUP BY incident.compound_code;
END
$$
"""


def upgrade() -> None:
    """Forward."""
    op.execute(COUNTS)
