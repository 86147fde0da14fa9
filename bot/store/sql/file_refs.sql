-- name: lock_files
-- Whoever adds or removes a reference to a file locks all references to it: of two removals at once the second
-- sees what the first left, and no file is taken for unneeded while another transaction refers to it.
SELECT file, holder FROM file_reference WHERE file IN ({{values files}}) ORDER BY file, holder {{locked}};

-- name: add
{{insert file_reference items (file text, holder text, expires_at bigint)}} ORDER BY file, holder
ON CONFLICT (file, holder) DO UPDATE SET expires_at = excluded.expires_at WHERE file_reference.expires_at < excluded.expires_at;

-- name: of_holders
SELECT file, holder FROM file_reference WHERE holder IN ({{values holders}}) ORDER BY file, holder;

-- name: only_of
SELECT file FROM file_reference
WHERE holder = :holder
  AND NOT EXISTS (SELECT 1 FROM file_reference AS other
                  WHERE other.file = file_reference.file AND other.holder <> file_reference.holder)
ORDER BY file;

-- name: remove
-- A reference that was extended meanwhile stays.
DELETE FROM file_reference
WHERE (file, holder) IN (SELECT file, holder FROM {{rows items (file text, holder text)}} AS r)
  AND (expires_at IS NULL OR expires_at <= :now);

-- name: referenced
SELECT DISTINCT file FROM file_reference WHERE file IN ({{values files}});

-- name: expired
SELECT file, holder FROM file_reference WHERE expires_at <= :now ORDER BY expires_at, file, holder LIMIT :count;

-- name: builds_on
-- The requests of unfinished jobs name what they build on; a reference to a job is stored without blanks.
SELECT request FROM job WHERE finished_at IS NULL AND request LIKE '%"job":"%';

-- name: due_expiry
-- A card that is yet to be shown, also a copy, needs the files of its job.
SELECT id, result FROM job
WHERE finished_at < :before AND deleted = 0 AND expired = 0 AND id NOT IN ({{values needed}})
  AND EXISTS (SELECT 1 FROM file_reference WHERE file_reference.holder = job.id)
  AND NOT EXISTS (SELECT 1 FROM star WHERE star.job = job.id)
  AND NOT EXISTS (SELECT 1 FROM card WHERE card.id = job.card
                                       AND card.shown_rev < card.wanted_rev AND card.undeliverable IS NULL)
  AND NOT EXISTS (SELECT 1 FROM card WHERE card.copy_of = job.id
                                       AND card.shown_rev < card.wanted_rev AND card.undeliverable IS NULL)
ORDER BY finished_at, id LIMIT :count {{skip_locked job}};

-- name: expire
UPDATE job SET expired = 1 WHERE id IN ({{values jobs}});
