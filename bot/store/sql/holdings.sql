-- name: lock_files
-- Whoever holds a file or lets go of it locks all its holdings, so that of two who let go at once the second
-- sees what the first left, and nobody takes a file for free while somebody else is about to hold it.
SELECT file, holder FROM holding WHERE file IN ({{values files}}) ORDER BY file, holder {{locked}};

-- name: hold
INSERT INTO holding (file, holder, until)
SELECT file, holder, until FROM {{rows items (file text, holder text, until bigint)}} AS r
WHERE true ORDER BY file, holder
ON CONFLICT (file, holder) DO UPDATE SET until = excluded.until WHERE holding.until < excluded.until;

-- name: held_by
SELECT file, holder FROM holding WHERE holder IN ({{values holders}}) ORDER BY file, holder;

-- name: held_alone
SELECT file FROM holding
WHERE holder = :holder
  AND NOT EXISTS (SELECT 1 FROM holding AS other
                  WHERE other.file = holding.file AND other.holder <> holding.holder)
ORDER BY file;

-- name: let_go
-- A holding that was prolonged meanwhile stays.
DELETE FROM holding
WHERE (file, holder) IN (SELECT file, holder FROM {{rows items (file text, holder text)}} AS r)
  AND (until IS NULL OR until <= :now);

-- name: held
SELECT DISTINCT file FROM holding WHERE file IN ({{values files}});

-- name: over
SELECT file, holder FROM holding WHERE until <= :now ORDER BY until, file, holder LIMIT :count;

-- name: builds_on
-- What jobs under way build on stands in their requests; a reference to a job is stored without blanks.
SELECT request FROM job WHERE finished_at IS NULL AND request LIKE '%"job":"%';

-- name: due_expiry
-- A card that is still to be shown, also a copy, needs the files of its job.
SELECT id, result FROM job
WHERE finished_at < :before AND deleted = 0 AND expired = 0 AND id NOT IN ({{values needed}})
  AND EXISTS (SELECT 1 FROM holding WHERE holding.holder = job.id)
  AND NOT EXISTS (SELECT 1 FROM star WHERE star.job = job.id)
  AND NOT EXISTS (SELECT 1 FROM card WHERE card.id = job.card
                                       AND card.shown_rev < card.wanted_rev AND card.undeliverable IS NULL)
  AND NOT EXISTS (SELECT 1 FROM card WHERE card.copy_of = job.id
                                       AND card.shown_rev < card.wanted_rev AND card.undeliverable IS NULL)
ORDER BY finished_at, id LIMIT :count {{skip_locked job}};

-- name: expire
UPDATE job SET expired = 1 WHERE id IN ({{values jobs}});
