-- name: due
-- The next jobs of everybody, then the ones after those: whoever sends many files holds up nobody else. What a
-- person has in preparation already, in whatever process, counts as theirs.
SELECT job.id FROM job JOIN (
    SELECT ready.id,
           row_number() OVER (PARTITION BY ready.person ORDER BY ready.run_at, ready.id) + coalesce(held.jobs, 0) AS place
    FROM job AS ready LEFT JOIN (
        SELECT person, count(*) AS jobs FROM job
        WHERE state = 'preparing' AND lease_until >= :now GROUP BY person
    ) AS held ON held.person = ready.person
    WHERE ready.state = 'preparing' AND ready.run_at <= :now
      AND (ready.lease_until IS NULL OR ready.lease_until < :now)
) AS waiting ON waiting.id = job.id
-- asked again of the row that is locked: another process may have taken it meanwhile
WHERE waiting.place <= :each AND job.state = 'preparing' AND (job.lease_until IS NULL OR job.lease_until < :now)
ORDER BY waiting.place, job.run_at, job.id LIMIT :count {{skip_locked job}};

-- name: lease
UPDATE job SET lease_owner = :owner, lease_until = :until WHERE id IN ({{values ids}})
RETURNING *, 0 AS stars;

-- name: put_aside
UPDATE job SET run_at = :run_at, lease_owner = NULL, lease_until = NULL WHERE id IN ({{values ids}});

-- name: note_setback
-- `misses` counts what failed by our own fault here, `missed_at` is when anything failed first; a job that
-- moves on starts both anew.
UPDATE job SET misses = job.misses + r.faults, missed_at = coalesce(job.missed_at, r.at)
FROM {{rows items (id text, owner text, until bigint, at bigint, faults bigint)}} AS r
WHERE job.id = r.id AND job.state = 'preparing' AND job.lease_owner = r.owner AND job.lease_until = r.until
RETURNING job.id, job.misses, job.missed_at;

-- name: put_back
UPDATE job SET run_at = r.run_at, lease_owner = NULL, lease_until = NULL
FROM {{rows items (id text, owner text, until bigint, run_at bigint)}} AS r
WHERE job.id = r.id AND job.state = 'preparing' AND job.lease_owner = r.owner
  AND job.lease_until = r.until
RETURNING job.id;
