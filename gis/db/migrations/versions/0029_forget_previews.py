"""what was seen of an uploaded file goes with the upload, and with its settings

Revision: 0029
Follows: 0028
"""

from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

# Whoever removes an upload need not be who asked for its job, and the night removes everybody's.
FORGET = """
CREATE FUNCTION wangge.forget_preview() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = wangge, pg_temp
AS $$
BEGIN
    UPDATE jobs SET result = NULL
    WHERE id = OLD.preview_job AND kind = 'preview' AND area_code = OLD.area_code;
    RETURN NULL;
END
$$;
CREATE TRIGGER forget_preview AFTER DELETE ON wangge.uploads
FOR EACH ROW EXECUTE FUNCTION wangge.forget_preview();
CREATE TRIGGER forget_former_preview AFTER UPDATE OF preview_job ON wangge.uploads
FOR EACH ROW WHEN (OLD.preview_job IS DISTINCT FROM NEW.preview_job)
EXECUTE FUNCTION wangge.forget_preview();
REVOKE ALL ON FUNCTION wangge.forget_preview FROM PUBLIC;
GRANT UPDATE (result) ON wangge.jobs TO wangge_reader;
ALTER FUNCTION wangge.forget_preview OWNER TO wangge_reader
"""
# The owner has no area of its own: row rights step aside for what empties the rows of before.
LEFT = """
ALTER TABLE wangge.jobs NO FORCE ROW LEVEL SECURITY;
ALTER TABLE wangge.uploads NO FORCE ROW LEVEL SECURITY;
UPDATE wangge.jobs SET result = NULL
WHERE kind = 'preview' AND id NOT IN (
    SELECT preview_job FROM wangge.uploads WHERE preview_job IS NOT NULL);
ALTER TABLE wangge.jobs FORCE ROW LEVEL SECURITY;
ALTER TABLE wangge.uploads FORCE ROW LEVEL SECURITY
"""


def upgrade() -> None:
    """Forward."""
    op.execute(FORGET)
    op.execute(LEFT)
