"""the store itself refuses parts above their whole and codes that are none of their level

Revision: 0055
Follows: 0054
"""

from alembic import op

revision = "0055"
down_revision = "0054"
branch_labels = None
depends_on = None

PARTS = "rented_dwellings <= dwellings AND floating_residents <= residents"
# At the end of the transaction, as an import takes shares away and adds others; all parts count,
# also those of areas that the writer may not see.
SHARES = """
CREATE FUNCTION wangge.refuse_more_than_whole() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = wangge, pg_temp
AS $$
BEGIN
    IF (SELECT sum(share) FROM facility_shares WHERE facility_id = NEW.facility_id) > 1 + 1e-9 THEN
        RAISE check_violation USING
            CONSTRAINT = 'shares_of_whole',
            MESSAGE = format('the shares of facility %s sum to more than 1', NEW.facility_id);
    END IF;
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER shares_of_whole AFTER INSERT OR UPDATE ON wangge.facility_shares
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION wangge.refuse_more_than_whole()
"""
# Which code is of which level says the district file, whose patterns the first import notes; other
# countries' codes have other lengths. The first pattern that matches in full decides.
LEVELS = """
CREATE FUNCTION wangge.refuse_strange_code() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = wangge, pg_temp
AS $$
DECLARE
    patterns CONSTANT json := (SELECT value FROM store_facts WHERE key = 'codes');
    is_level CONSTANT text := CASE TG_TABLE_NAME WHEN 'areas' THEN to_jsonb(NEW) ->> 'level'
                                                 ELSE 'community' END;
    known text;
BEGIN
    SELECT said.level INTO known
    FROM json_each_text(patterns) WITH ORDINALITY AS said (level, pattern, place)
    WHERE NEW.area_code ~ ('^(?:' || said.pattern || ')$')
    ORDER BY said.place LIMIT 1;
    IF patterns IS NOT NULL AND known IS DISTINCT FROM is_level THEN
        RAISE check_violation USING
            CONSTRAINT = 'code_of_level',
            MESSAGE = format('%s is no code of a %s of this district', NEW.area_code, is_level);
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER code_of_level BEFORE INSERT OR UPDATE ON wangge.areas
FOR EACH ROW EXECUTE FUNCTION wangge.refuse_strange_code();
CREATE TRIGGER code_of_level BEFORE INSERT OR UPDATE ON wangge.grids
FOR EACH ROW EXECUTE FUNCTION wangge.refuse_strange_code()
"""


# A store that holds such a row already keeps it, and takes no more of them.
VALIDATE = """
DO $$
BEGIN
    ALTER TABLE wangge.{table} VALIDATE CONSTRAINT ck_{table}_parts;
EXCEPTION WHEN check_violation THEN
    RAISE WARNING 'wangge.{table} holds parts above their whole';
END
$$
"""


def upgrade() -> None:
    """Forward."""
    for table in ("compounds", "household_counts"):
        op.create_check_constraint(
            op.f(f"ck_{table}_parts"), table, PARTS, schema="wangge", postgresql_not_valid=True
        )
        op.execute(VALIDATE.format(table=table))
    for name, statements in (
        ("refuse_more_than_whole", SHARES), ("refuse_strange_code", LEVELS),
    ):  # fmt: skip
        op.execute(statements)
        op.execute(f"REVOKE ALL ON FUNCTION wangge.{name} FROM PUBLIC")
        op.execute(f"ALTER FUNCTION wangge.{name} OWNER TO wangge_reader")
