"""what an import changed in columns with a right of their own is kept in such a column too

Revision: 0030
Follows: 0029
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from gis.db.columns import withhold

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

# The owner has no area of its own: row rights step aside for what moves the values.
MOVE = """
ALTER TABLE wangge.import_changes NO FORCE ROW LEVEL SECURITY;
ALTER TABLE wangge.imports NO FORCE ROW LEVEL SECURITY;
UPDATE wangge.import_changes SET
    withheld = jsonb_build_object('floating_residents', before -> 'floating_residents',
                                  'rented_dwellings', before -> 'rented_dwellings'),
    before = before - ARRAY['floating_residents', 'rented_dwellings']
FROM wangge.imports
WHERE imports.id = import_changes.import_id AND imports.kind IN ('compounds', 'households');
ALTER TABLE wangge.import_changes FORCE ROW LEVEL SECURITY;
ALTER TABLE wangge.imports FORCE ROW LEVEL SECURITY
"""


def upgrade() -> None:
    """Forward."""
    op.add_column("import_changes", sa.Column("withheld", JSONB()), schema="wangge")
    op.execute(MOVE)
    withhold(op, "import_changes", {"withheld": "jsonb"}, needed="rental:read")
