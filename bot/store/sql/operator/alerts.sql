-- name: alerts
SELECT id, kind, text, remedy, state, found_at, told_at, notice FROM alert ORDER BY id;

-- name: lock
SELECT id FROM alert ORDER BY id {{locked alert}};

-- name: found
-- The text of a raised alert stays as it was told.
INSERT INTO alert (id, kind, text, remedy, state, found_at)
VALUES (:id, :kind, :text, :remedy, 'found', :now)
ON CONFLICT (id) DO UPDATE
SET found_at = excluded.found_at,
    text = CASE WHEN alert.state = 'raised' THEN alert.text ELSE excluded.text END,
    remedy = CASE WHEN alert.state = 'raised' THEN alert.remedy ELSE excluded.remedy END;

-- name: change
-- Nothing where another process has told it, or has found the condition again.
UPDATE alert SET state = :after, told_at = :now, notice = :notice
WHERE id = :id AND state = :before AND found_at = :found_at RETURNING id;

-- name: forget
DELETE FROM alert WHERE id = :id AND state = :state AND found_at = :found_at;

-- name: insert_notices
{{insert alert_notice items (id text, target text, alert text, kind text, state text, text text, remedy text, at bigint, run_at bigint)}};

-- name: targets
SELECT DISTINCT target FROM alert_notice WHERE target IN ({{values targets}}) ORDER BY target;

-- name: next_notice
SELECT id, target, alert, kind, state, text, remedy, at, tries, run_at FROM alert_notice
WHERE target = :target ORDER BY id LIMIT 1;

-- name: remove_notice
DELETE FROM alert_notice WHERE id = :id;

-- name: postpone_notice
UPDATE alert_notice SET tries = tries + 1, run_at = :run_at WHERE id = :id;

-- name: any_outdated
SELECT 1 AS found FROM alert_notice WHERE at < :before LIMIT 1;

-- name: remove_outdated
DELETE FROM alert_notice WHERE at < :before RETURNING target, kind, state;

-- name: stuck_queues
-- Where jobs wait since long ago although neither a pause nor a used up cap holds them, no account is stopped,
-- and none has taken a job since.
SELECT pool.provider, pool.lane,
       (SELECT count(*) FROM job
        WHERE job.state = 'queued' AND job.queue = pool.provider || '/' || pool.lane AND job.run_at <= :before
          AND NOT EXISTS (SELECT 1 FROM workspace WHERE workspace.id = job.workspace AND workspace.paused = 1)
          AND NOT EXISTS (SELECT 1 FROM meter
                          WHERE meter.scope IN ('workspace:' || job.workspace, 'ceiling:' || job.workspace, 'everything:')
                            AND meter.is_cap = 1 AND meter.period_end > :now AND meter.period_start <= :now
                            AND meter.used >= meter.max_amount + meter.granted)) AS jobs
FROM (SELECT account.provider, lane.lane FROM account JOIN lane ON lane.account = account.id
      WHERE account.workspace IS NULL GROUP BY account.provider, lane.lane
      HAVING sum(CASE WHEN account.state = 'stopped' THEN 1 ELSE 0 END) = 0) AS pool
WHERE EXISTS (SELECT 1 FROM job WHERE job.state = 'queued' AND job.queue = pool.provider || '/' || pool.lane
                                  AND job.run_at <= :before)
  AND NOT EXISTS (SELECT 1 FROM attempt JOIN account ON account.id = attempt.account
                  WHERE account.provider = pool.provider AND account.workspace IS NULL
                    AND attempt.lane = pool.lane AND attempt.claimed_at > :before)
ORDER BY pool.provider, pool.lane;
