-- name: acquire
INSERT INTO lease (name, owner, expires_at, fence) VALUES (:name, :owner, :until, 1)
ON CONFLICT (name) DO UPDATE
SET owner = excluded.owner, expires_at = excluded.expires_at,
    fence = lease.fence + CASE WHEN lease.owner = excluded.owner THEN 0 ELSE 1 END
WHERE lease.owner = excluded.owner OR lease.expires_at < :now
RETURNING fence;

-- name: release
UPDATE lease SET expires_at = 0 WHERE name = :name AND owner = :owner;

-- name: expire_jobs
UPDATE job SET lease_until = 0 WHERE lease_owner IS NOT NULL AND state IN ('submitting', 'preparing');

-- name: expire_cards
UPDATE card SET lease_until = 0 WHERE lease_owner IS NOT NULL;

-- name: expire_all
UPDATE lease SET expires_at = 0;

-- name: reserve_slot
-- The row's lock lasts until the commit, so no time is given out twice.
INSERT INTO rate_slot (adapter, name, next_at) VALUES (:adapter, :name, :after)
ON CONFLICT (adapter, name) DO UPDATE SET next_at = {{greatest}}(rate_slot.next_at, CAST(:now AS bigint)) + CAST(:every AS bigint)
RETURNING next_at;
