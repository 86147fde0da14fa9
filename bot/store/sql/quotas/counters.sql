-- name: count_waiting
UPDATE workspace SET waiting = workspace.waiting + r.jobs
FROM {{rows items (id text, jobs bigint)}} AS r
WHERE workspace.id = r.id;

-- name: count_queued
{{insert queue_depth items (queue text, virtual_time bigint, jobs bigint)}} ORDER BY queue, virtual_time
ON CONFLICT (queue, virtual_time) DO UPDATE SET jobs = queue_depth.jobs + excluded.jobs;

-- name: remove_empty
DELETE FROM queue_depth WHERE jobs = 0 AND queue IN ({{values queues}});

-- name: inconsistent
-- Counters and the number of jobs, where they differ.
SELECT compared.what, CAST(sum(compared.counted) AS bigint) AS counted, CAST(sum(compared.jobs) AS bigint) AS jobs
FROM (SELECT 'workspace ' || id AS what, waiting AS counted, 0 AS jobs FROM workspace
      UNION ALL
      SELECT 'workspace ' || workspace, 0, 1 FROM job WHERE state IN ('held', 'preparing', 'queued')
      UNION ALL
      SELECT 'virtual time ' || virtual_time || ' of queue ' || queue, jobs, 0 FROM queue_depth
      UNION ALL
      SELECT 'virtual time ' || virtual_time || ' of queue ' || queue, 0, 1 FROM job WHERE state = 'queued') AS compared
GROUP BY compared.what HAVING sum(compared.counted) <> sum(compared.jobs) ORDER BY compared.what;
