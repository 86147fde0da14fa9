-- name: of_workspace
SELECT media_days, prompt_days FROM workspace WHERE id = :workspace;

-- name: change
UPDATE workspace SET media_days = :media_days, prompt_days = :prompt_days WHERE id = :workspace;

-- name: due_media
-- Of workspaces whose admins have decided how long; as `file_refs.due_expiry`.
SELECT job.id FROM workspace
JOIN job ON job.workspace = workspace.id AND job.finished_at IS NOT NULL AND job.words_removed = 0
        AND job.finished_at < :now - workspace.media_days * CAST(86400000 AS bigint)
WHERE workspace.media_days IS NOT NULL AND job.deleted = 0 AND job.expired = 0 AND job.id NOT IN ({{values needed}})
  AND EXISTS (SELECT 1 FROM file_reference WHERE file_reference.holder = job.id)
  AND NOT EXISTS (SELECT 1 FROM star WHERE star.job = job.id)
  AND NOT EXISTS (SELECT 1 FROM card WHERE (card.id = job.card OR card.copy_of = job.id)
                                       AND card.shown_rev < card.wanted_rev AND card.undeliverable IS NULL)
ORDER BY job.id LIMIT :count {{skip_locked job}};

-- name: due_words
SELECT job.id, job.request, job.failure FROM workspace
JOIN job ON job.workspace = workspace.id AND job.finished_at IS NOT NULL AND job.words_removed = 0
        AND job.finished_at < :now - workspace.prompt_days * CAST(86400000 AS bigint)
WHERE workspace.prompt_days IS NOT NULL AND job.id NOT IN ({{values needed}})
  AND NOT EXISTS (SELECT 1 FROM star WHERE star.job = job.id)
  AND NOT EXISTS (SELECT 1 FROM card WHERE (card.id = job.card OR card.copy_of = job.id)
                                       AND card.shown_rev < card.wanted_rev AND card.undeliverable IS NULL)
ORDER BY job.id LIMIT :count {{skip_locked job}};

-- name: remove_words
UPDATE job SET title = :title, request = r.request, failure = r.failure, words_removed = 1
FROM {{rows items (id text, request text, failure text)}} AS r WHERE job.id = r.id;
