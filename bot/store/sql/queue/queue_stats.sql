-- name: totals
SELECT (SELECT count(*) FROM job WHERE state IN ('submitting', 'unknown', 'submitted')) AS running,
       (SELECT count(*) FROM job WHERE state IN ('held', 'preparing', 'queued')) AS waiting;

-- name: count_unfinished
SELECT state, count(*) AS jobs FROM job WHERE finished_at IS NULL GROUP BY state;

-- name: count_states
SELECT state, count(*) AS jobs FROM job GROUP BY state;

-- name: next_price
-- A job that is being submitted counts too: if the account is refused, it will be the next one again.
SELECT max(price) AS price FROM (
    SELECT price FROM (
        SELECT price FROM job
        WHERE state = 'queued' AND queue = :queue AND provider = :provider
          AND (account_required IS NULL OR account_required = :account)
        ORDER BY virtual_time, id LIMIT 1
    ) AS next_job
    UNION ALL
    SELECT price FROM job WHERE account = :account AND state = 'submitting'
) AS due;

-- name: positions
-- All jobs up to a job's virtual time, and those of that time from the job up to the next one that is asked for.
SELECT r.id, (SELECT workspace.paused FROM workspace WHERE workspace.id = r.workspace) AS paused,
       (SELECT CAST(coalesce(sum(queue_depth.jobs), 0) AS bigint) FROM queue_depth
        WHERE queue_depth.queue = r.queue AND queue_depth.virtual_time <= r.virtual_time) AS up_to,
       (SELECT count(*) FROM job WHERE job.state = 'queued' AND job.queue = r.queue
                                   AND job.virtual_time = r.virtual_time AND job.id >= r.id AND job.id < r.next_id) AS since
FROM {{rows items (id text, workspace text, queue text, virtual_time bigint, next_id text)}} AS r;

-- name: latest_durations
SELECT r.duration_class, (SELECT {{json_list}}(recent.duration) FROM
                  (SELECT finished_at - submitted_at AS duration FROM job
                   WHERE state = 'completed' AND duration_class = r.duration_class
                   ORDER BY finished_at DESC LIMIT :count) AS recent) AS durations
FROM {{rows items (duration_class text)}} AS r;
