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
