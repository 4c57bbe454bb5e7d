"""a danger names the post it was assigned to, and another account checks what one has fixed

Revision: 0058
Follows: 0057
"""

import sqlalchemy as sa
from alembic import op

revision = "0058"
down_revision = "0057"
branch_labels = None
depends_on = None

# Whoever checks may not read accounts: told is whether there is another one, and neither which
# nor how many.
ANOTHER = """
CREATE FUNCTION wangge.another_may(besides text, of_area text, of_roles text[]) RETURNS boolean
LANGUAGE sql STABLE PARALLEL RESTRICTED SECURITY DEFINER SET search_path = wangge, pg_temp
BEGIN ATOMIC
    SELECT EXISTS (
        SELECT FROM wangge.accounts AS account, unnest(account.area_prefixes) AS prefix
        WHERE account.state = 'active' AND account.role = ANY (of_roles) AND of_area ^@ prefix
          AND account.login <> besides
    ) AND ((SELECT wangge.everywhere('{dangers:write}'))
           OR of_area LIKE ANY ((SELECT wangge.within('{dangers:write}'))::text[]));
END;
REVOKE ALL ON FUNCTION wangge.another_may FROM PUBLIC;
GRANT EXECUTE ON FUNCTION wangge.another_may TO wangge_app;
ALTER FUNCTION wangge.another_may OWNER TO wangge_reader
"""


def upgrade() -> None:
    """Forward."""
    op.add_column("dangers", sa.Column("post", sa.Text()), schema="wangge")
    op.add_column("dangers", sa.Column("fixed_by", sa.Text()), schema="wangge")
    op.create_check_constraint(
        op.f("ck_dangers_post_length"), "dangers", "length(post) <= 60", schema="wangge"
    )
    op.execute(ANOTHER)
