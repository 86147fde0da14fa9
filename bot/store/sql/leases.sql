-- name: take_lease
INSERT INTO lease (name, owner, held_until, fence) VALUES (:name, :owner, :until, 1)
ON CONFLICT (name) DO UPDATE
SET owner = excluded.owner, held_until = excluded.held_until,
    fence = lease.fence + CASE WHEN lease.owner = excluded.owner THEN 0 ELSE 1 END
WHERE lease.owner = excluded.owner OR lease.held_until < :now
RETURNING fence;

-- name: free_lease
UPDATE lease SET held_until = 0 WHERE name = :name AND owner = :owner;

-- name: end_job_leases
UPDATE job SET lease_until = 0 WHERE lease_owner IS NOT NULL AND state IN ('submitting', 'preparing');

-- name: end_card_leases
UPDATE card SET lease_until = 0 WHERE lease_owner IS NOT NULL;

-- name: end_leases
UPDATE lease SET held_until = 0;
