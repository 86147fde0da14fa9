-- name: newest_usable
-- A card shows its own jobs, or the job that it is a copy of. Direct messages with the bot are the channel `:own`
-- as long as the platform's id of the channel is not known.
SELECT job.id FROM job
WHERE job.person = :person AND job.state = 'completed' AND job.deleted = 0 AND job.expired = 0
  AND (CAST(:kind AS text) IS NULL OR job.makes = :kind)
  AND (job.private = 0 OR CAST(:direct AS bigint) = 1)
  AND EXISTS (SELECT 1 FROM card WHERE (card.id = job.card OR card.copy_of = job.id) AND card.adapter = :adapter
                AND (card.channel = :own OR (card.workspace = :workspace AND card.channel = :channel
                                             AND coalesce(card.thread, '') = CAST(:thread AS text))))
ORDER BY job.id DESC LIMIT 1;

-- name: shown_in
SELECT job.id FROM job
WHERE job.id IN ({{values jobs}})
  AND EXISTS (SELECT 1 FROM card WHERE (card.id = job.card OR card.copy_of = job.id) AND card.adapter = :adapter
                AND (card.channel = :own OR (card.workspace = :workspace AND card.channel = :channel
                                             AND coalesce(card.thread, '') = CAST(:thread AS text))));

-- name: titles
-- Of the person's jobs the public ones of this workspace and all that are shown at this place; with
-- `everywhere`, the public ones of every workspace too; with `direct`, all of them.
SELECT job.id, job.title FROM job
WHERE job.person = :person AND job.id < :before AND job.deleted = 0 AND job.state IN ({{values states}})
  AND (CAST(:kind AS text) IS NULL OR job.makes = :kind)
  AND (CAST(:usable AS bigint) = 0 OR job.expired = 0)
  AND (CAST(:direct AS bigint) = 1
       OR (job.private = 0 AND job.workspace <> CAST(:messages AS text)
           AND (CAST(:everywhere AS bigint) = 1 OR job.workspace = :workspace))
       OR EXISTS (SELECT 1 FROM card WHERE (card.id = job.card OR card.copy_of = job.id) AND card.adapter = :adapter
                    AND (card.channel = :own OR (card.workspace = :workspace AND card.channel = :channel
                                                 AND coalesce(card.thread, '') = CAST(:thread AS text)))))
ORDER BY job.id DESC LIMIT :count;

-- name: by_short_id
-- The end of an id has an index of its own.
SELECT job.*, 0 AS stars FROM job WHERE substr(id, 19) = :short AND deleted = 0
ORDER BY id DESC;
