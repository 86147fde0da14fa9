-- name: meters
SELECT id, used, reserved FROM meter WHERE id IN ({{values ids}});

-- name: lock_meter
SELECT id, used, reserved FROM meter WHERE id = :id {{locked}};

-- name: reset_meter
UPDATE meter SET used = 0 WHERE id = :id;

-- name: usage
SELECT member, max(member_name) AS name, pace, count(*) AS jobs, CAST(sum(price) AS bigint) AS spent
FROM job
WHERE workspace = :workspace AND state = 'completed' AND finished_at >= :since
  AND refunded = 0
GROUP BY member, pace ORDER BY spent DESC, member, pace;

-- name: unsettled
-- What each meter should hold by its journal, where that differs from its row.
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
