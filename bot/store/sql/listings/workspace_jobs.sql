-- name: counts
SELECT state, count(*) AS jobs FROM job
WHERE workspace = :workspace
  AND state IN ('held', 'preparing', 'queued', 'submitting', 'unknown', 'submitted')
GROUP BY state;

-- name: unfinished
-- Held ones first: somebody has to decide about them. The list of all states lets the partial index be used.
SELECT job.*, (SELECT count(*) FROM star WHERE star.job = job.id) AS stars
FROM job
WHERE workspace = :workspace
  AND state IN ('held', 'preparing', 'queued', 'submitting', 'unknown', 'submitted')
  AND state IN ({{values states}})
ORDER BY CASE state WHEN 'held' THEN 0 ELSE 1 END, id LIMIT :count OFFSET :skip;

-- name: reports
SELECT id, copy_of, note, created_at FROM card
WHERE copy_of IS NOT NULL AND purpose = 'report' AND workspace = :workspace
ORDER BY id DESC LIMIT :count OFFSET :skip;
