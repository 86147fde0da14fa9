-- name: gallery_older
SELECT gallery.id AS key, gallery.job AS job, job.title FROM gallery JOIN job ON job.id = gallery.job
WHERE gallery.workspace = :workspace AND gallery.state = 'shown' AND gallery.id < :cursor
  AND job.deleted = 0 AND job.private = 0
  AND (CAST(:kind AS text) IS NULL OR job.makes = :kind)
ORDER BY gallery.id DESC LIMIT :count;

-- name: gallery_newer
SELECT gallery.id AS key, gallery.job AS job, job.title FROM gallery JOIN job ON job.id = gallery.job
WHERE gallery.workspace = :workspace AND gallery.state = 'shown' AND gallery.id > :cursor
  AND job.deleted = 0 AND job.private = 0
  AND (CAST(:kind AS text) IS NULL OR job.makes = :kind)
ORDER BY gallery.id LIMIT :count;

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
