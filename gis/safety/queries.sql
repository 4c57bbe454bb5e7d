-- Three-colour rating (SAF-1): counts by compound, the households behind them, earlier colours.
-- A null :codes asks for every compound, a list for a few (one new incident, one compound).

-- name: compounds_on
-- Compounds of the day; began is the first day of the oldest version.
SELECT compound.code, compound.name, compound.area_code, compound.kind AS peer_group,
       CAST(compound.buildings AS float8) AS buildings, history.began
FROM compounds AS compound
JOIN (
    SELECT code, min(valid_from) AS began
    FROM compounds
    WHERE CAST(:codes AS text[]) IS NULL OR code = ANY (CAST(:codes AS text[]))
    GROUP BY code
) AS history ON history.code = compound.code
WHERE compound.valid_from <= CAST(:as_of AS date)
  AND (compound.valid_to IS NULL OR compound.valid_to > CAST(:as_of AS date))
  AND (CAST(:codes AS text[]) IS NULL OR compound.code = ANY (CAST(:codes AS text[])))
ORDER BY compound.code COLLATE "C";

-- name: household_history
-- Every household count of compounds: dated ones and the register's own, also of earlier versions
-- where it is dated; an undated figure speaks for the version of the day alone.
SELECT subject_code AS code, as_of, CAST(households AS float8) AS households
FROM household_counts
WHERE subject_kind = 'compound'
  AND households IS NOT NULL
  AND (CAST(:codes AS text[]) IS NULL OR subject_code = ANY (CAST(:codes AS text[])))
UNION ALL
SELECT code, households_as_of, CAST(households AS float8)
FROM compounds
WHERE households IS NOT NULL
  AND valid_from <= CAST(:as_of AS date)
  AND (households_as_of IS NOT NULL OR valid_to IS NULL OR valid_to > CAST(:as_of AS date))
  AND (CAST(:codes AS text[]) IS NULL OR code = ANY (CAST(:codes AS text[])));

-- name: incident_counts
-- Unweighted incidents per compound, category and month of the window; month 1 is the first of
-- :months, which are instants. The index on incidents in compounds holds all that is asked.
SELECT compound_code AS code,
       category,
       width_bucket(occurred_at, CAST(:months AS timestamptz[])) AS month,
       count(*) AS incidents
FROM incidents
WHERE compound_code IS NOT NULL
  AND occurred_at >= CAST(:start AS timestamptz)
  AND occurred_at < CAST(:end AS timestamptz)
  AND (CAST(:codes AS text[]) IS NULL OR compound_code = ANY (CAST(:codes AS text[])))
GROUP BY compound_code, category, month;

-- name: incidents_of_others
-- The same by place, of incidents that carry the codes of later days.
SELECT compound_code,
       category,
       width_bucket(occurred_at, CAST(:months AS timestamptz[])) AS month,
       ST_X(geom) AS lon,
       ST_Y(geom) AS lat,
       count(*) AS incidents
FROM incidents
WHERE compound_code = ANY (CAST(:others AS text[]))
  AND occurred_at >= CAST(:start AS timestamptz)
  AND occurred_at < CAST(:end AS timestamptz)
GROUP BY compound_code, category, month, lon, lat;

-- name: incidents_anywhere
-- All incidents of the window, in compounds or not.
SELECT count(*) AS incidents
FROM incidents
WHERE occurred_at >= CAST(:start AS timestamptz)
  AND occurred_at < CAST(:end AS timestamptz);

-- name: severe_events
-- Severe incidents of the listed categories, in the order of time.
SELECT compound_code, category, occurred_at, ST_X(geom) AS lon, ST_Y(geom) AS lat
FROM incidents
WHERE severe
  AND compound_code IS NOT NULL
  AND category = ANY (CAST(:categories AS text[]))
  AND occurred_at >= CAST(:start AS timestamptz)
  AND occurred_at < CAST(:end AS timestamptz)
  AND (CAST(:codes AS text[]) IS NULL OR compound_code = ANY (CAST(:codes AS text[])))
ORDER BY compound_code COLLATE "C", occurred_at, category, source_key;

-- name: first_incident
-- Of all: who sees one area would else take its quiet beginning for no data.
SELECT wangge.first_incident() AS at;

-- name: ground
-- Ground of a few compounds in the district's metric frame.
SELECT code, ST_AsBinary(ST_Transform(geom, CAST(:srid AS integer))) AS ground
FROM compounds
WHERE code = ANY (CAST(:codes AS text[]))
  AND valid_from <= CAST(:as_of AS date)
  AND (valid_to IS NULL OR valid_to > CAST(:as_of AS date))
ORDER BY code COLLATE "C";

-- name: colours_before
-- The colour that each compound had last before the quarter: of the newest earlier quarter, by its
-- newest run, in which it had one. A quarter that was not rated, or left it unrated, is passed over.
SELECT DISTINCT ON (rating.compound_code) rating.compound_code AS code, rating.colour
FROM (
    SELECT DISTINCT ON (period) id, period
    FROM runs
    WHERE analysis = 'rating' AND period LIKE '%Q%' AND period < CAST(:quarter AS text)
    ORDER BY period, as_of DESC, revision DESC, id DESC
) AS run
JOIN ratings AS rating ON rating.run_id = run.id
WHERE rating.colour <> 'unrated'
  AND (CAST(:codes AS text[]) IS NULL OR rating.compound_code = ANY (CAST(:codes AS text[])))
ORDER BY rating.compound_code, run.period DESC;

-- name: group_of
-- Under which compound a run rated this one together with its neighbours; null for alone.
SELECT rated_with
FROM ratings
WHERE run_id = CAST(:run_id AS bigint)
  AND compound_code = CAST(:code AS text);

-- name: members_of
SELECT compound_code AS code
FROM ratings
WHERE run_id = CAST(:run_id AS bigint)
  AND rated_with = CAST(:head AS text)
ORDER BY compound_code COLLATE "C";

-- name: reference_run
-- The newest revision of the quarter that was rated first: its reference rates hold for all later
-- quarters.
SELECT runs.period, runs.parameters -> 'reference' AS reference
FROM runs
WHERE runs.analysis = 'rating'
  AND runs.area_code = CAST(:area_code AS text)
  AND runs.period = (
      SELECT first.period
      FROM runs AS first
      WHERE first.analysis = 'rating'
        AND first.area_code = CAST(:area_code AS text)
        AND first.period LIKE '%Q%'
      ORDER BY first.id
      LIMIT 1
  )
ORDER BY runs.as_of DESC, runs.revision DESC, runs.id DESC
LIMIT 1;

-- name: stored_rows
-- What a run stored of each compound, but for the name, which no rule reads.
SELECT rating.compound_code, rating.area_code, rating.peer_group, rating.colour,
       rating.previous_colour, rating.households, rating.observed, rating.expected,
       rating.relative_risk, rating.p_red, rating.p_amber, given.counts, given.lifted_by,
       rating.low_count, rating.rated_with, rating.quality, rating.quality_notes, rating.rule,
       rating.reason_zh, rating.reason_en
FROM ratings AS rating
LEFT JOIN wangge.withheld_ratings(CAST(:run_id AS bigint)) AS given ON given.id = rating.id
WHERE rating.run_id = CAST(:run_id AS bigint)
ORDER BY rating.compound_code COLLATE "C";
