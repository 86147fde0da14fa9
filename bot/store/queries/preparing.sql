-- name: due
SELECT id FROM job
WHERE state = 'preparing' AND run_at <= :now AND (lease_until IS NULL OR lease_until < :now)
ORDER BY run_at, id LIMIT :count {{skip_locked job}};

-- name: lease
UPDATE job SET lease_owner = :owner, lease_until = :until WHERE id IN ({{values ids}})
RETURNING *, 0 AS stars;

-- name: put_back
UPDATE job SET run_at = r.run_at, lease_owner = NULL, lease_until = NULL
FROM {{rows items (id text, owner text, run_at bigint)}} AS r
WHERE job.id = r.id AND job.state = 'preparing' AND job.lease_owner = r.owner
RETURNING job.id;
