-- name: job_refs
SELECT id, state, attempt FROM job WHERE id IN ({{values ids}}) ORDER BY id;

-- name: in_flight
SELECT id, state, attempt, deadline FROM job
WHERE account = :account AND state IN ('submitting', 'unknown', 'submitted') ORDER BY claimed_at, id;

-- name: attempts
SELECT attempt.job, attempt.number, attempt.account, attempt.claimed_at, attempt.sent_at,
       attempt.fingerprint, attempt.has_token, attempt.remote_id, job.state, job.attempt AS newest, job.price,
       job.edited_generation
FROM attempt JOIN job ON job.id = attempt.job WHERE attempt.job IN ({{values jobs}});

-- name: generations_since
SELECT count(CASE WHEN claimed_at > :newest THEN 1 END) AS newer, count(*) AS until FROM attempt
WHERE account = :account AND lane IN ({{values lanes}}) AND claimed_at >= :oldest AND remote_id IS NOT NULL;

-- name: unbound_attempts
-- Every create without a token that may have arrived without our knowing its generation.
SELECT attempt.job, attempt.number, attempt.account, attempt.claimed_at, attempt.sent_at,
       attempt.fingerprint, attempt.has_token, attempt.remote_id, job.state, job.attempt AS newest, job.price,
       job.edited_generation
FROM attempt JOIN job ON job.id = attempt.job
WHERE attempt.account = :account AND attempt.fingerprint IN ({{values fingerprints}})
  AND attempt.has_token = 0 AND attempt.sent_at IS NOT NULL AND attempt.remote_id IS NULL
ORDER BY attempt.sent_at, attempt.job;

-- name: known_generations
SELECT remote_id, job FROM attempt WHERE account = :account AND remote_id IN ({{values ids}})
UNION SELECT remote_id, job FROM orphan_generation WHERE account = :account AND remote_id IN ({{values ids}});

-- name: expired_claims
SELECT job.id, job.attempt, job.state, attempt.sent_at FROM job
JOIN attempt ON attempt.job = job.id AND attempt.number = job.attempt
WHERE job.state = 'submitting' AND job.lease_until < :now;

-- name: overdue_in_queue
SELECT id, attempt, state, hold FROM job WHERE state IN ('held', 'preparing', 'queued') AND deadline < :now
ORDER BY deadline LIMIT :count;

-- name: stranded_jobs
-- In flight on an account whose key is gone, so late that nothing can still be heard of them. With the removed key
-- of a workspace, which is stored until they have ended, they are still watched.
SELECT job.id, job.attempt, job.state FROM job JOIN account ON account.id = job.account
WHERE account.state = 'retired' AND job.state IN ('submitting', 'unknown', 'submitted') AND job.state <> 'submitting'
  AND (job.deadline < :now OR (job.state = 'unknown' AND job.claimed_at < :lost_before))
  AND NOT EXISTS (SELECT 1 FROM workspace_key WHERE workspace_key.account = job.account)
LIMIT :count;

-- name: record_preview
UPDATE job SET preview = :preview WHERE id = :id AND attempt = :attempt AND state = 'submitted' RETURNING card;

-- name: extend_deadline
UPDATE job SET deadline = :deadline
WHERE id = :id AND state = 'submitted' AND attempt = :attempt AND deadline < :deadline;

-- name: record_not_found
UPDATE job SET failed_tries = failed_tries + 1, failing_since = coalesce(failing_since, CAST(:now AS bigint))
WHERE id = :id AND attempt = :attempt AND state = 'submitted' RETURNING failed_tries, failing_since;

-- name: record_found
UPDATE job SET failed_tries = 0, failing_since = NULL WHERE id = :id AND attempt = :attempt AND state = 'submitted' AND failed_tries > 0;
