-- name: update_jobs
UPDATE job
SET state = r.after,
    account = coalesce(r.account, job.account),
    -- a job that is queued again has no generation any more; the attempt still names it
    remote_id = CASE WHEN r.after = 'queued' THEN NULL ELSE coalesce(r.remote_id, job.remote_id) END,
    submitted_at = coalesce(r.submitted_at, job.submitted_at),
    finished_at = r.finished_at,
    run_at = coalesce(r.run_at, job.run_at),
    deadline = coalesce(r.deadline, job.deadline),
    request = coalesce(r.request, job.request),
    price = CASE WHEN r.price < job.price THEN r.price ELSE job.price END,
    result = r.result, failure = r.failure, failure_category = r.failure_category, preview = NULL,
    lease_owner = NULL, lease_until = NULL, failed_tries = 0, failing_since = NULL
FROM {{rows items (id text, before text, attempt bigint, after text, account text, remote_id text,
                   submitted_at bigint, finished_at bigint, run_at bigint, deadline bigint,
                   request text, price bigint, result text, failure text, failure_category text, lease_owner text,
                   lease_until bigint)}} AS r
WHERE job.id = r.id AND job.state = r.before AND job.attempt = r.attempt
  AND (r.lease_owner IS NULL OR (job.lease_owner = r.lease_owner AND job.lease_until = r.lease_until))
RETURNING job.id, job.card, job.workspace, job.queue, job.virtual_time;

-- name: bind_attempts
UPDATE attempt SET remote_id = r.remote_id
FROM {{rows items (job text, number bigint, remote_id text)}} AS r
WHERE attempt.job = r.job AND attempt.number = r.number;

-- name: clear_sending
-- The request is known not to have been carried out.
UPDATE attempt SET sent_at = NULL
FROM {{rows items (job text, number bigint)}} AS r WHERE attempt.job = r.job AND attempt.number = r.number;

-- name: insert_orphans
-- A generation that another job still has is no orphan.
INSERT INTO orphan_generation (account, remote_id, job, cause, price, found_at, run_at)
SELECT job.account, job.remote_id, job.id, r.cause, job.price, r.now, r.now
FROM {{rows items (job text, cause text, now bigint)}} AS r JOIN job ON job.id = r.job
WHERE job.remote_id IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM job AS other WHERE other.account = job.account AND other.remote_id = job.remote_id
                                               AND other.id <> job.id AND other.deleted = 0)
ON CONFLICT (account, remote_id) DO NOTHING;

-- name: bump_cards
-- A result is shown at once. Progress waits for the card's `run_at`, and after a failed delivery everything
-- waits until the platform may be called again. Cards are locked in the order of their ids, here as in
-- `record_shown`, so that two batches never deadlock.
UPDATE card SET wanted_rev = card.wanted_rev + 1,
                run_at = CASE WHEN r.ended = 1 AND card.tries = 0 AND card.run_at > r.now THEN r.now ELSE card.run_at END
FROM (SELECT kept.id, sent.ended, sent.now
      FROM {{rows items (id text, ended bigint, now bigint)}} AS sent JOIN card AS kept ON kept.id = sent.id
      ORDER BY kept.id {{locked kept}}) AS r
WHERE card.id = r.id;

-- name: copies
SELECT id FROM card WHERE copy_of IN ({{values jobs}});
