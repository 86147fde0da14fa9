-- name: insert_orphan
INSERT INTO orphan_generation (account, remote_id, job, cause, price, found_at, run_at)
VALUES (:account, :remote_id, :job, :cause, :price, :now, :now)
ON CONFLICT (account, remote_id) DO NOTHING
RETURNING account, remote_id;

-- name: due
SELECT account, remote_id, tries FROM orphan_generation
WHERE account = :account AND removed_at IS NULL AND cause <> 'unprocessed' AND run_at <= :now ORDER BY run_at LIMIT 20;

-- name: record_removed
UPDATE orphan_generation SET removed_at = :now WHERE account = :account AND remote_id = :remote_id;

-- name: resolve
UPDATE orphan_generation SET removed_at = coalesce(removed_at, CAST(:now AS bigint))
WHERE remote_id = :remote_id AND cause = 'unprocessed';

-- name: postpone
UPDATE orphan_generation SET tries = tries + 1, run_at = :run_at WHERE account = :account AND remote_id = :remote_id;

-- name: list_orphans
SELECT account, remote_id, job, cause, price, found_at, removed_at FROM orphan_generation
WHERE cause <> 'deleted' ORDER BY found_at DESC LIMIT :count;

-- name: totals
SELECT count(*) AS found, CAST(coalesce(sum(CASE WHEN removed_at IS NULL AND cause <> 'unprocessed' THEN 1 ELSE 0 END), 0) AS bigint) AS left_over,
       CAST(coalesce(sum(price), 0) AS bigint) AS price
FROM orphan_generation WHERE cause <> 'deleted'
  AND NOT EXISTS (SELECT 1 FROM account WHERE account.id = orphan_generation.account AND account.workspace IS NOT NULL);

-- name: count_unprocessed
SELECT count(*) AS left_over FROM orphan_generation WHERE cause = 'unprocessed' AND removed_at IS NULL AND found_at >= :since;
