-- name: any_waiting
-- Read before anything is locked, so that an idle queue costs no write.
SELECT 1 AS found FROM job WHERE state = 'queued' AND queue = :queue AND run_at <= :now LIMIT 1;

-- name: lock_lane
SELECT lane.concurrent, lane.per_minute, lane.cool_until, account.state
FROM lane JOIN account ON account.id = lane.account
WHERE lane.account = :account AND lane.lane = :lane {{locked lane}};

-- name: lane_usage
-- A statement of its own: after waiting for the lane lock it must see what the previous owner committed.
SELECT (SELECT count(*) FROM job WHERE account = :account AND lane = :lane
                                 AND state IN ('submitting', 'unknown', 'submitted')) AS in_flight,
       (SELECT count(*) FROM attempt WHERE account = :account AND lane = :lane AND claimed_at > :since) AS claimed;

-- name: next_jobs
SELECT id, virtual_time FROM job
WHERE state = 'queued' AND queue = :queue AND provider = :provider AND run_at <= :now
  AND (account_required IS NULL OR account_required = :account)
  AND NOT EXISTS (SELECT 1 FROM workspace WHERE workspace.id = job.workspace AND workspace.paused = 1)
ORDER BY virtual_time, id LIMIT :count {{skip_locked job}};

-- name: claim
UPDATE job SET state = 'submitting', attempt = attempt + 1, account = :account, claimed_at = :now,
               lease_owner = :owner, lease_until = :until
WHERE id IN ({{values ids}}) AND state = 'queued'
RETURNING id, attempt, card, workspace, queue, virtual_time;

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
