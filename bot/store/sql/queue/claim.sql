-- name: any_waiting
-- Read before anything is locked, so that an idle queue costs no write.
SELECT 1 AS found FROM job WHERE state = 'queued' AND queue = :queue AND run_at <= :now LIMIT 1;

-- name: lock_lane
SELECT lane.concurrent, lane.per_minute, lane.cool_until, account.state,
       CASE WHEN account.workspace IS NULL THEN 0 ELSE 1 END AS own_key
FROM lane JOIN account ON account.id = lane.account
WHERE lane.account = :account AND lane.lane = :lane {{locked lane}};

-- name: lane_usage
-- A statement of its own: after waiting for the lane lock it must see what the previous owner committed.
SELECT (SELECT count(*) FROM job WHERE account = :account AND lane = :lane
                                 AND state IN ('submitting', 'unknown', 'submitted')) AS in_flight,
       (SELECT count(*) FROM attempt WHERE account = :account AND lane = :lane AND claimed_at > :since) AS claimed;

-- name: next_jobs
-- One generation is changed once at a time.
SELECT id, virtual_time FROM job
WHERE state = 'queued' AND queue = :queue AND provider = :provider AND run_at <= :now
  AND (account_required IS NULL OR account_required = :account)
  AND NOT EXISTS (SELECT 1 FROM workspace WHERE workspace.id = job.workspace AND workspace.paused = 1)
  -- a spending cap is used up; jobs with a workspace's own key are outside of the operator's
  AND NOT EXISTS (
        SELECT 1 FROM meter
        WHERE meter.scope IN ('workspace:' || job.workspace,
                              CASE WHEN CAST(:own_key AS integer) = 1 THEN '' ELSE 'ceiling:' || job.workspace END,
                              CASE WHEN CAST(:own_key AS integer) = 1 THEN '' ELSE 'everything:' END,
                              CASE WHEN CAST(:own_key AS integer) = 1 THEN '' ELSE coalesce(
                                  (SELECT 'group:' || workspace.group_id FROM workspace WHERE workspace.id = job.workspace), '') END)
          AND meter.is_cap = 1 AND meter.period_end > :now AND meter.period_start <= :now
          AND meter.used >= meter.max_amount + meter.granted)
  AND (edited_generation IS NULL OR NOT EXISTS (
        SELECT 1 FROM job AS other WHERE other.edited_generation = job.edited_generation AND other.account = :account
                                     AND other.state IN ('submitting', 'unknown', 'submitted')
        UNION ALL
        SELECT 1 FROM job AS other WHERE other.edited_generation = job.edited_generation AND other.queue = :queue
                                     AND other.state = 'queued' AND other.run_at <= :now AND other.id < job.id))
ORDER BY virtual_time, id LIMIT :count {{skip_locked job}};

-- name: claim
UPDATE job SET state = 'submitting', attempt = attempt + 1, account = :account, claimed_at = :now,
               lease_owner = :owner, lease_until = :until
WHERE id IN ({{values ids}}) AND state = 'queued'
RETURNING *, 0 AS stars;

-- name: insert_attempts
{{insert attempt items (job text, number bigint, account text, lane text, claimed_at bigint)}};

-- name: advance_clock
INSERT INTO virtual_clock (queue, virtual_time) VALUES (:queue, :virtual_time)
ON CONFLICT (queue) DO UPDATE SET virtual_time = excluded.virtual_time WHERE virtual_clock.virtual_time < excluded.virtual_time;

-- name: record_sending
UPDATE attempt SET sent_at = r.now, fingerprint = r.fingerprint, has_token = r.has_token
FROM {{rows items (job text, number bigint, now bigint, fingerprint text, has_token bigint, owner text)}} AS r
WHERE attempt.job = r.job AND attempt.number = r.number
  AND EXISTS (SELECT 1 FROM job WHERE job.id = r.job AND job.state = 'submitting'
                                  AND job.attempt = r.number AND job.lease_owner = r.owner
                                  AND job.lease_until > r.now)
RETURNING attempt.job, attempt.number;

-- name: cool_down
UPDATE lane SET cool_until = :until WHERE account = :account AND lane = :lane AND cool_until < :until;

-- name: due_preparation
-- The next job of each person, then the one after it: a person who sends many files delays nobody else. What
-- any process prepares for a person counts as theirs.
SELECT job.id FROM job JOIN (
    SELECT ready.id,
           row_number() OVER (PARTITION BY ready.person ORDER BY ready.run_at, ready.id) + coalesce(leased.jobs, 0) AS place
    FROM job AS ready LEFT JOIN (
        SELECT person, count(*) AS jobs FROM job
        WHERE state = 'preparing' AND lease_until >= :now GROUP BY person
    ) AS leased ON leased.person = ready.person
    WHERE ready.state = 'preparing' AND ready.run_at <= :now
      AND (ready.lease_until IS NULL OR ready.lease_until < :now)
) AS waiting ON waiting.id = job.id
-- checked again on the locked row: another process may have leased it meanwhile
WHERE waiting.place <= :per_person AND job.state = 'preparing' AND (job.lease_until IS NULL OR job.lease_until < :now)
ORDER BY waiting.place, job.run_at, job.id LIMIT :count {{skip_locked job}};

-- name: lease_preparation
UPDATE job SET lease_owner = :owner, lease_until = :until WHERE id IN ({{values ids}})
RETURNING *, 0 AS stars;

-- name: postpone_unreadable
UPDATE job SET run_at = :run_at, lease_owner = NULL, lease_until = NULL WHERE id IN ({{values ids}});

-- name: record_preparation_failure
-- `failed_tries` counts the failures of our own processing here, `failing_since` is when anything failed first;
-- a transition resets both.
UPDATE job SET failed_tries = failed_tries + CAST(:faults AS bigint),
               failing_since = coalesce(failing_since, CAST(:at AS bigint))
WHERE id = :id AND state = 'preparing' AND lease_owner = :owner AND lease_until = :until
RETURNING failed_tries, failing_since;

-- name: postpone_preparation
UPDATE job SET run_at = :run_at, lease_owner = NULL, lease_until = NULL
WHERE id = :id AND state = 'preparing' AND lease_owner = :owner AND lease_until = :until;

-- name: acquire_lease
INSERT INTO lease (name, owner, expires_at, fence) VALUES (:name, :owner, :until, 1)
ON CONFLICT (name) DO UPDATE
SET owner = excluded.owner, expires_at = excluded.expires_at,
    fence = lease.fence + CASE WHEN lease.owner = excluded.owner THEN 0 ELSE 1 END
WHERE lease.owner = excluded.owner OR lease.expires_at < :now
RETURNING fence;

-- name: release_lease
UPDATE lease SET expires_at = 0 WHERE name = :name AND owner = :owner;

-- name: lease_is_held
SELECT name FROM lease WHERE name = :name AND expires_at >= :now;

-- name: expire_job_leases
UPDATE job SET lease_until = 0 WHERE lease_owner IS NOT NULL AND state IN ('submitting', 'preparing');

-- name: expire_card_leases
UPDATE card SET lease_until = 0 WHERE lease_owner IS NOT NULL;

-- name: expire_leases
UPDATE lease SET expires_at = 0;
