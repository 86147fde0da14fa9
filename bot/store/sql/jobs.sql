-- name: jobs_by_id
SELECT job.*, (SELECT count(*) FROM star WHERE star.job = job.id) AS stars
FROM job WHERE id IN ({{values ids}});

-- name: states_of
SELECT id, state, attempt FROM job WHERE id IN ({{values ids}}) ORDER BY id;

-- name: jobs_of_cards
SELECT job.card AS shown_on, job.*, (SELECT count(*) FROM star WHERE star.job = job.id) AS stars
FROM job WHERE job.card IN ({{values cards}})
UNION ALL
SELECT card.id AS shown_on, job.*, (SELECT count(*) FROM star WHERE star.job = job.id) AS stars
FROM card JOIN job ON job.id = card.copy_of WHERE card.id IN ({{values cards}})
ORDER BY shown_on, position;

-- name: history
SELECT job.*, (SELECT count(*) FROM star WHERE star.job = job.id) AS stars
FROM job WHERE person = :person AND deleted = 0 ORDER BY id DESC LIMIT :count;

-- name: running
SELECT job.*, (SELECT count(*) FROM star WHERE star.job = job.id) AS stars
FROM job
WHERE workspace = :workspace AND member = :member
  AND state IN ('held', 'preparing', 'queued', 'submitting', 'unknown', 'submitted')
ORDER BY id LIMIT :count;

-- name: next_price
-- What is being submitted counts too: refused with its account, it will be the next one again.
SELECT max(price) AS price FROM (
    SELECT price FROM (
        SELECT price FROM job
        WHERE state = 'queued' AND queue = :queue AND provider = :provider
          AND (account_required IS NULL OR account_required = :account)
        ORDER BY turn, id LIMIT 1
    ) AS next_in_line
    UNION ALL
    SELECT price FROM job WHERE account = :account AND state = 'submitting'
) AS due;

-- name: load
SELECT (SELECT count(*) FROM job WHERE state IN ('submitting', 'unknown', 'submitted')) AS running,
       (SELECT count(*) FROM job WHERE state IN ('held', 'preparing', 'queued')) AS waiting;

-- name: in_flight
SELECT job.*, 0 AS stars FROM job WHERE account = :account AND state IN ('submitting', 'unknown', 'submitted')
ORDER BY claimed_at, id;

-- name: attempts
SELECT attempt.job, attempt.number, attempt.account, attempt.claimed_at, attempt.sent_at,
       attempt.fingerprint, attempt.marked, attempt.remote_id, job.state, job.attempt AS newest, job.price
FROM attempt JOIN job ON job.id = attempt.job WHERE attempt.job IN ({{values jobs}});

-- name: unbound_attempts
-- Every create without a marker that may have arrived without our knowing its generation.
SELECT attempt.job, attempt.number, attempt.account, attempt.claimed_at, attempt.sent_at,
       attempt.fingerprint, attempt.marked, attempt.remote_id, job.state, job.attempt AS newest, job.price
FROM attempt JOIN job ON job.id = attempt.job
WHERE attempt.account = :account AND attempt.fingerprint IN ({{values fingerprints}})
  AND attempt.marked = 0 AND attempt.sent_at IS NOT NULL AND attempt.remote_id IS NULL
ORDER BY attempt.sent_at, attempt.job;

-- name: known_generations
SELECT remote_id FROM attempt WHERE account = :account AND remote_id IN ({{values ids}})
UNION SELECT remote_id FROM orphan_generation WHERE account = :account AND remote_id IN ({{values ids}});

-- name: lost_claims
SELECT job.id, job.attempt, job.state, attempt.sent_at FROM job
JOIN attempt ON attempt.job = job.id AND attempt.number = job.attempt
WHERE job.state = 'submitting' AND job.lease_until < :now;

-- name: overdue_in_queue
SELECT id, attempt, state FROM job WHERE state IN ('held', 'preparing', 'queued') AND deadline < :now
ORDER BY deadline LIMIT :count;

-- name: stranded
-- In flight on an account whose key is gone, past any time at which somebody could still hear of it.
SELECT job.id, job.attempt, job.state FROM job JOIN account ON account.id = job.account
WHERE account.state = 'retired' AND job.state IN ('submitting', 'unknown', 'submitted') AND job.state <> 'submitting'
  AND (job.deadline < :now OR (job.state = 'unknown' AND job.claimed_at < :lost_before))
LIMIT :count;

-- name: extend_deadline
UPDATE job SET deadline = :deadline
WHERE id = :id AND state = 'submitted' AND attempt = :attempt AND deadline < :deadline;

-- name: miss
UPDATE job SET misses = misses + 1, missed_at = coalesce(missed_at, CAST(:now AS bigint))
WHERE id = :id AND attempt = :attempt AND state = 'submitted' RETURNING misses, missed_at;

-- name: found
UPDATE job SET misses = 0, missed_at = NULL WHERE id = :id AND attempt = :attempt AND state = 'submitted' AND misses > 0;

-- name: standings
-- All up to the end of a job's turn, and those of its turn from itself up to the next one that is asked for.
SELECT r.id, (SELECT workspace.paused FROM workspace WHERE workspace.id = r.workspace) AS paused,
       (SELECT CAST(coalesce(sum(line.jobs), 0) AS bigint) FROM line
        WHERE line.queue = r.queue AND line.turn <= r.turn) AS up_to,
       (SELECT count(*) FROM job WHERE job.state = 'queued' AND job.queue = r.queue
                                   AND job.turn = r.turn AND job.id >= r.id AND job.id < r.next_id) AS since
FROM {{rows items (id text, workspace text, queue text, turn bigint, next_id text)}} AS r;

-- name: latest_took
SELECT r.pace, (SELECT {{gathered}}(recent.took) FROM
                  (SELECT finished_at - submitted_at AS took FROM job
                   WHERE state = 'completed' AND pace = r.pace
                   ORDER BY finished_at DESC LIMIT :count) AS recent) AS took
FROM {{rows items (pace text)}} AS r;

-- name: star
INSERT INTO star (job, member, at) VALUES (:job, :member, :now) ON CONFLICT (job, member) DO NOTHING;

-- name: unstar
DELETE FROM star WHERE job = :job AND member = :member;

-- name: starred
SELECT 1 AS starred FROM star WHERE job = :job AND member = :member;

-- name: remember_event
INSERT INTO event (id, at) VALUES (:id, :now) ON CONFLICT (id) DO NOTHING;

-- name: delete_jobs
UPDATE job SET deleted = 1 WHERE id IN ({{values ids}}) AND deleted = 0
  AND state IN ('completed', 'failed', 'cancelled')
RETURNING id, card, account, remote_id;

-- name: note_refunded
UPDATE job SET refunded = 1 WHERE id IN ({{values jobs}}) RETURNING id, card;

-- name: list_jobs
SELECT job.*, (SELECT count(*) FROM star WHERE star.job = job.id) AS stars FROM job
WHERE (CAST(:state AS text) IS NULL OR state = :state) ORDER BY id DESC LIMIT :count;

-- name: count_unfinished
SELECT state, count(*) AS jobs FROM job WHERE finished_at IS NULL GROUP BY state;

-- name: count_states
SELECT state, count(*) AS jobs FROM job GROUP BY state;
