-- name: due
-- The next job of each person, then the one after it: a person who sends many files delays nobody else. What
-- any process prepares for a person counts as theirs.
SELECT job.id FROM job JOIN (
    SELECT ready.id,
           row_number() OVER (PARTITION BY ready.person ORDER BY ready.run_at, ready.id) + coalesce(leased.jobs, 0) AS place
    FROM job AS ready LEFT JOIN (
        SELECT person, count(*) AS jobs FROM job
        WHERE state = 'preparing' AND lease_until >= :now GROUP BY person
    ) AS leased ON leased.person = ready.person
    WHERE ready.state = 'preparing' AND ready.run_at <= :now
      AND (ready.lease_until IS NULL OR ready.lease_until < :now)
) AS waiting ON waiting.id = job.id
-- checked again on the locked row: another process may have leased it meanwhile
WHERE waiting.place <= :per_person AND job.state = 'preparing' AND (job.lease_until IS NULL OR job.lease_until < :now)
ORDER BY waiting.place, job.run_at, job.id LIMIT :count {{skip_locked job}};

-- name: lease
UPDATE job SET lease_owner = :owner, lease_until = :until WHERE id IN ({{values ids}})
RETURNING *, 0 AS stars;

-- name: postpone_unreadable
UPDATE job SET run_at = :run_at, lease_owner = NULL, lease_until = NULL WHERE id IN ({{values ids}});

-- name: record_failure
-- `failed_tries` counts the failures of our own processing here, `failing_since` is when anything failed first;
-- a transition resets both.
UPDATE job SET failed_tries = failed_tries + CAST(:faults AS bigint),
               failing_since = coalesce(failing_since, CAST(:at AS bigint))
WHERE id = :id AND state = 'preparing' AND lease_owner = :owner AND lease_until = :until
RETURNING failed_tries, failing_since;

-- name: postpone
UPDATE job SET run_at = :run_at, lease_owner = NULL, lease_until = NULL
WHERE id = :id AND state = 'preparing' AND lease_owner = :owner AND lease_until = :until;
