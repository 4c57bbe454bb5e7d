"""Vector tiles of a layer as a function that checks the rights itself: what a migration calls."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Rows:
    """Rows of one table in a tile: its alias, the right that opens them, whether parents' count."""

    alias: str
    right: str
    above: bool = False


@dataclass(frozen=True)
class Tile:
    """One layer: what it shows, from which rows, which of them."""

    layer: str
    columns: str
    source: str
    rows: tuple[Rows, ...]
    where: str = "true"
    simplified: bool = True


# Boxes are constants of the statement, so that the index on geom_3857 serves them; features come in
# the order of their keys, so that the same rows make the same bytes; outlines lose what is smaller
# than half a pixel of a tile of 512 on the screen. Each call is planned for its own box: one plan
# for all made full tiles up to a quarter slower, and saves a small one 0.1 to 0.3 ms.
_TILE = """
CREATE FUNCTION wangge.tile_{layer}(
    z integer, x integer, y integer, area_prefix text, shown_on date, run bigint,
    subject_level text, h3_resolution integer
) RETURNS bytea
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SECURITY DEFINER
SET search_path = wangge, public, pg_temp SET plan_cache_mode = force_custom_plan
AS $$
DECLARE
    box CONSTANT geometry := ST_TileEnvelope(z, x, y);
    wide CONSTANT geometry := ST_TileEnvelope(z, x, y, margin => 0.0390625);
    half_pixel_m CONSTANT double precision := 40075016.685578488 / 2 ^ z / 512 / 2;
    {declared}
BEGIN
    RETURN (
        SELECT ST_AsMVT(shown, '{layer}', 4096, 'geom' ORDER BY shown.code)
        FROM (
            SELECT {columns}, ST_AsMVTGeom({geom}, box, 4096, 160, true) AS geom
            FROM {source}
            WHERE place.geom_3857 && wide
              AND place.area_code LIKE area_prefix || '%'
              AND {allowed}
              AND {where}
        ) AS shown
    );
END
$$
"""
_SIGNATURE = "tile_{}(integer, integer, integer, text, date, bigint, text, integer)".format


def make(op: Any, tile: Tile) -> None:
    """Create the function ``wangge.tile_<layer>``, runnable by the application.

    ``op`` is Alembic's. It runs as the role that row rights do not bind, so the spatial index
    serves the box; whose rows count, it asks the sealed identity.
    """
    signature = _SIGNATURE(tile.layer)
    op.execute(_statement(tile))
    op.execute(f"GRANT EXECUTE ON FUNCTION wangge.{signature} TO wangge_app")
    op.execute(f"ALTER FUNCTION wangge.{signature} OWNER TO wangge_reader")


def _statement(tile: Tile) -> str:
    declared, allowed = [], []
    for number, rows in enumerate(tile.rows):
        above = ", true" if rows.above else ""
        declared += [
            f"all_{number} CONSTANT boolean := wangge.everywhere('{{{rows.right}}}');",
            f"mine_{number} CONSTANT text[] := wangge.within('{{{rows.right}}}'{above});",
        ]
        allowed.append(f"(all_{number} OR {rows.alias}.area_code LIKE ANY (mine_{number}))")
    geom = "ST_Simplify(place.geom_3857, half_pixel_m, true)"
    return _TILE.format(
        layer=tile.layer, columns=tile.columns, source=tile.source, where=tile.where,
        geom=geom if tile.simplified else "place.geom_3857",
        declared="\n    ".join(declared), allowed=" AND ".join(allowed),
    )  # fmt: skip
