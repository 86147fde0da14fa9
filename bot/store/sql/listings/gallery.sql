-- name: entries
SELECT job, state, card, spoiler FROM gallery WHERE job IN ({{values jobs}});

-- name: add_entry
INSERT INTO gallery (id, job, workspace, state, card, spoiler)
VALUES (:id, :job, :workspace, :state, :card, :spoiler) ON CONFLICT (job) DO NOTHING;

-- name: set_state
UPDATE gallery SET state = :state WHERE job = :job AND state <> :state;

-- name: remove_entry
-- What a maker has refused is not asked again.
DELETE FROM gallery WHERE job = :job AND state <> 'refused';

-- name: stars_left
SELECT 1 AS found FROM star WHERE job = :job LIMIT 1;

-- name: unstarred
SELECT gallery.job, job.card FROM gallery JOIN job ON job.id = gallery.job
WHERE gallery.job IN ({{values jobs}}) AND NOT EXISTS (SELECT 1 FROM star WHERE star.job = gallery.job);
