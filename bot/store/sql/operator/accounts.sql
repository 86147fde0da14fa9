-- name: upsert_account
INSERT INTO account (id, provider, state, changed_at, registered_at) VALUES (:id, :provider, 'ready', :now, :now)
ON CONFLICT (id) DO UPDATE
SET registered_at = excluded.registered_at, workspace = NULL,
    state = CASE WHEN account.state = 'retired' THEN 'ready' ELSE account.state END,
    reason = CASE WHEN account.state = 'retired' THEN '' ELSE account.reason END,
    changed_at = CASE WHEN account.state = 'retired' THEN excluded.changed_at ELSE account.changed_at END;

-- name: upsert_lane
INSERT INTO lane (account, lane, concurrent, per_minute) VALUES (:account, :lane, :concurrent, :per_minute)
ON CONFLICT (account, lane) DO UPDATE SET concurrent = excluded.concurrent, per_minute = excluded.per_minute;

-- name: fill_registered
-- Accounts of an older version's workers, which did not register them.
UPDATE account SET registered_at = :now WHERE registered_at IS NULL;

-- name: retire_accounts
UPDATE account SET state = 'retired', changed_at = :now
WHERE state <> 'retired' AND workspace IS NULL AND registered_at < :retire_before AND id NOT IN ({{values ids}});

-- name: known_accounts
SELECT id, provider FROM account WHERE state <> 'retired' AND workspace IS NULL ORDER BY id;

-- name: times
SELECT state, changed_at, registered_at, echoed_at FROM account WHERE id = :id;

-- name: stop
UPDATE account SET state = 'stopped', reason = :reason, changed_at = :now WHERE id = :id AND state = 'ready';

-- name: start
UPDATE account SET state = 'ready', reason = '', changed_at = :now WHERE id = :id AND state = 'stopped';

-- name: record_echo
UPDATE account SET echoed_at = :now WHERE id = :id AND (echoed_at IS NULL OR echoed_at < :unless_since);

-- name: ready_accounts
SELECT account.id, account.provider, lane.lane, lane.concurrent, lane.per_minute
FROM account LEFT JOIN lane ON lane.account = account.id
WHERE account.state = 'ready' AND account.workspace IS NULL ORDER BY account.id, lane.lane;

-- name: stopped_workspace_accounts
SELECT id, reason FROM account WHERE state = 'stopped' AND workspace IS NOT NULL;

-- name: list_accounts
SELECT account.id, account.provider, account.state, account.reason, account.changed_at, account.workspace, count(job.id) AS jobs
FROM account LEFT JOIN job ON job.account = account.id AND job.state IN ('submitting', 'unknown', 'submitted')
WHERE account.workspace IS NULL
GROUP BY account.id, account.provider, account.state, account.reason, account.workspace ORDER BY account.id;

-- name: list_workspace_accounts
SELECT account.id, account.provider, account.state, account.reason, account.changed_at, account.workspace, count(job.id) AS jobs
FROM account LEFT JOIN job ON job.account = account.id AND job.state IN ('submitting', 'unknown', 'submitted')
WHERE account.workspace IS NOT NULL
GROUP BY account.id, account.provider, account.state, account.reason, account.workspace ORDER BY account.id;

-- name: due_notices
-- Conversations in which a job waits for a provider that takes nothing, without a notice so far.
SELECT DISTINCT job.provider, card.adapter, card.workspace, card.channel, coalesce(card.thread, '') AS thread
FROM job JOIN card ON card.id = job.card
WHERE job.state = 'queued' AND job.provider IN ({{values providers}})
  AND job.queue = job.provider || '/' || job.lane
  AND card.private = 0 AND card.adapter IN ({{values adapters}})
  AND NOT EXISTS (SELECT 1 FROM outage_notice AS sent
                  WHERE sent.provider = job.provider AND sent.adapter = card.adapter
                    AND sent.channel = card.channel AND sent.thread = coalesce(card.thread, ''))
LIMIT :count;

-- name: claim_notice
INSERT INTO outage_notice (provider, adapter, workspace, channel, thread, at)
VALUES (:provider, :adapter, :workspace, :channel, :thread, :now)
ON CONFLICT (provider, adapter, channel, thread) DO NOTHING RETURNING provider;

-- name: count_notices
SELECT count(*) AS notices FROM outage_notice;

-- name: clear_notices
DELETE FROM outage_notice WHERE provider NOT IN ({{values providers}});
