-- name: count_waiting
UPDATE workspace SET waiting = workspace.waiting + r.jobs
FROM {{rows items (id text, jobs bigint)}} AS r
WHERE workspace.id = r.id;

-- name: count_queued
{{insert line items (queue text, turn bigint, jobs bigint)}} ORDER BY queue, turn
ON CONFLICT (queue, turn) DO UPDATE SET jobs = line.jobs + excluded.jobs;

-- name: remove_empty
DELETE FROM line WHERE jobs = 0 AND queue IN ({{values queues}});

-- name: inconsistent
-- Counters and the number of jobs, where they differ.
SELECT compared.what, CAST(sum(compared.counted) AS bigint) AS counted, CAST(sum(compared.jobs) AS bigint) AS jobs
FROM (SELECT 'workspace ' || id AS what, waiting AS counted, 0 AS jobs FROM workspace
      UNION ALL
      SELECT 'workspace ' || workspace, 0, 1 FROM job WHERE state IN ('held', 'preparing', 'queued')
      UNION ALL
      SELECT 'virtual time ' || turn || ' of queue ' || queue, jobs, 0 FROM line
      UNION ALL
      SELECT 'virtual time ' || turn || ' of queue ' || queue, 0, 1 FROM job WHERE state = 'queued') AS compared
GROUP BY compared.what HAVING sum(compared.counted) <> sum(compared.jobs) ORDER BY compared.what;
