"""ground that three and more working points see, withheld like the square metres beside it

Revision: 0040
Follows: 0038
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from gis.db.columns import withhold

revision = "0040"
down_revision = "0038"
branch_labels = None
depends_on = None

GROUND = {
    "digest": "text",
    **dict.fromkeys(
        ("public_m2", "seen_m2", "seen_twice_m2", "seen_all_m2", "seen_all_twice_m2",
         "seen_measured_m2", "seen_potential_m2", "blind_m2", "street_m", "street_seen_m"),
        "double precision",
    ),
    **dict.fromkeys(("entrances", "entrances_seen", "key_places", "key_places_seen"), "integer"),
    "seen_deeper_m2": "jsonb",
}  # fmt: skip


def upgrade() -> None:
    """Forward."""
    op.add_column(
        "video_coverage", sa.Column("seen_deeper_m2", postgresql.JSONB()), schema="wangge"
    )
    op.execute("DROP FUNCTION wangge.withheld_video_coverage(bigint)")
    withhold(op, "video_coverage", GROUND, needed="video:read", above=True, by_run=True)
