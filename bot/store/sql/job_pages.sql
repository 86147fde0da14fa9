-- name: history_older
SELECT job.id AS key, job.id AS job, job.title FROM job
WHERE job.person = :person AND job.id < :cursor AND job.deleted = 0
  AND (CAST(:kind AS text) IS NULL OR job.makes = :kind)
  AND (CAST(:starred AS bigint) = 0 OR EXISTS (SELECT 1 FROM star WHERE star.job = job.id))
ORDER BY job.id DESC LIMIT :count;

-- name: history_newer
SELECT job.id AS key, job.id AS job, job.title FROM job
WHERE job.person = :person AND job.id > :cursor AND job.deleted = 0
  AND (CAST(:kind AS text) IS NULL OR job.makes = :kind)
  AND (CAST(:starred AS bigint) = 0 OR EXISTS (SELECT 1 FROM star WHERE star.job = job.id))
ORDER BY job.id LIMIT :count;
