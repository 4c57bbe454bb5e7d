"""the first security administrator is made by the first administrator, once in a store's life

Revision: 0067
Follows: 0066
"""

import sqlalchemy as sa
from alembic import op

revision = "0067"
down_revision = "0066"
branch_labels = None
depends_on = None

# That there was one is kept on the account, whatever becomes of its role and whoever updates it.
ONCE = """
CREATE FUNCTION wangge.keep_security_admin() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    NEW.was_security_admin := NEW.role IS NOT DISTINCT FROM 'security_admin'
        OR (TG_OP = 'UPDATE' AND OLD.was_security_admin);
    RETURN NEW;
END
$$;
CREATE TRIGGER keep_security_admin BEFORE INSERT OR UPDATE ON wangge.accounts
FOR EACH ROW EXECUTE FUNCTION wangge.keep_security_admin();
UPDATE wangge.accounts SET role = role
"""
# Row rights would hide the accounts of others from an administrator of a part.
ASKED = """
CREATE FUNCTION wangge.no_security_admin_yet() RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
SELECT wangge.everywhere('{accounts:write}')
   AND NOT EXISTS (SELECT FROM wangge.accounts WHERE was_security_admin)
$$;
REVOKE ALL ON FUNCTION wangge.no_security_admin_yet FROM PUBLIC;
GRANT EXECUTE ON FUNCTION wangge.no_security_admin_yet TO wangge_app
"""
# The table's lock lets nobody else make or change an account until this one stands: of two at once
# the second waits, and then finds the first's. It is a new row, so that nobody's own role changes.
MADE = """
CREATE FUNCTION wangge.first_security_admin(p_login text, p_area_code text, p_now timestamptz)
RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    LOCK TABLE wangge.accounts IN SHARE ROW EXCLUSIVE MODE;
    IF NOT wangge.no_security_admin_yet() THEN
        RETURN NULL;
    END IF;
    INSERT INTO wangge.accounts (area_code, login, role, area_prefixes, made_at)
    VALUES (p_area_code, p_login, 'security_admin', '{""}', p_now)
    ON CONFLICT DO NOTHING;
    RETURN CASE WHEN FOUND THEN 'made' ELSE 'taken' END;
END
$$;
REVOKE ALL ON FUNCTION wangge.first_security_admin FROM PUBLIC;
GRANT EXECUTE ON FUNCTION wangge.first_security_admin TO wangge_app
"""


def upgrade() -> None:
    """Forward."""
    op.add_column(
        "accounts",
        sa.Column("was_security_admin", sa.Boolean(), server_default="false", nullable=False),
        schema="wangge",
    )
    for statement in (ONCE, ASKED, MADE):
        op.execute(statement)
