-- name: count_waiting
UPDATE workspace SET waiting = workspace.waiting + r.jobs
FROM {{rows items (id text, jobs bigint)}} AS r
WHERE workspace.id = r.id;

-- name: count_lines
INSERT INTO line (queue, turn, jobs)
SELECT queue, turn, jobs FROM {{rows items (queue text, turn bigint, jobs bigint)}} AS r
WHERE true ORDER BY queue, turn
ON CONFLICT (queue, turn) DO UPDATE SET jobs = line.jobs + excluded.jobs;

-- name: end_lines
DELETE FROM line WHERE jobs = 0 AND queue IN ({{values queues}});

-- name: miscounted
-- What is counted and what is there, where they differ.
SELECT counted.what, CAST(sum(counted.told) AS bigint) AS told, CAST(sum(counted.jobs) AS bigint) AS jobs
FROM (SELECT 'workspace ' || id AS what, waiting AS told, 0 AS jobs FROM workspace
      UNION ALL
      SELECT 'workspace ' || workspace, 0, 1 FROM job WHERE state IN ('held', 'preparing', 'queued')
      UNION ALL
      SELECT 'turn ' || turn || ' of queue ' || queue, jobs, 0 FROM line
      UNION ALL
      SELECT 'turn ' || turn || ' of queue ' || queue, 0, 1 FROM job WHERE state = 'queued') AS counted
GROUP BY counted.what HAVING sum(counted.told) <> sum(counted.jobs) ORDER BY counted.what;
