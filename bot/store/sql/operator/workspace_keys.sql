-- name: current
SELECT workspace_key.*, account.provider, account.state, account.reason
FROM workspace_key JOIN account ON account.id = workspace_key.account
WHERE workspace_key.workspace = :workspace AND workspace_key.removed_at IS NULL;

-- name: lock_keys
SELECT account, removed_at FROM workspace_key WHERE workspace = :workspace ORDER BY account {{locked}};

-- name: open_account
-- Nothing is returned for an account that the operator or another workspace uses.
INSERT INTO account (id, provider, state, changed_at, registered_at, workspace)
VALUES (:account, :provider, 'ready', :now, :now, :workspace)
ON CONFLICT (id) DO UPDATE
SET workspace = excluded.workspace, provider = excluded.provider, state = 'ready', reason = '',
    changed_at = excluded.changed_at, registered_at = excluded.registered_at
WHERE account.state = 'retired' OR account.workspace = excluded.workspace
RETURNING id;

-- name: set_key
-- Nothing is returned while another workspace's jobs still run on a key that it has removed.
INSERT INTO workspace_key (account, workspace, value, masked, set_by, set_at)
VALUES (:account, :workspace, :value, :masked, :set_by, :now)
ON CONFLICT (account) DO UPDATE
SET value = excluded.value, masked = excluded.masked, set_by = excluded.set_by, set_at = excluded.set_at, removed_at = NULL
WHERE workspace_key.workspace = excluded.workspace
RETURNING account;

-- name: remove_key
UPDATE workspace_key SET removed_at = :now
WHERE workspace = :workspace AND account = :account AND removed_at IS NULL;

-- name: retire_account
UPDATE account SET state = 'retired', reason = '', changed_at = :now WHERE id = :account AND workspace = :workspace;

-- name: waiting_jobs
SELECT job.*, 0 AS stars FROM job
WHERE account_required = :account AND workspace = :workspace AND provider = :provider
  AND state IN ('held', 'preparing', 'queued') ORDER BY id {{locked job}};

-- name: move_jobs
UPDATE job SET account_required = r.account, queue = r.queue
FROM {{rows items (id text, account text, queue text)}} AS r WHERE job.id = r.id;

-- name: move_clock
INSERT INTO virtual_clock (queue, virtual_time)
SELECT :target, virtual_time FROM virtual_clock WHERE queue = :queue
ON CONFLICT (queue) DO UPDATE SET virtual_time = excluded.virtual_time
WHERE virtual_clock.virtual_time < excluded.virtual_time;

-- name: keys_with_work
-- Removed keys, and those whose account has jobs that have not ended or generations to delete.
SELECT workspace_key.*, account.provider, account.state, account.reason
FROM workspace_key JOIN account ON account.id = workspace_key.account
WHERE workspace_key.removed_at IS NOT NULL
   OR workspace_key.account IN (SELECT account_required FROM job
                                WHERE finished_at IS NULL AND account_required IS NOT NULL)
   OR workspace_key.account IN (SELECT account FROM orphan_generation
                                WHERE removed_at IS NULL AND cause <> 'unprocessed' AND run_at <= :now)
ORDER BY workspace_key.account;

-- name: stranded
-- Waiting jobs of keys that were removed.
SELECT job.id, job.state, job.attempt FROM job JOIN account ON account.id = job.account_required
WHERE job.finished_at IS NULL AND job.account_required IS NOT NULL
  AND account.state = 'retired' AND account.workspace IS NOT NULL
  AND job.state IN ('held', 'preparing', 'queued') ORDER BY job.id LIMIT :count;

-- name: count_waiting
SELECT count(*) AS jobs FROM job
WHERE account_required = :account AND finished_at IS NULL AND state IN ('held', 'preparing', 'queued');

-- name: delete_key
-- Only once nothing of its account is unfinished and every generation without a job was tried to be deleted.
DELETE FROM workspace_key WHERE account = :account AND removed_at IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM job WHERE job.account_required = :account AND job.finished_at IS NULL)
  AND NOT EXISTS (SELECT 1 FROM job WHERE job.account = :account AND job.state IN ('submitting', 'unknown', 'submitted'))
  AND NOT EXISTS (SELECT 1 FROM orphan_generation
                  WHERE orphan_generation.account = :account AND orphan_generation.removed_at IS NULL
                    AND orphan_generation.cause <> 'unprocessed' AND orphan_generation.tries = 0);

-- name: forget_key
DELETE FROM workspace_key WHERE account = :account AND removed_at IS NOT NULL;

-- name: upsert_lane
INSERT INTO lane (account, lane, concurrent, per_minute) VALUES (:account, :lane, :concurrent, :per_minute)
ON CONFLICT (account, lane) DO UPDATE SET concurrent = excluded.concurrent, per_minute = excluded.per_minute
WHERE lane.concurrent <> excluded.concurrent OR lane.per_minute <> excluded.per_minute;

-- name: used_accounts
SELECT account FROM workspace_key ORDER BY account;
