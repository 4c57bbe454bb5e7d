"""row-level rights: who works, sealed for one transaction, and policies on every table

Revision: 0006
Follows: 0005
"""

from alembic import op

from gis.db.rights import Reach, protect

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

# A schema of the owner's own: a backup does not hold it, a restore leaves it alone, and no default
# right opens it. Whoever knew the key could seal any identity.
KEY = """
CREATE SCHEMA wangge_private;
CREATE TABLE wangge_private.seal (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    key bytea NOT NULL
);
INSERT INTO wangge_private.seal (key)
VALUES (sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())));
"""
# An outer and an inner hash, as in HMAC: a seal says nothing of that of a longer text.
SEAL = """
CREATE FUNCTION wangge_private.sealed(told text) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    key CONSTANT bytea := (SELECT seal.key FROM wangge_private.seal);
BEGIN
    RETURN encode(sha256(key || sha256(key || convert_to(told, 'UTF8'))), 'hex');
END
$$;
"""
# The lock is the transaction's memory: nothing but its end gives it back, so no second call passes
# even after the setting was overwritten.
ENTER = r"""
CREATE FUNCTION wangge.enter(user_id text, area_prefixes text[], rights text[]) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    doors CONSTANT integer := 2002873959;  -- "wang": a key of our own among advisory locks
    told text;
BEGIN
    IF EXISTS (
        SELECT FROM pg_locks
        WHERE locktype = 'advisory' AND pid = pg_backend_pid() AND objsubid = 2
          AND classid::bigint = doors AND objid::bigint = pg_backend_pid()
    ) OR NOT pg_try_advisory_xact_lock_shared(doors, pg_backend_pid()) THEN
        RAISE insufficient_privilege USING MESSAGE = 'somebody works in this transaction already';
    END IF;
    IF (user_id ~ '^[^|[:cntrl:]]{1,200}$'
        AND area_prefixes::text ~ '^\{(""|[0-9A-Za-z-]{1,20}|,)*\}$'
        AND array_position(area_prefixes, NULL) IS NULL
        AND rights::text ~ '^\{[a-z0-9_:,]*\}$') IS NOT TRUE THEN
        RAISE invalid_parameter_value USING MESSAGE = 'no user, area or right is written like that';
    END IF;
    told := concat_ws('|',
        encode(timestamptz_send(transaction_timestamp()), 'hex'), pg_backend_pid(),
        area_prefixes, rights, user_id);
    PERFORM set_config('wangge.identity', wangge_private.sealed(told) || told, true);
END
$$
"""
IDENTITY = """
CREATE FUNCTION wangge.identity(OUT user_id text, OUT area_prefixes text[], OUT rights text[])
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    held CONSTANT text := current_setting('wangge.identity', true);
    told CONSTANT text := substr(held, 65);
    part text[];
BEGIN
    IF left(held, 64) = wangge_private.sealed(told) THEN
        part := string_to_array(told, '|');
        IF part[1] = encode(timestamptz_send(transaction_timestamp()), 'hex')
           AND part[2] = pg_backend_pid()::text THEN
            area_prefixes := part[3];
            rights := part[4];
            user_id := part[5];
        END IF;
    END IF;
END
$$
"""
# What policies ask, once per statement: whether one of the rights is held, whether it is held in
# every area, and else the patterns of area codes it is held in.
ASKED = """
CREATE FUNCTION wangge.holds(needed text[]) RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    who CONSTANT record := wangge.identity();
BEGIN
    RETURN who.user_id IS NOT NULL AND (needed = '{}' OR who.rights && needed);
END
$$;
CREATE FUNCTION wangge.everywhere(needed text[]) RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    who CONSTANT record := wangge.identity();
BEGIN
    RETURN who.user_id IS NOT NULL AND (needed = '{}' OR who.rights && needed)
       AND '' = ANY (who.area_prefixes);
END
$$;
CREATE FUNCTION wangge.within(needed text[], above boolean DEFAULT false) RETURNS text[]
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    who CONSTANT record := wangge.identity();
BEGIN
    IF who.user_id IS NULL OR NOT (needed = '{}' OR who.rights && needed) THEN
        RETURN '{}';
    END IF;
    RETURN ARRAY(
        SELECT code || '%' FROM unnest(who.area_prefixes) AS code
        UNION
        SELECT left(code, size)
        FROM unnest(who.area_prefixes) AS code, generate_series(1, length(code) - 1) AS size
        WHERE above
    );
END
$$
"""
GRANTS = """
GRANT EXECUTE ON FUNCTION wangge.enter, wangge.identity, wangge.holds, wangge.everywhere,
    wangge.within TO wangge_app
"""
READ_BY_THE_COMMANDS = """
GRANT SELECT ON wangge.alembic_version TO wangge_app;
ALTER TABLE wangge.alembic_version ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY read ON wangge.alembic_version FOR SELECT USING (true);
CREATE POLICY owner ON wangge.alembic_version TO wangge_owner USING (true)
"""
# The trail's own functions add a line to the last one, whoever may read either.
AUDIT = """
ALTER TABLE wangge.audit_entries ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY read ON wangge.audit_entries FOR SELECT
    USING ((SELECT wangge.holds('{audit:read}')));
CREATE POLICY owner ON wangge.audit_entries TO wangge_owner USING (true)
"""


def upgrade() -> None:
    """Forward."""
    for statement in (KEY, SEAL, ENTER, IDENTITY, ASKED, GRANTS, READ_BY_THE_COMMANDS, AUDIT):
        op.execute(statement)
    records = {
        "areas": "areas", "buildings": "compounds", "camera_observations": "video",
        "cameras": "video", "compounds": "compounds", "dwellings": "rental",
        "evaluations": "reports", "facilities": "facilities", "facility_shares": "facilities",
        "grids": "grids", "household_counts": "areas", "incidents": "incidents",
        "private_places": "video", "streets": "areas", "worker_posts": "grids",
    }  # fmt: skip
    public = {"areas", "evaluations", "household_counts"}
    for table, capability in records.items():
        reach = Reach.OWN_AND_ABOVE if table in public else Reach.OWN
        protect(op, table, read=[f"{capability}:read"], write=[f"{capability}:write"], reach=reach)
    results = {
        "coverage_results": ("coverage", Reach.OWN_AND_ABOVE),
        "grid_findings": ("grids", Reach.OWN),
        "ratings": ("rating", Reach.OWN),
        "rental_cells": ("rental", Reach.OWN),
        "rental_results": ("rental", Reach.OWN),
        "video_findings": ("video", Reach.OWN),
        "video_results": ("rating", Reach.OWN_AND_ABOVE),
    }
    for table, (capability, reach) in results.items():
        protect(op, table, read=[f"{capability}:read"], write=["runs:write"], reach=reach)
    protect(op, "imports", read=["imports:read"], write=["imports:write"])
    protect(op, "runs", read=[], write=["runs:write"], reach=Reach.ALL)
    protect(op, "store_facts", read=[], write=["imports:write"], reach=Reach.ALL)
    protect(op, "jobs", read=["jobs:read"], write=["jobs:write"], own="asked_by")
