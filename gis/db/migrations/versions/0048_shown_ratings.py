"""one word for what colour a rating shows: the published one, once its quarter is published

Revision: 0048
Follows: 0047
"""

from alembic import op

from gis.db.tile_functions import Rows, Tile, make

revision = "0048"
down_revision = "0047"
branch_labels = None
depends_on = None

WORD = """
CREATE FUNCTION wangge.colour_zh(colour text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE colour WHEN 'red' THEN '红牌' WHEN 'yellow' THEN '黄牌' WHEN 'green' THEN '绿牌'
                   ELSE '未评级' END;
GRANT EXECUTE ON FUNCTION wangge.colour_zh TO wangge_app, wangge_reader
"""
# Ratings as they are shown. Of a published run the colour that hangs at the entrances, with the
# rule's own in rated_colour where people decided another and null elsewhere; of any other run the
# rule's. The colour before is that of the plaque that hung before, else what the run took for it.
SHOWN = """
CREATE VIEW wangge.shown_ratings WITH (security_invoker = true) AS
SELECT rating.id, rating.run_id, rating.area_code, rating.compound_code, rating.compound_name,
       rating.peer_group, coalesce(hung.colour, rating.colour) AS colour,
       CASE WHEN hung.colour <> rating.colour THEN rating.colour END AS rated_colour,
       coalesce(nullif(before.colour, 'unrated'), rating.previous_colour) AS previous_colour,
       rating.households, rating.observed, rating.expected, rating.relative_risk, rating.p_red, rating.p_amber,
       rating.low_count, rating.rated_with, rating.quality, rating.quality_notes, rating.rule,
       CASE WHEN hung.colour <> rating.colour
            THEN format('经复核由两人认定为%s，规则结果为%s。规则结果的依据：%s',
                        wangge.colour_zh(hung.colour), wangge.colour_zh(rating.colour),
                        rating.reason_zh) ELSE rating.reason_zh END AS reason_zh,
       CASE WHEN hung.colour <> rating.colour
            THEN format('Decided by two people in the review: %s; the rule said %s. Why it did: %s',
                        hung.colour, rating.colour, rating.reason_en)
            ELSE rating.reason_en END AS reason_en
FROM wangge.ratings AS rating
LEFT JOIN (
    wangge.published_ratings AS hung JOIN (
        SELECT DISTINCT ON (run_id) run_id, id
        FROM wangge.rating_cycles WHERE state = 'published'
        ORDER BY run_id, revision DESC
    ) AS cycle ON cycle.id = hung.cycle_id
) ON cycle.run_id = rating.run_id AND hung.compound_code = rating.compound_code
LEFT JOIN (
    wangge.published_ratings AS before JOIN (
        SELECT DISTINCT ON (run.id) run.id AS run_id, past.id
        FROM wangge.runs AS run
        JOIN wangge.rating_cycles AS past
          ON past.state = 'published' AND past.area_code = run.area_code
         AND past.period < run.period
        WHERE run.analysis = 'rating' AND run.period LIKE '%Q%'
        ORDER BY run.id, past.period DESC, past.revision DESC
    ) AS earlier ON earlier.id = before.cycle_id
) ON earlier.run_id = rating.run_id AND before.compound_code = rating.compound_code;
GRANT SELECT ON wangge.shown_ratings TO wangge_app
"""
# The same colour for the one run of a tile, without what a tile does not show.
COLOURED = (
    "compounds AS place JOIN ratings AS result"
    " ON result.run_id = run AND result.compound_code = place.code"
    " LEFT JOIN published_ratings AS hung ON hung.compound_code = result.compound_code"
    " AND hung.cycle_id = (SELECT id FROM rating_cycles WHERE run_id = run AND state = 'published'"
    " ORDER BY revision DESC LIMIT 1)"
)
SHOWS = (
    "result.compound_code AS code, result.compound_name AS name,"
    " coalesce(hung.colour, result.colour) AS colour"
)
RATED = (
    "place.valid_from <= shown_on AND (place.valid_to IS NULL OR place.valid_to > shown_on)"
    " AND (SELECT wangge.rating_shown(run))"
)
SIGNATURE = "(integer, integer, integer, text, date, bigint, text, integer)"


def upgrade() -> None:
    """Forward."""
    op.execute(WORD)
    op.execute(SHOWN)
    for layer in ("rating", "risk"):
        op.execute(f"DROP FUNCTION wangge.tile_{layer}{SIGNATURE}")
        make(op, Tile(
            layer, SHOWS, COLOURED, (Rows("place", "compounds:read"), Rows("result", "rating:read")),
            RATED,
        ))  # fmt: skip
