-- name: newest_day
-- The newest day that any dated record states, in the district's time zone; the same for everybody,
-- whatever rows one sees. Year 1 stands for a beginning that nobody stated.
SELECT wangge.newest_day(CAST(:zone AS text)) AS day;

-- name: newest_incident
SELECT wangge.newest_incident() AS at;
