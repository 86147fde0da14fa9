-- name: rules
SELECT workspace, level, subject, amount, period FROM rule
WHERE workspace IN ({{values workspaces}}) OR (workspace = '' AND subject IN ({{values subjects}}));

-- name: workspace_rules
SELECT workspace, level, subject, amount, period FROM rule WHERE workspace = :workspace ORDER BY level, subject;

-- name: set_rule
INSERT INTO rule (workspace, level, subject, amount, period)
VALUES (:workspace, :level, :subject, :amount, :period)
ON CONFLICT (workspace, level, subject) DO UPDATE SET amount = excluded.amount, period = excluded.period;

-- name: meters
SELECT id, used, reserved FROM meter WHERE id IN ({{values ids}});

-- name: open_meters
-- Inserted where they are new, and locked in one order until the commit.
{{insert meter items (id text, scope text, period text, period_start bigint, period_end bigint,
                      max_amount bigint)}} ORDER BY id
ON CONFLICT (id) DO UPDATE SET max_amount = excluded.max_amount
RETURNING id, used, reserved;

-- name: lock_meter
SELECT id, used, reserved FROM meter WHERE id = :id {{locked}};

-- name: reset_meter
UPDATE meter SET used = 0 WHERE id = :id;

-- name: insert_journal
{{insert journal items (meter text, job text, kind text, amount bigint, at bigint, cause text)}} ORDER BY ord;

-- name: usage
SELECT member, max(member_name) AS name, duration_class, count(*) AS jobs, CAST(sum(price) AS bigint) AS spent
FROM job
WHERE workspace = :workspace AND state = 'completed' AND finished_at >= :since
  AND refunded = 0
GROUP BY member, duration_class ORDER BY spent DESC, member, duration_class;

-- name: inconsistent
-- Meters whose row differs from the sum of their journal.
SELECT meter.id, meter.used, meter.reserved, CAST(coalesce(sum(
         CASE kind WHEN 'captured' THEN amount WHEN 'refunded' THEN -amount WHEN 'reset' THEN -amount ELSE 0 END),
       0) AS bigint) AS used_by_journal,
       CAST(coalesce(sum(CASE kind WHEN 'reserved' THEN amount WHEN 'lowered' THEN -amount
                                   WHEN 'captured' THEN -amount WHEN 'released' THEN -amount ELSE 0 END), 0) AS bigint) AS reserved_by_journal
FROM meter LEFT JOIN journal ON journal.meter = meter.id
GROUP BY meter.id, meter.used, meter.reserved
HAVING meter.used <> coalesce(sum(
         CASE kind WHEN 'captured' THEN amount WHEN 'refunded' THEN -amount WHEN 'reset' THEN -amount ELSE 0 END), 0)
    OR meter.reserved <> coalesce(sum(CASE kind WHEN 'reserved' THEN amount WHEN 'lowered' THEN -amount
                                                WHEN 'captured' THEN -amount WHEN 'released' THEN -amount
                                                ELSE 0 END), 0);
