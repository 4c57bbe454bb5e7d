-- The quarter's cycle of the three-colour rating: what changed, what was decided, what is published.

-- name: join_cycle
-- Whoever reviews holds the cycle together with the others, until the transaction ends.
SELECT pg_advisory_xact_lock_shared(
    hashtextextended('wangge rating cycle', CAST(:cycle_id AS bigint)));

-- name: end_cycle
-- Whoever publishes or withdraws a cycle holds it alone.
SELECT pg_advisory_xact_lock(hashtextextended('wangge rating cycle', CAST(:cycle_id AS bigint)));

-- name: hold_compound
-- Whoever asks for another colour of a compound in a cycle, decides on it, or objects to the published
-- one, does so one by one, until the transaction ends: each sees what came before it.
SELECT pg_advisory_xact_lock(hashtextextended(
    'wangge rating compound ' || CAST(:code AS text), CAST(:cycle_id AS bigint)));

-- name: next_revision
SELECT coalesce(max(revision), 0) + 1
FROM wangge.rating_cycles
WHERE area_code = CAST(:area_code AS text) AND period = CAST(:period AS text);

-- name: published_before
-- The newest published cycle of an earlier quarter, or an earlier one of the same quarter: what
-- hangs at the entrances now.
SELECT id
FROM wangge.rating_cycles
WHERE state = 'published'
  AND area_code = CAST(:area_code AS text)
  AND (period, revision) < (CAST(:period AS text), CAST(:revision AS integer))
ORDER BY period DESC, revision DESC
LIMIT 1;

-- name: corrected
-- The publication of the same run that a cycle corrects: its colours stand unless people decide
-- otherwise. A cycle on another run has none.
SELECT id
FROM wangge.rating_cycles
WHERE state = 'published' AND run_id = CAST(:run_id AS bigint)
  AND revision < CAST(:revision AS integer)
ORDER BY revision DESC
LIMIT 1;

-- name: newest_published
-- The newest published cycle of a quarter, of any where none is asked for.
SELECT id
FROM wangge.rating_cycles
WHERE state = 'published'
  AND (CAST(:period AS text) IS NULL OR period = CAST(:period AS text))
ORDER BY period DESC, revision DESC
LIMIT 1;

-- name: times_published
SELECT count(*) FROM wangge.rating_cycles WHERE state = 'published';

