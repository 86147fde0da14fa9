-- name: lock_files
-- Whoever adds or removes a reference to a file locks all references to it: of two removals at once the second
-- sees what the first left, and nobody takes a file for unneeded while another transaction refers to it.
SELECT file, holder FROM holding WHERE file IN ({{values files}}) ORDER BY file, holder {{locked}};

-- name: add
{{insert holding items (file text, holder text, until bigint)}} ORDER BY file, holder
ON CONFLICT (file, holder) DO UPDATE SET until = excluded.until WHERE holding.until < excluded.until;

-- name: of_holders
SELECT file, holder FROM holding WHERE holder IN ({{values holders}}) ORDER BY file, holder;

-- name: only_of
SELECT file FROM holding
WHERE holder = :holder
  AND NOT EXISTS (SELECT 1 FROM holding AS other
                  WHERE other.file = holding.file AND other.holder <> holding.holder)
ORDER BY file;

-- name: remove
-- A reference that was prolonged meanwhile stays.
DELETE FROM holding
WHERE (file, holder) IN (SELECT file, holder FROM {{rows items (file text, holder text)}} AS r)
  AND (until IS NULL OR until <= :now);

-- name: referenced
SELECT DISTINCT file FROM holding WHERE file IN ({{values files}});

-- name: expired
SELECT file, holder FROM holding WHERE until <= :now ORDER BY until, file, holder LIMIT :count;

-- name: builds_on
-- The requests of unfinished jobs name what they build on; a reference to a job is stored without blanks.
SELECT request FROM job WHERE finished_at IS NULL AND request LIKE '%"job":"%';

-- name: due_expiry
-- A card that is yet to be shown, also a copy, needs the files of its job.
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
