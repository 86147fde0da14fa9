-- name: ended
-- What the jobs of a workspace came to that ended from `since` until `until`, by one dimension. A refunded job
-- was completed, too.
WITH ended AS (
    SELECT CASE CAST(:dimension AS text)
               WHEN 'member' THEN job.member
               -- All direct messages are one: their channels name persons.
               WHEN 'channel' THEN (SELECT CASE WHEN card.channel LIKE '@%' THEN '' ELSE card.channel END
                                    FROM card WHERE card.id = job.card)
               WHEN 'command' THEN job.command
               WHEN 'model' THEN job.duration_class
               ELSE '' END AS value,
           CASE job.state WHEN 'failed' THEN coalesce(job.failure_category, 'unknown') ELSE job.state END AS outcome,
           job.makes,
           -- Members' waits would make a row of nearly every job, and say little: all share one queue.
           CASE WHEN job.state = 'completed' AND CAST(:dimension AS text) <> 'member' AND job.finished_at > job.created_at
               THEN job.finished_at - job.created_at ELSE 0 END AS wait_ms,
           CASE job.state WHEN 'completed' THEN job.price ELSE 0 END AS amount,
           job.refunded,
           CASE WHEN CAST(:dimension AS text) <> 'channel' THEN job.id
               ELSE coalesce((SELECT job.id FROM card WHERE card.id = job.card AND card.channel_name <> ''), '') END AS named_by
    FROM job
    WHERE job.workspace = :workspace AND job.finished_at >= :since AND job.finished_at < :until
), stepped AS (
    SELECT value, outcome, makes, wait_ms, amount, refunded, named_by,
           CASE WHEN wait_ms < 10000 THEN 100 WHEN wait_ms < 100000 THEN 1000 WHEN wait_ms < 1000000 THEN 10000
                WHEN wait_ms < 10000000 THEN 100000 ELSE 1000000 END AS step
    FROM ended
)
SELECT value, outcome, makes, (wait_ms + step / 2) / step * step AS wait_ms, count(*) AS jobs,
       CAST(sum(amount) AS bigint) AS amount, max(named_by) AS named_by
FROM stepped GROUP BY value, outcome, makes, (wait_ms + step / 2) / step * step
UNION ALL
SELECT value, 'refunded', makes, 0, count(*), CAST(sum(amount) AS bigint), max(named_by)
FROM stepped WHERE refunded = 1 GROUP BY value, makes;

-- name: rolled_days
SELECT day, value, outcome, makes, wait_ms, jobs, amount, named_by FROM usage_day
WHERE workspace = :workspace AND dimension = 'day' AND day >= :since AND day < :until;

-- name: rolled
SELECT value, outcome, makes, wait_ms, CAST(sum(jobs) AS bigint) AS jobs, CAST(sum(amount) AS bigint) AS amount,
       max(named_by) AS named_by
FROM usage_day
WHERE workspace = :workspace AND dimension = :dimension AND day >= :since AND day < :until
GROUP BY value, outcome, makes, wait_ms;

-- name: rollup
SELECT timezone, rolled_until FROM usage_rollup WHERE workspace = :workspace;

-- name: names
SELECT job.id, job.member_name, card.channel_name FROM job JOIN card ON card.id = job.card
WHERE job.id IN ({{values ids}});

-- name: workspaces_with_jobs
SELECT id, timezone FROM workspace
WHERE EXISTS (SELECT 1 FROM job WHERE job.workspace = workspace.id AND job.finished_at >= :since)
ORDER BY id;

-- name: behind
-- Workspaces with jobs that ended before `until` and are not summed up, or that are summed up in other days.
SELECT workspace.id AS workspace
FROM workspace LEFT JOIN usage_rollup ON usage_rollup.workspace = workspace.id
WHERE EXISTS (SELECT 1 FROM job
              WHERE job.workspace = workspace.id AND job.finished_at < :until
                AND job.finished_at >= {{greatest}}(coalesce(usage_rollup.rolled_until, 0), CAST(:since AS bigint)))
   OR (usage_rollup.timezone <> workspace.timezone AND usage_rollup.rolled_until > 0)
ORDER BY workspace.id;

-- name: behind_of
SELECT workspace.timezone, usage_rollup.timezone AS rolled_timezone, usage_rollup.rolled_until, usage_rollup.version,
       (SELECT min(job.finished_at) FROM job
        WHERE job.workspace = workspace.id
          AND job.finished_at >= {{greatest}}(coalesce(usage_rollup.rolled_until, 0), CAST(:since AS bigint))) AS first_ended
FROM workspace LEFT JOIN usage_rollup ON usage_rollup.workspace = workspace.id
WHERE workspace.id = :workspace;

-- name: start_rollup
INSERT INTO usage_rollup (workspace, timezone, rolled_until, version) VALUES (:workspace, :timezone, 0, 1)
ON CONFLICT (workspace) DO UPDATE SET timezone = excluded.timezone, rolled_until = 0, version = usage_rollup.version + 1;

-- name: remove_days
DELETE FROM usage_day WHERE workspace = :workspace AND day >= :since AND day < :until;

-- name: advance
UPDATE usage_rollup SET rolled_until = :until
WHERE workspace = :workspace AND timezone = :timezone AND rolled_until = :rolled_until AND version = :version;

-- name: add_days
{{insert usage_day items (workspace text, dimension text, day bigint, value text, outcome text, makes text,
                          wait_ms bigint, jobs bigint, amount bigint, named_by text)}}
ON CONFLICT (workspace, dimension, day, value, outcome, makes, wait_ms)
DO UPDATE SET jobs = usage_day.jobs + excluded.jobs, amount = usage_day.amount + excluded.amount;

-- name: lock_rollup
-- Also where there is none, so that a day that is summed up at the same time is read again.
INSERT INTO usage_rollup (workspace, timezone, rolled_until, version) VALUES (:workspace, '', 0, 1)
ON CONFLICT (workspace) DO UPDATE SET version = usage_rollup.version + 1
RETURNING timezone, rolled_until;

-- name: dimensions
SELECT job.workspace, job.member, CASE WHEN card.channel LIKE '@%' THEN '' ELSE card.channel END AS channel, job.command, job.duration_class AS model, job.makes, job.price,
       job.finished_at
FROM job JOIN card ON card.id = job.card WHERE job.id = :job;

-- name: members_jobs
SELECT id, workspace, member, CASE state WHEN 'failed' THEN coalesce(failure_category, 'unknown') ELSE state END AS outcome,
       makes, CASE state WHEN 'completed' THEN price ELSE 0 END AS amount, refunded, finished_at
FROM job WHERE id IN ({{values jobs}}) ORDER BY workspace;

-- name: remove_empty
DELETE FROM usage_day WHERE workspace = :workspace AND dimension = 'member' AND value IN ({{values members}}) AND jobs = 0;

-- name: segment
SELECT max(day) AS day FROM usage_day WHERE workspace = :workspace AND dimension = 'day' AND day <= :at;
