-- name: jobs_by_id
SELECT job.*, (SELECT count(*) FROM star WHERE star.job = job.id) AS stars
FROM job WHERE id IN ({{values ids}});

-- name: jobs_of_cards
SELECT job.card AS shown_on, job.*, (SELECT count(*) FROM star WHERE star.job = job.id) AS stars
FROM job WHERE job.card IN ({{values cards}})
UNION ALL
SELECT card.id AS shown_on, job.*, (SELECT count(*) FROM star WHERE star.job = job.id) AS stars
FROM card JOIN job ON job.id = card.copy_of WHERE card.id IN ({{values cards}})
ORDER BY shown_on, position;

-- name: unfinished
SELECT job.*, (SELECT count(*) FROM star WHERE star.job = job.id) AS stars
FROM job
WHERE workspace = :workspace AND member = :member
  AND state IN ('held', 'preparing', 'queued', 'submitting', 'unknown', 'submitted')
ORDER BY id LIMIT :count;

-- name: list_jobs
SELECT job.*, (SELECT count(*) FROM star WHERE star.job = job.id) AS stars FROM job
WHERE (CAST(:state AS text) IS NULL OR state = :state) ORDER BY id DESC LIMIT :count;

-- name: lock_job
SELECT id FROM job WHERE id = :id {{locked}};

-- name: star
INSERT INTO star (job, member, at) VALUES (:job, :member, :now) ON CONFLICT (job, member) DO NOTHING;

-- name: unstar
DELETE FROM star WHERE job = :job AND member = :member;

-- name: starred
SELECT 1 AS starred FROM star WHERE job = :job AND member = :member;

-- name: remember_event
INSERT INTO handled_event (id, at) VALUES (:id, :now) ON CONFLICT (id) DO NOTHING;

-- name: results_of_generation
SELECT result FROM job WHERE account = :account AND remote_id = :generation AND result IS NOT NULL;

-- name: lock_jobs_of_generation
-- Of two jobs with one generation that are deleted at once, the second sees that the first is gone.
SELECT other.id FROM job JOIN job AS other ON other.account = job.account AND other.remote_id = job.remote_id
WHERE job.id = :id ORDER BY other.id {{locked other}};

-- name: keepers_of_generation
SELECT id FROM job WHERE account = :account AND remote_id = :remote_id AND deleted = 0 LIMIT 1;

-- name: delete_job
UPDATE job SET deleted = 1 WHERE id = :id AND deleted = 0 AND state IN ('completed', 'failed', 'cancelled')
RETURNING id, card, account, remote_id;

-- name: leave_gallery
DELETE FROM gallery WHERE job = :id;

-- name: mark_refunded
UPDATE job SET refunded = 1 WHERE id = :id RETURNING card;

-- name: ancestors
-- Bounded by `most`, and by the index of the ids.
WITH RECURSIVE line (id, parent, distance) AS (
    SELECT id, parent, CAST(0 AS bigint) FROM job WHERE id = :job
    UNION ALL
    SELECT job.id, job.parent, line.distance + 1 FROM line JOIN job ON job.id = line.parent
    WHERE line.distance < :most)
SELECT id FROM line ORDER BY distance;

-- name: made_from
-- Deleted ones too: they may lead to others.
SELECT id, parent FROM job
WHERE parent IN ({{values parents}}) AND state = 'completed' ORDER BY id LIMIT :count;
