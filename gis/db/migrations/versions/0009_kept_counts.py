"""what everyday questions count, kept at write time: newest states, standing lettings, ground

Revision: 0009
Follows: 0008
"""

import sqlalchemy as sa
from alembic import op

from gis.db.rights import protect

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

# The newest observation of each point. What is inserted can only be newer or older than what is
# kept; what is changed or deleted may have been the newest, so that its points are looked up again.
STATES = """
CREATE FUNCTION wangge.keep_newest_states() RETURNS trigger
LANGUAGE plpgsql SET search_path = wangge, public
AS $$
DECLARE
    keys text[];
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO camera_states AS kept (camera_key, area_code, observed_at, state)
        SELECT DISTINCT ON (camera_key) camera_key, area_code, observed_at, state
        FROM added ORDER BY camera_key, observed_at DESC
        ON CONFLICT (camera_key) DO UPDATE
        SET area_code = excluded.area_code, observed_at = excluded.observed_at,
            state = excluded.state
        WHERE excluded.observed_at > kept.observed_at;
        RETURN NULL;
    END IF;
    IF TG_OP = 'UPDATE' THEN
        keys := ARRAY(SELECT camera_key FROM gone UNION SELECT camera_key FROM added);
    ELSE
        keys := ARRAY(SELECT DISTINCT camera_key FROM gone);
    END IF;
    DELETE FROM camera_states WHERE camera_key = ANY (keys);
    INSERT INTO camera_states (camera_key, area_code, observed_at, state)
    SELECT newest.*
    FROM unnest(keys) AS touched (camera_key)
    CROSS JOIN LATERAL (
        SELECT seen.camera_key, seen.area_code, seen.observed_at, seen.state
        FROM camera_observations AS seen
        WHERE seen.camera_key = touched.camera_key
        ORDER BY seen.observed_at DESC LIMIT 1
    ) AS newest;
    RETURN NULL;
END
$$
"""
# Differences are added up, so that one statement costs what it changes and not what is stored.
LETTINGS = """
CREATE FUNCTION wangge.keep_standing_lettings() RETURNS trigger
LANGUAGE plpgsql SET search_path = wangge, public
AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        INSERT INTO standing_lettings AS kept (compound_code, area_code, lettings, occupants)
        SELECT compound_code, area_code, -count(*), -coalesce(sum(occupants), 0)
        FROM gone WHERE compound_code IS NOT NULL AND ended_on IS NULL
        GROUP BY compound_code, area_code ORDER BY compound_code, area_code
        ON CONFLICT (compound_code, area_code) DO UPDATE
        SET lettings = kept.lettings + excluded.lettings,
            occupants = kept.occupants + excluded.occupants;
    END IF;
    IF TG_OP <> 'DELETE' THEN
        INSERT INTO standing_lettings AS kept (compound_code, area_code, lettings, occupants)
        SELECT compound_code, area_code, count(*), coalesce(sum(occupants), 0)
        FROM added WHERE compound_code IS NOT NULL AND ended_on IS NULL
        GROUP BY compound_code, area_code ORDER BY compound_code, area_code
        ON CONFLICT (compound_code, area_code) DO UPDATE
        SET lettings = kept.lettings + excluded.lettings,
            occupants = kept.occupants + excluded.occupants;
    END IF;
    RETURN NULL;
END
$$
"""
ROWS = {"INSERT": "NEW TABLE AS added", "DELETE": "OLD TABLE AS gone",
        "UPDATE": "OLD TABLE AS gone NEW TABLE AS added"}  # fmt: skip
