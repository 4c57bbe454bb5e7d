"""The four answers of `naive` from the store: the import has assigned the codes, so it counts.

The statements mirror the frames of `naive` row by row, so that the answers can be compared.
"""

from datetime import date, datetime

import pandas as pd
from sqlalchemy import text
from sqlalchemy.orm import Session

from gis.db import sql

_COVERAGE = text("""
WITH counted AS (
    SELECT id, area_code,
           coalesce(floor_area_m2, CASE WHEN ST_Dimension(geom) = 2
               THEN ST_Area(ST_Transform(geom, CAST(:srid AS int)))
                    * greatest(coalesce(storeys, 1), 1) END, 0) AS area_m2
    FROM facilities
    WHERE (status = 'open' OR (status = 'closed' AND closed_on IS NOT NULL))
      AND (opened_on IS NULL OR opened_on <= CAST(:day AS date))
      AND (closed_on IS NULL OR closed_on > CAST(:day AS date))
      AND function = ANY (CAST(:functions AS text[]))
), part AS (
    SELECT area_code, area_m2 FROM counted
    UNION ALL
    SELECT moved.code, moved.sign * share * area_m2
    FROM counted JOIN facility_shares AS given ON given.facility_id = counted.id
    CROSS JOIN LATERAL (VALUES (given.area_code, 1), (counted.area_code, -1)) AS moved (code, sign)
), placed AS (
    SELECT area_code AS code, sum(area_m2) AS area_m2 FROM part GROUP BY area_code
), newest AS (
    SELECT DISTINCT ON (subject_code) subject_code AS code, households
    FROM household_counts
    WHERE subject_kind = 'community' AND as_of <= CAST(:day AS date) AND households IS NOT NULL
    ORDER BY subject_code, as_of DESC
)
SELECT areas.code, coalesce(area_m2, 0) AS floor_area_m2,
       100 * coalesce(area_m2, 0) / coalesce(newest.households, areas.households)
           AS m2_per_100_households
FROM areas
LEFT JOIN placed ON placed.code = areas.code
LEFT JOIN newest ON newest.code = areas.code
WHERE areas.level = 'community' AND areas.valid_to IS NULL
ORDER BY areas.code
""")
_INCIDENTS = text("""
SELECT compound_code AS code, category, count(*) AS incidents
FROM incidents
WHERE compound_code IS NOT NULL
  AND occurred_at >= CAST(:since AS timestamptz) AND occurred_at < CAST(:until AS timestamptz)
GROUP BY compound_code, category
""")
_RENTAL = text("""
WITH let AS (
    SELECT compound_code AS code, count(*) AS rented, sum(occupants) AS occupants
    FROM dwellings
    WHERE compound_code IS NOT NULL
      AND (registered_on IS NULL OR registered_on <= CAST(:day AS date))
      AND (ended_on IS NULL OR ended_on > CAST(:day AS date))
    GROUP BY compound_code
)
SELECT compounds.code, coalesce(rented, 0) AS rented_dwellings,
       coalesce(occupants, 0) AS occupants,
       coalesce(rented, 0) * 1e6 / ST_Area(ST_Transform(geom, CAST(:srid AS int)))
           AS rented_per_km2
FROM compounds LEFT JOIN let ON let.code = compounds.code
WHERE compounds.valid_to IS NULL
ORDER BY compounds.code
""")
_VIDEO = text("""
WITH newest AS (
    SELECT DISTINCT ON (camera_key) camera_key, state
    FROM camera_observations
    WHERE observed_at < CAST(:until AS timestamptz)
    ORDER BY camera_key DESC, observed_at DESC
), point AS (
    SELECT source_key, compound_code,
           CASE WHEN removed_on <= CAST(:day AS date) THEN 'removed'
                WHEN installed_on > CAST(:day AS date) THEN 'planned'
                WHEN status = 'removed' AND removed_on > CAST(:day AS date) THEN 'in_use'
                ELSE status END AS status
    FROM cameras
    WHERE compound_code IS NOT NULL
), held AS (
    SELECT compound_code AS code,
           count(*) FILTER (WHERE status NOT IN ('planned', 'removed')) AS cameras,
           count(*) FILTER (WHERE status = 'in_use') AS in_use,
           count(*) FILTER (WHERE status = 'in_use' AND state = 'working') AS working
    FROM point LEFT JOIN newest ON newest.camera_key = point.source_key
    GROUP BY compound_code
)
SELECT compounds.code, coalesce(cameras, 0) AS cameras, coalesce(in_use, 0) AS in_use,
       coalesce(working, 0) AS working
FROM compounds LEFT JOIN held ON held.code = compounds.code
WHERE compounds.valid_to IS NULL
ORDER BY compounds.code
""")


def coverage(session: Session, *, day: date, srid: int, functions: tuple[str, ...]) -> pd.DataFrame:
    """Facility area and its ratio per 100 households, by community."""
    asked = {"day": day, "srid": srid, "functions": list(functions)}
    return sql.table(session, _COVERAGE, asked).set_index("code")


def incidents(session: Session, *, since: datetime, until: datetime) -> pd.DataFrame:
    """Incidents by compound (rows) and category (columns)."""
    found = sql.table(session, _INCIDENTS, {"since": since, "until": until})
    return found.set_index(["code", "category"])["incidents"].unstack(fill_value=0)


def rental(session: Session, *, day: date, srid: int) -> pd.DataFrame:
    """Dwellings let, their people and dwellings let per km², by compound."""
    return sql.table(session, _RENTAL, {"day": day, "srid": srid}).set_index("code")


def video(session: Session, *, day: date, until: datetime) -> pd.DataFrame:
    """Video points, those in use and those that work, by compound."""
    return sql.table(session, _VIDEO, {"day": day, "until": until}).set_index("code")
