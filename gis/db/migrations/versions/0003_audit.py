"""the audit trail: append-only, chained, one partition per month

Revision: 0003
Follows: 0002
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# Nobody changes a line, not even the owner; partitions leave as a whole through prune_audit.
REFUSE = """
CREATE FUNCTION wangge.refuse_audit_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RAISE insufficient_privilege USING MESSAGE = 'lines of the audit trail are never changed';
END
$$;
CREATE TRIGGER never_changed BEFORE UPDATE OR DELETE ON wangge.audit_entries
FOR EACH ROW EXECUTE FUNCTION wangge.refuse_audit_change();
CREATE TRIGGER never_emptied BEFORE TRUNCATE ON wangge.audit_entries
FOR EACH STATEMENT EXECUTE FUNCTION wangge.refuse_audit_change();
"""

# Attached, not created as a partition: that would wait for everybody who reads the trail.
PARTITION = """
CREATE FUNCTION wangge.ensure_audit_month(moment timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    month timestamp := date_trunc('month', moment AT TIME ZONE 'UTC');
    part text := 'audit_entries_' || to_char(month, 'YYYY_MM');
BEGIN
    IF to_regclass('wangge.' || part) IS NOT NULL THEN
        RETURN;
    END IF;
    EXECUTE format('CREATE TABLE wangge.%I (LIKE wangge.audit_entries INCLUDING ALL)', part);
    EXECUTE format('REVOKE ALL ON wangge.%I FROM wangge_app', part);
    EXECUTE format(
        'CREATE TRIGGER never_emptied BEFORE TRUNCATE ON wangge.%I'
        ' FOR EACH STATEMENT EXECUTE FUNCTION wangge.refuse_audit_change()', part
    );
    EXECUTE format(
        'ALTER TABLE wangge.audit_entries ATTACH PARTITION wangge.%I FOR VALUES FROM (%L) TO (%L)',
        part, month AT TIME ZONE 'UTC', (month + interval '1 month') AT TIME ZONE 'UTC'
    );
END
$$
"""

# The lock is held until the commit, so every line follows one that stands. A snapshot older than
# the lock would not see that one, hence READ COMMITTED. Time never runs backwards in the chain.
APPEND = """
CREATE FUNCTION wangge.append_audit(lines jsonb) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    before bytea := decode(repeat('00', 32), 'hex');
    number bigint := 0;
    moment timestamptz;
    line jsonb;
    last record;
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE invalid_transaction_state USING MESSAGE = 'the audit trail wants READ COMMITTED';
    END IF;
    PERFORM pg_advisory_xact_lock(hashtext('wangge audit'));
    SELECT e.number, e.at, e.hash INTO last
    FROM wangge.audit_entries AS e ORDER BY e.number DESC LIMIT 1;
    IF FOUND THEN
        number := last.number;
        before := last.hash;
    END IF;
    FOR line IN SELECT one.value FROM jsonb_array_elements(lines) WITH ORDINALITY AS one
                ORDER BY one.ordinality
    LOOP
        number := number + 1;
        moment := greatest(clock_timestamp(), last.at);
        before := sha256(before || convert_to(jsonb_build_array(
            number::text, to_char(moment AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
            line ->> 'user_id', line ->> 'role', line ->> 'address', line ->> 'request_id',
            line ->> 'event', line ->> 'target', line ->> 'area_code', line ->> 'rows',
            line ->> 'result', line ->> 'purpose', (line -> 'detail')::text
        )::text, 'UTF8'));
        PERFORM wangge.ensure_audit_month(moment);
        INSERT INTO wangge.audit_entries VALUES (
            number, moment, line ->> 'user_id', line ->> 'role', line ->> 'address',
            line ->> 'request_id', line ->> 'event', line ->> 'target', line ->> 'area_code',
            (line ->> 'rows')::bigint, line ->> 'result', line ->> 'purpose', line -> 'detail',
            before
        );
    END LOOP;
    RETURN number;
END
$$
"""

# The table's lock comes before the chain's: whoever reads the trail and then writes a line would
# otherwise wait for us while we wait for him.
PRUNE = """
CREATE FUNCTION wangge.prune_audit(months integer, line jsonb) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '10s'
AS $$
DECLARE
    oldest timestamptz := date_trunc('month', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC'
                          - make_interval(months => months);
    part text;
    last record;
    dropped bigint;
BEGIN
    IF months IS NULL OR months < 6 THEN
        RAISE invalid_parameter_value USING MESSAGE = 'the audit trail is kept for six months';
    END IF;
    LOCK TABLE wangge.audit_entries IN ACCESS EXCLUSIVE MODE;
    SELECT count(*) INTO dropped FROM wangge.audit_entries AS e WHERE e.at < oldest;
    IF dropped = 0 THEN
        RETURN 0;
    END IF;
    SELECT e.number, e.hash INTO last
    FROM wangge.audit_entries AS e WHERE e.at < oldest ORDER BY e.number DESC LIMIT 1;
    PERFORM wangge.append_audit(jsonb_build_array(line || jsonb_build_object(
        'rows', dropped,
        'detail', jsonb_build_object(
            'months', months, 'last_dropped', last.number, 'last_hash', encode(last.hash, 'hex')
        )
    )));
    FOR part IN SELECT c.relname FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
                WHERE i.inhparent = 'wangge.audit_entries'::regclass
                  AND c.relname < 'audit_entries_' || to_char(oldest AT TIME ZONE 'UTC', 'YYYY_MM')
    LOOP
        EXECUTE format('DROP TABLE wangge.%I', part);
    END LOOP;
    RETURN dropped;
END
$$
"""

RIGHTS = """
REVOKE ALL ON wangge.audit_entries FROM wangge_app;
GRANT SELECT ON wangge.audit_entries TO wangge_app;
REVOKE ALL ON FUNCTION wangge.refuse_audit_change, wangge.ensure_audit_month,
    wangge.append_audit, wangge.prune_audit FROM PUBLIC, wangge_app;
GRANT EXECUTE ON FUNCTION wangge.append_audit, wangge.prune_audit TO wangge_app;
"""


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "audit_entries",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=True),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("area_code", sa.Text(), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=True),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=True),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("length(purpose) <= 500", name=op.f("ck_audit_entries_purpose_length")),
        sa.CheckConstraint(
            "octet_length(CAST(detail AS text)) <= 16384",
            name=op.f("ck_audit_entries_detail_length"),
        ),
        sa.CheckConstraint("rows >= 0", name=op.f("ck_audit_entries_counts")),
        sa.CheckConstraint("length(hash) = 32", name=op.f("ck_audit_entries_hash_length")),
        sa.PrimaryKeyConstraint("number", "at", name=op.f("pk_audit_entries")),
        schema="wangge",
        postgresql_partition_by="RANGE (at)",
    )
    for statement in (REFUSE, PARTITION, APPEND, PRUNE, RIGHTS):
        op.execute(statement)
