-- name: newest_day
-- The newest day that any dated record states, in the district's time zone; the same for everybody,
-- whatever rows one sees. Year 1 stands for a beginning that nobody stated.
SELECT wangge.newest_day(CAST(:zone AS text)) AS day;

-- name: newest_incident
SELECT wangge.newest_incident() AS at;

-- name: rated_periods
-- Quarters and months that the rating was run for, newest first.
SELECT period
FROM runs
WHERE analysis = 'rating' AND period IS NOT NULL
GROUP BY period
ORDER BY max(as_of) DESC, period DESC;