TRIGGER = """
CREATE TRIGGER {function}_on_{event} AFTER {event} ON wangge.{table} REFERENCING {rows}
FOR EACH STATEMENT EXECUTE FUNCTION wangge.{function}()
"""
# Whoever draws a compound anew without measuring it leaves no stale figure behind.
GROUND = """
CREATE FUNCTION wangge.forget_ground() RETURNS trigger
LANGUAGE plpgsql SET search_path = wangge, public
AS $$
BEGIN
    NEW.ground_m2 := NULL;
    NEW.ground_srid := NULL;
    RETURN NEW;
END
$$;
CREATE TRIGGER forget_ground BEFORE UPDATE ON wangge.compounds FOR EACH ROW
WHEN (NEW.geom::bytea IS DISTINCT FROM OLD.geom::bytea
      AND NEW.ground_m2 IS NOT DISTINCT FROM OLD.ground_m2)
EXECUTE FUNCTION wangge.forget_ground()
"""
# The owner has no area of its own: row rights step aside for what fills the new tables.
FILL = """
ALTER TABLE wangge.camera_observations NO FORCE ROW LEVEL SECURITY;
ALTER TABLE wangge.dwellings NO FORCE ROW LEVEL SECURITY;
INSERT INTO wangge.camera_states (camera_key, area_code, observed_at, state)
SELECT DISTINCT ON (camera_key) camera_key, area_code, observed_at, state
FROM wangge.camera_observations ORDER BY camera_key, observed_at DESC;
INSERT INTO wangge.standing_lettings (compound_code, area_code, lettings, occupants)
SELECT compound_code, area_code, count(*), coalesce(sum(occupants), 0)
FROM wangge.dwellings WHERE compound_code IS NOT NULL AND ended_on IS NULL
GROUP BY compound_code, area_code;
ALTER TABLE wangge.camera_observations FORCE ROW LEVEL SECURITY;
ALTER TABLE wangge.dwellings FORCE ROW LEVEL SECURITY
"""


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "camera_states",
        sa.Column("camera_key", sa.Text(), nullable=False),
        sa.Column("area_code", sa.Text(), nullable=False),
        sa.Column("observed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("camera_key", name=op.f("pk_camera_states")),
        sa.CheckConstraint(
            "state IN ('working', 'down', 'unknown')", name=op.f("ck_camera_states_state_listed")
        ),
        schema="wangge",
    )
    op.create_table(
        "standing_lettings",
        sa.Column("compound_code", sa.Text(), nullable=False),
        sa.Column("area_code", sa.Text(), nullable=False),
        sa.Column("lettings", sa.BigInteger(), nullable=False),
        sa.Column("occupants", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("compound_code", "area_code", name=op.f("pk_standing_lettings")),
        schema="wangge",
    )
    op.add_column("compounds", sa.Column("ground_m2", sa.Float()), schema="wangge")
    op.add_column("compounds", sa.Column("ground_srid", sa.Integer()), schema="wangge")
    _indexes()
    for statement in (STATES, LETTINGS, GROUND, FILL):
        op.execute(statement)
    for function, table in (
        ("keep_newest_states", "camera_observations"),
        ("keep_standing_lettings", "dwellings"),
    ):
        for event, rows in ROWS.items():
            op.execute(TRIGGER.format(function=function, event=event, table=table, rows=rows))
    for table, capability in (("camera_states", "video"), ("standing_lettings", "rental")):
        protect(op, table, read=[f"{capability}:read"], write=[f"{capability}:write"])


def _indexes() -> None:
    op.drop_index("ix_incidents_in_compounds", "incidents", schema="wangge")
    op.create_index(
        "ix_incidents_in_compounds", "incidents", ["compound_code", "category", "occurred_at"],
        schema="wangge", postgresql_include=["area_code"],
        postgresql_where="compound_code IS NOT NULL",
    )  # fmt: skip
    op.create_index(
        "ix_cameras_in_compounds", "cameras", ["compound_code"], schema="wangge",
        postgresql_include=["area_code", "source_key", "status", "installed_on", "removed_on"],
        postgresql_where="compound_code IS NOT NULL",
    )  # fmt: skip
    for day in ("registered_on", "ended_on"):
        op.create_index(f"ix_dwellings_{day}", "dwellings", [day], schema="wangge")
