-- Evaluations (EVA-1) of divisions.

-- name: scores
-- Every evaluation of the quarters asked for; the level follows from the code.
SELECT period, area_code AS code, measure, score
FROM wangge.evaluations
WHERE period = ANY (CAST(:periods AS text[])) AND area_code ^@ CAST(:area_prefix AS text)
ORDER BY period, area_code, measure, source_key;

-- name: quarters
-- Quarters that have evaluations, newest first.
SELECT period
FROM wangge.evaluations
GROUP BY period
ORDER BY period DESC;
