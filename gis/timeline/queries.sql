-- name: newest_day
-- The newest day that any dated record states, in the district's time zone. Year 1 stands for a
-- beginning that nobody stated.
SELECT max(day) AS day
FROM (
    SELECT (max(occurred_at) AT TIME ZONE CAST(:zone AS text))::date AS day FROM incidents
    UNION ALL SELECT max(as_of) FROM household_counts
    UNION ALL SELECT (max(observed_at) AT TIME ZONE CAST(:zone AS text))::date
              FROM camera_observations
    UNION ALL SELECT max(registered_on) FROM dwellings
    UNION ALL SELECT max(households_as_of) FROM compounds
    UNION ALL SELECT max(valid_from) FROM areas WHERE valid_from > '0001-01-01'
) AS dated;

-- name: newest_incident
SELECT max(occurred_at) AS at FROM incidents;