-- name: changes
-- Every compound whose colour, as it stands in the cycle (the run's; in a correction the published
-- one), differs from what hangs there (the published colour, else the run's colour before), with
-- what was said of it so far.
SELECT rating.compound_code AS code, rating.compound_name AS name, rating.area_code,
       coalesce(hanging.colour, rating.previous_colour) AS colour_before,
       rating.colour, coalesce(kept.colour, rating.colour) AS stands,
       rating.observed, rating.expected, rating.p_red, rating.quality,
       rating.quality_notes, kinds.lifted_by, rating.reason_zh, rating.reason_en,
       review.reviewed_by, review.reviewed_at, review.note,
       asked.id AS override_id, asked.origin, asked.to_colour, asked.reason, asked.asked_by,
       asked.asked_at, asked.decision, asked.decided_by, asked.decision_reason
FROM wangge.ratings AS rating
LEFT JOIN wangge.withheld_ratings(CAST(:run_id AS bigint)) AS kinds ON kinds.id = rating.id
LEFT JOIN wangge.published_ratings AS hanging
       ON hanging.cycle_id = CAST(:before_id AS bigint)
      AND hanging.compound_code = rating.compound_code
LEFT JOIN wangge.published_ratings AS kept
       ON kept.cycle_id = CAST(:kept_id AS bigint)
      AND kept.compound_code = rating.compound_code
LEFT JOIN wangge.colour_reviews AS review
       ON review.cycle_id = CAST(:cycle_id AS bigint)
      AND review.compound_code = rating.compound_code
LEFT JOIN LATERAL (
    SELECT * FROM wangge.colour_overrides
    WHERE cycle_id = CAST(:cycle_id AS bigint) AND compound_code = rating.compound_code
    ORDER BY id DESC LIMIT 1
) AS asked ON true
WHERE rating.run_id = CAST(:run_id AS bigint)
  AND (coalesce(hanging.colour, rating.previous_colour)
           IS DISTINCT FROM coalesce(kept.colour, rating.colour)
       OR asked.id IS NOT NULL)
ORDER BY rating.area_code, rating.compound_code;

-- name: rated
-- colour: as it stands in the cycle before anybody asks for another.
SELECT rating.compound_code, rating.area_code, coalesce(kept.colour, rating.colour) AS colour
FROM wangge.ratings AS rating
LEFT JOIN wangge.published_ratings AS kept
       ON kept.cycle_id = CAST(:kept_id AS bigint)
      AND kept.compound_code = rating.compound_code
WHERE rating.run_id = CAST(:run_id AS bigint)
  AND rating.compound_code = ANY (CAST(:codes AS text[]));

-- name: rated_colours
SELECT colour, count(*) FROM wangge.ratings WHERE run_id = CAST(:run_id AS bigint) GROUP BY colour;

-- name: published_colours
SELECT colour, count(*) FROM wangge.published_ratings
WHERE cycle_id = CAST(:cycle_id AS bigint) GROUP BY colour;

-- name: confirm
-- Looks at changes of colour and lets them stand; saying it twice changes nothing.
INSERT INTO wangge.colour_reviews (cycle_id, area_code, compound_code, note, reviewed_by)
SELECT CAST(:cycle_id AS bigint), area_code, compound_code, CAST(:note AS text),
       CAST(:user_id AS text)
FROM wangge.ratings
WHERE run_id = CAST(:run_id AS bigint) AND compound_code = ANY (CAST(:codes AS text[]))
ON CONFLICT (cycle_id, compound_code) DO NOTHING;

-- name: data_check
-- What a reviewer should know of the data behind a run: grades and notes of its compounds, and
-- imports that it has not seen taken in, or has not seen undone; one that came and went since is none.
SELECT (SELECT count(*) FROM wangge.ratings WHERE run_id = CAST(:run_id AS bigint)) AS compounds,
       (SELECT count(*) FROM wangge.ratings
        WHERE run_id = CAST(:run_id AS bigint) AND colour = 'unrated') AS unrated,
       (SELECT count(*) FROM wangge.ratings
        WHERE run_id = CAST(:run_id AS bigint) AND quality = 'C') AS quality_c,
       (SELECT count(*) FROM wangge.ratings
        WHERE run_id = CAST(:run_id AS bigint) AND low_count) AS low_counts,
       (SELECT count(*) FROM wangge.ratings
        WHERE run_id = CAST(:run_id AS bigint)
          AND quality_notes LIKE '%stale_households%') AS stale_households,
       (SELECT count(*) FROM wangge.ratings
        WHERE run_id = CAST(:run_id AS bigint)
          AND quality_notes LIKE '%reporting_gap%') AS reporting_gaps,
       (SELECT count(*)
        FROM wangge.imports AS import
        JOIN wangge.runs AS run ON run.id = CAST(:run_id AS bigint)
        WHERE import.kind IN ('incidents', 'compounds', 'households', 'areas')
          AND (import.imported_at > run.ran_at)
              <> coalesce(import.undone_at > run.ran_at, false)) AS newer_imports;

-- name: data_checked
-- The compounds behind the counts of `data_check`, the first of each kind by their codes.
SELECT found.kind, found.code, found.name
FROM (
    SELECT reason.kind, rating.compound_code AS code, rating.compound_name AS name,
           row_number() OVER (PARTITION BY reason.kind ORDER BY rating.compound_code) AS nth
    FROM wangge.ratings AS rating
    CROSS JOIN LATERAL (VALUES
        ('unrated', rating.colour = 'unrated'),
        ('quality_c', rating.quality = 'C'),
        ('low_counts', rating.low_count),
        ('stale_households', rating.quality_notes LIKE '%stale_households%'),
        ('reporting_gaps', rating.quality_notes LIKE '%reporting_gap%')
    ) AS reason (kind, holds)
    WHERE rating.run_id = CAST(:run_id AS bigint) AND reason.holds
) AS found
WHERE found.nth <= CAST(:most AS integer)
ORDER BY found.kind, found.nth;

-- name: publish
-- The colours as they will hang: the run's, or the approved other one with its written reason; in
-- a correction what was published stands where nothing else was approved.
INSERT INTO wangge.published_ratings
    (cycle_id, compound_code, area_code, compound_name, colour, rated_colour, override_id, rule,
     reason_zh, reason_en)
SELECT CAST(:cycle_id AS bigint), rating.compound_code, rating.area_code, rating.compound_name,
       coalesce(decided.to_colour, kept.colour, rating.colour), rating.colour,
       coalesce(decided.id, kept.override_id), rating.rule,
       rating.reason_zh, rating.reason_en
FROM wangge.ratings AS rating
LEFT JOIN wangge.colour_overrides AS decided
       ON decided.cycle_id = CAST(:cycle_id AS bigint)
      AND decided.compound_code = rating.compound_code
      AND decided.decision = 'approved'
LEFT JOIN wangge.published_ratings AS kept
       ON kept.cycle_id = CAST(:kept_id AS bigint)
      AND kept.compound_code = rating.compound_code
WHERE rating.run_id = CAST(:run_id AS bigint);

-- name: objections
-- What was filed against a publication, the oldest first, and what becomes of each. fate: waits (no
-- cycle has followed yet); absent (the next cycle's rating does not hold the compound; as_of is its
-- day). Once the next cycle is published: granted (in the colour wished, whoever asked for it),
-- rejected, refused (another colour, and nobody had to decide on this one). Before that: approved
-- (the colour wished, whoever asked for it), asked, rejected; other (another colour is approved);
-- answered (the rating gives that colour by itself); behind (somebody else's wish comes first).
SELECT filed.id, filed.compound_code AS code, published.compound_name AS name,
       published.colour, filed.to_colour, filed.reason, filed.filed_by, filed.filed_at,
       next.as_of,
       CASE WHEN next.id IS NULL THEN 'waits'
            WHEN rating.id IS NULL THEN 'absent'
            WHEN hangs.colour = filed.to_colour THEN 'granted'
            WHEN approved.to_colour = filed.to_colour THEN 'approved'
            WHEN asked.id IS NOT NULL THEN asked.decision
            WHEN next.state = 'published' THEN 'refused'
            WHEN approved.id IS NOT NULL THEN 'other'
            WHEN filed.to_colour = coalesce(kept.colour, rating.colour) THEN 'answered'
            ELSE 'behind'
       END AS fate
FROM wangge.rating_objections AS filed
JOIN wangge.published_ratings AS published
  ON published.cycle_id = filed.cycle_id AND published.compound_code = filed.compound_code
JOIN wangge.rating_cycles AS cycle ON cycle.id = filed.cycle_id
LEFT JOIN LATERAL (
    SELECT later.id, later.run_id, later.state, run.as_of
    FROM wangge.rating_cycles AS later
    JOIN wangge.runs AS run ON run.id = later.run_id
    WHERE later.area_code = cycle.area_code AND later.period = cycle.period
      AND later.revision > cycle.revision AND later.state <> 'withdrawn'
    ORDER BY later.revision LIMIT 1
) AS next ON true
LEFT JOIN wangge.ratings AS rating
       ON rating.run_id = next.run_id AND rating.compound_code = filed.compound_code
LEFT JOIN wangge.published_ratings AS kept
       ON kept.cycle_id = filed.cycle_id AND kept.compound_code = filed.compound_code
      AND next.run_id = cycle.run_id
LEFT JOIN wangge.colour_overrides AS asked
       ON asked.cycle_id = next.id AND asked.compound_code = filed.compound_code
      AND asked.asked_by = filed.filed_by AND asked.asked_at = filed.filed_at
LEFT JOIN wangge.colour_overrides AS approved
       ON approved.cycle_id = next.id AND approved.compound_code = filed.compound_code
      AND approved.decision = 'approved'
LEFT JOIN wangge.published_ratings AS hangs
       ON hangs.cycle_id = next.id AND hangs.compound_code = filed.compound_code
WHERE filed.cycle_id = CAST(:cycle_id AS bigint)
ORDER BY filed.id;

-- name: take_up
-- The objections to a publication (to one compound of it where a code is given) become asked-for
-- colours of the cycle that follows, by whoever filed them. One whose colour the cycle's rating
-- gives by itself is answered already; one behind another wish waits for its rejection.
INSERT INTO wangge.colour_overrides
    (cycle_id, area_code, compound_code, origin, from_colour, to_colour, reason, asked_by, asked_at)
SELECT CAST(:cycle_id AS bigint), filed.area_code, filed.compound_code, 'objection',
       coalesce(kept.colour, rating.colour), filed.to_colour, filed.reason, filed.filed_by,
       filed.filed_at
FROM wangge.rating_objections AS filed
JOIN wangge.ratings AS rating
  ON rating.run_id = CAST(:run_id AS bigint) AND rating.compound_code = filed.compound_code
LEFT JOIN wangge.published_ratings AS kept
       ON kept.cycle_id = CAST(:kept_id AS bigint)
      AND kept.compound_code = filed.compound_code
WHERE filed.cycle_id = CAST(:published_id AS bigint)
  AND (CAST(:code AS text) IS NULL OR filed.compound_code = CAST(:code AS text))
  AND filed.to_colour <> coalesce(kept.colour, rating.colour)
  AND NOT EXISTS (
      SELECT FROM wangge.colour_overrides AS other
      WHERE other.cycle_id = CAST(:cycle_id AS bigint)
        AND other.compound_code = filed.compound_code
        AND (other.decision IN ('asked', 'approved')
             OR (other.asked_by = filed.filed_by AND other.asked_at = filed.filed_at))
  );

-- name: digest
-- SHA-256 of the published colours in the order of codes; anybody can compute it again.
SELECT encode(sha256(convert_to(
           string_agg(compound_code || '=' || colour, E'\n' ORDER BY compound_code COLLATE "C"),
           'UTF8')), 'hex')
FROM wangge.published_ratings
WHERE cycle_id = CAST(:cycle_id AS bigint);

-- name: close
-- The database's clock says when; a published cycle is never changed again.
UPDATE wangge.rating_cycles
SET state = 'published', published_at = now(), published_by = CAST(:user_id AS text),
    issuer = CAST(:issuer AS text), digest = CAST(:digest AS text)
WHERE id = CAST(:cycle_id AS bigint);

-- name: published
SELECT published.compound_code AS code, published.compound_name AS name, published.area_code,
       published.colour, published.rated_colour, published.rule, published.reason_zh,
       published.reason_en, asked.reason AS override_reason
FROM wangge.published_ratings AS published
LEFT JOIN wangge.colour_overrides AS asked ON asked.id = published.override_id
WHERE published.cycle_id = CAST(:cycle_id AS bigint)
  AND published.area_code ^@ CAST(:area_prefix AS text)
ORDER BY published.area_code, published.compound_code;

-- name: plaques
-- What a compound's plaques need: its published colour, how many entrances it has, and the kinds of
-- its rated incidents in the window, the most frequent first (they choose the advice).
SELECT published.compound_code AS code, published.compound_name AS name, published.colour,
       greatest(coalesce(ST_NumGeometries(compound.entrances), 0), 1) AS entrances,
       coalesce(advised.kinds, '{}') AS kinds
FROM wangge.published_ratings AS published
JOIN wangge.rating_cycles AS cycle ON cycle.id = published.cycle_id
JOIN wangge.runs AS run ON run.id = cycle.run_id
LEFT JOIN wangge.plaque_kinds(CAST(:cycle_id AS bigint)) AS advised
       ON advised.compound_code = published.compound_code
LEFT JOIN wangge.compounds AS compound
       ON compound.code = published.compound_code
      AND compound.valid_from <= run.as_of
      AND (compound.valid_to IS NULL OR compound.valid_to > run.as_of)
WHERE published.cycle_id = CAST(:cycle_id AS bigint)
  AND published.colour <> 'unrated'
  AND published.area_code ^@ CAST(:area_prefix AS text)
  AND (CAST(:code AS text) IS NULL OR published.compound_code = CAST(:code AS text))
ORDER BY published.area_code, published.compound_code;

-- name: quarters
-- Every quarter that has been rated, newest first, with its newest run and the newest cycle.
SELECT DISTINCT ON (run.period)
       run.period, run.id AS run_id, cycle.id AS cycle_id, cycle.state, cycle.revision,
       cycle.published_at
FROM wangge.runs AS run
LEFT JOIN LATERAL (
    SELECT * FROM wangge.rating_cycles
    WHERE period = run.period AND state <> 'withdrawn'
    ORDER BY revision DESC LIMIT 1
) AS cycle ON true
WHERE run.analysis = 'rating' AND run.period LIKE '%Q%'
ORDER BY run.period DESC, run.as_of DESC, run.revision DESC;

-- name: published_quarters
SELECT DISTINCT period FROM wangge.rating_cycles WHERE state = 'published' ORDER BY period DESC;

-- name: history
-- What has hung at one compound's entrances, newest quarter first, one colour per quarter.
SELECT DISTINCT ON (cycle.period) cycle.period, published.colour
FROM wangge.published_ratings AS published
JOIN wangge.rating_cycles AS cycle ON cycle.id = published.cycle_id
WHERE published.compound_code = CAST(:code AS text)
ORDER BY cycle.period DESC, cycle.revision DESC;

-- name: hanging
-- What hangs at one compound's entrances: its newest published colour, with the written reason
-- where people decided it.
SELECT cycle.id AS cycle_id, cycle.period, cycle.run_id, cycle.issuer, cycle.published_at,
       published.colour, published.rated_colour, asked.reason
FROM wangge.published_ratings AS published
JOIN wangge.rating_cycles AS cycle ON cycle.id = published.cycle_id
LEFT JOIN wangge.colour_overrides AS asked ON asked.id = published.override_id
WHERE published.compound_code = CAST(:code AS text)
ORDER BY cycle.period DESC, cycle.revision DESC
LIMIT 1;

-- name: publication_of
-- What one revision of a quarter published of a compound, whichever revisions came after it.
SELECT published.compound_name AS name, published.colour
FROM wangge.published_ratings AS published
JOIN wangge.rating_cycles AS cycle ON cycle.id = published.cycle_id
WHERE cycle.state = 'published'
  AND cycle.period = CAST(:period AS text)
  AND cycle.revision = CAST(:revision AS integer)
  AND published.compound_code = CAST(:code AS text);

-- name: keep_labels
-- The short codes of plaques that are printed, with the signed texts they stand for.
INSERT INTO wangge.plaque_labels (label, cycle_id, compound_code, area_code, check_text)
SELECT made.label, published.cycle_id, published.compound_code, published.area_code, made.check_text
FROM unnest(CAST(:labels AS text[]), CAST(:codes AS text[]), CAST(:texts AS text[]))
     AS made (label, code, check_text)
JOIN wangge.published_ratings AS published
  ON published.cycle_id = CAST(:cycle_id AS bigint) AND published.compound_code = made.code
ON CONFLICT DO NOTHING;

-- name: labelled
-- The signed texts that a short code stands for in a quarter, of the newest revision first.
SELECT kept.check_text
FROM wangge.plaque_labels AS kept
JOIN wangge.rating_cycles AS cycle ON cycle.id = kept.cycle_id
WHERE kept.label = CAST(:label AS text) AND cycle.period = CAST(:period AS text)
ORDER BY cycle.revision DESC;

-- name: unlabelled
-- Every plaque of a quarter that may hang without its short code being kept: of publications from
-- before codes were. Of the newest revision first.
SELECT published.compound_code AS code, published.colour, cycle.revision
FROM wangge.published_ratings AS published
JOIN wangge.rating_cycles AS cycle ON cycle.id = published.cycle_id
WHERE cycle.state = 'published' AND NOT cycle.labels_kept
  AND cycle.period = CAST(:period AS text)
  AND published.colour <> 'unrated'
ORDER BY cycle.revision DESC, published.compound_code;

-- name: said
-- What people said of one compound's colour in the review of a run: the look that let it stand,
-- and the newest other colour that was asked for. A correction says nothing of most compounds: then
-- the first publication's word stands.
SELECT review.reviewed_by, asked.to_colour, asked.asked_by, asked.decision, asked.decided_by
FROM wangge.rating_cycles AS cycle
LEFT JOIN wangge.colour_reviews AS review
       ON review.cycle_id = cycle.id AND review.compound_code = CAST(:code AS text)
LEFT JOIN LATERAL (
    SELECT * FROM wangge.colour_overrides
    WHERE cycle_id = cycle.id AND compound_code = CAST(:code AS text)
    ORDER BY id DESC LIMIT 1
) AS asked ON true
WHERE cycle.run_id = CAST(:run_id AS bigint) AND cycle.state <> 'withdrawn'
ORDER BY (asked.id IS NOT NULL OR review.id IS NOT NULL) DESC, cycle.revision DESC
LIMIT 1;

-- name: remember_key
INSERT INTO wangge.plaque_keys (public_key, area_code)
VALUES (CAST(:public_key AS text), CAST(:area_code AS text))
ON CONFLICT (public_key) DO NOTHING;

-- name: known_keys
SELECT public_key FROM wangge.plaque_keys ORDER BY first_used_at;
