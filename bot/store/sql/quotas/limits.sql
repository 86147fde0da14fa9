-- name: rules
-- Those for roles also where the roles of a caller are not known: somebody may have one of them.
SELECT workspace, level, subject, unit, period, amount, label FROM allowance
WHERE workspace IN ({{values workspaces}})
  AND (subject IN ({{values subjects}}) OR (level = 'role' AND workspace IN ({{values without_roles}})));

-- name: workspace_rules
SELECT workspace, level, subject, unit, period, amount, label FROM allowance
WHERE workspace = :workspace ORDER BY level, subject, unit, period;

-- name: subject_rules
SELECT workspace, level, subject, unit, period, amount, label FROM allowance
WHERE workspace = :workspace AND level = :level AND subject = :subject ORDER BY unit, period;

-- name: set_rule
INSERT INTO allowance (workspace, level, subject, unit, period, amount, label)
VALUES (:workspace, :level, :subject, :unit, :period, :amount, :label)
ON CONFLICT (workspace, level, subject, unit, period) DO UPDATE SET amount = excluded.amount, label = excluded.label;

-- name: remove_rule
DELETE FROM allowance
WHERE workspace = :workspace AND level = :level AND subject = :subject AND unit = :unit AND period = :period;

-- name: change_limit
-- Of the current meters: a claim reads what the rules say now from them.
UPDATE meter SET max_amount = :amount
WHERE scope = :scope AND unit = :unit AND period = :period AND period_end > :now;

-- name: spent_since
SELECT CAST(coalesce(sum(price), 0) AS bigint) AS spent FROM job
WHERE workspace = :workspace AND state = 'completed' AND finished_at >= :since AND refunded = 0;

-- name: under_way
-- What the unfinished jobs of a workspace have reserved on their members' meters. A job that somebody else is
-- changing at this moment is left out: it would not be settled on a further meter.
SELECT job.id AS job, own.amount, own.settled_as
FROM job JOIN reservation AS own ON own.job = job.id
JOIN meter ON meter.id = own.meter AND meter.scope = 'member:' || job.member AND meter.unit = 'money'
WHERE job.workspace = :workspace AND job.finished_at IS NULL AND own.settled_as IS NULL
ORDER BY job.id {{skip_locked job}};

-- name: add_used
UPDATE meter SET used = used + :amount WHERE id = :id;

-- name: change_default_cap
UPDATE meter SET max_amount = :amount
WHERE scope = 'everything:' AND unit = 'money' AND period = :period AND period_end > :now
  AND NOT EXISTS (SELECT 1 FROM allowance WHERE allowance.level = 'everything' AND allowance.unit = 'money'
                                            AND allowance.period = meter.period);

-- name: grant
UPDATE meter SET granted = granted + :amount WHERE id = :id;

-- name: insert_grant
INSERT INTO quota_grant (id, meter, amount, reason, actor, at)
VALUES (:id, :meter, :amount, :reason, :actor, :at) ON CONFLICT (id) DO NOTHING;

-- name: grants
SELECT amount, reason, at FROM quota_grant WHERE meter IN ({{values meters}}) ORDER BY id DESC LIMIT 5;

-- name: meters
SELECT id, used, reserved, granted FROM meter WHERE id IN ({{values ids}});

-- name: open_meters
-- Inserted where they are new, and locked in one order until the commit.
{{insert meter items (id text, scope text, unit text, period text, period_start bigint, period_end bigint,
                      max_amount bigint, is_cap integer)}} ORDER BY id
ON CONFLICT (id) DO UPDATE SET max_amount = excluded.max_amount
RETURNING id, used, reserved, granted;

-- name: lock_meter
SELECT id, used, reserved FROM meter WHERE id = :id {{locked}};

-- name: reset_meter
UPDATE meter SET used = 0 WHERE id = :id;

-- name: insert_journal
{{insert journal items (meter text, job text, kind text, amount bigint, at bigint, cause text)}} ORDER BY ord;

-- name: inconsistent
-- Meters whose row differs from the sum of their journal.
SELECT meter.id, meter.used, meter.reserved, meter.granted, CAST(coalesce(sum(
         CASE kind WHEN 'captured' THEN amount WHEN 'refunded' THEN -amount WHEN 'reset' THEN -amount ELSE 0 END),
       0) AS bigint) AS used_by_journal,
       CAST(coalesce(sum(CASE kind WHEN 'reserved' THEN amount WHEN 'lowered' THEN -amount
                                   WHEN 'captured' THEN -amount WHEN 'released' THEN -amount ELSE 0 END), 0) AS bigint) AS reserved_by_journal
FROM meter LEFT JOIN journal ON journal.meter = meter.id
GROUP BY meter.id, meter.used, meter.reserved, meter.granted
HAVING meter.granted <> (SELECT coalesce(sum(amount), 0) FROM quota_grant WHERE quota_grant.meter = meter.id) OR meter.used <> coalesce(sum(
         CASE kind WHEN 'captured' THEN amount WHEN 'refunded' THEN -amount WHEN 'reset' THEN -amount ELSE 0 END), 0)
    OR meter.reserved <> coalesce(sum(CASE kind WHEN 'reserved' THEN amount WHEN 'lowered' THEN -amount
                                                WHEN 'captured' THEN -amount WHEN 'released' THEN -amount
                                                ELSE 0 END), 0);
