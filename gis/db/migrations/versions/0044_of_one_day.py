"""what a video point and a compound were on a day, said once for every question

Revision: 0044
Follows: 0042
"""

from alembic import op

revision = "0044"
down_revision = "0042"
branch_labels = None
depends_on = None

# The planner writes these out where they are called: no SECURITY DEFINER, no settings, one SELECT.
STATUS = """
CREATE FUNCTION wangge.camera_status_on(status text, installed_on date, removed_on date, day date)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN removed_on <= day THEN 'removed'
            WHEN installed_on > day THEN 'planned'
            WHEN status = 'removed' AND removed_on > day THEN 'in_use'
            ELSE status END
"""
STATE = """
CREATE FUNCTION wangge.camera_state_before(
    key text, newest_state text, newest_at timestamptz, until timestamptz
) RETURNS TABLE (state text)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT CASE
        WHEN newest_at < until THEN newest_state
        WHEN newest_at IS NOT NULL THEN (
            SELECT seen.state FROM wangge.camera_observations AS seen
            WHERE seen.camera_key = key AND seen.observed_at < until
            ORDER BY seen.observed_at DESC LIMIT 1)
        END;
END
"""
HOUSEHOLDS = """
CREATE FUNCTION wangge.compound_households_on(
    compound text, own_households integer, own_as_of date, day date
) RETURNS TABLE (households integer)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT figure.households FROM (
        SELECT counted.households, counted.as_of, 0 AS own FROM wangge.household_counts AS counted
        WHERE counted.subject_kind = 'compound' AND counted.subject_code = compound
          AND counted.as_of <= day AND counted.households IS NOT NULL
        UNION ALL
        SELECT own_households, own_as_of, 1
        WHERE (own_as_of > day) IS NOT TRUE AND own_households IS NOT NULL
    ) AS figure
    ORDER BY figure.as_of DESC NULLS LAST, figure.own LIMIT 1;
END
"""


def upgrade() -> None:
    """Forward."""
    for statement in (STATUS, STATE, HOUSEHOLDS):
        op.execute(statement)
    op.execute("""
        GRANT EXECUTE ON FUNCTION wangge.camera_status_on, wangge.camera_state_before,
            wangge.compound_households_on TO wangge_app""")
