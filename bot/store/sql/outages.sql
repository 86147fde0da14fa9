-- name: untold
-- Conversations in which a job waits for a provider that takes nothing, and that were not told.
SELECT DISTINCT job.provider, card.adapter, card.workspace, card.channel, coalesce(card.thread, '') AS thread
FROM job JOIN card ON card.id = job.card
WHERE job.state = 'queued' AND job.provider IN ({{values providers}})
  AND card.private = 0 AND card.adapter IN ({{values adapters}})
  AND NOT EXISTS (SELECT 1 FROM outage_told AS told
                  WHERE told.provider = job.provider AND told.adapter = card.adapter
                    AND told.channel = card.channel AND told.thread = coalesce(card.thread, ''))
LIMIT :count;

-- name: tell
INSERT INTO outage_told (provider, adapter, workspace, channel, thread, at)
VALUES (:provider, :adapter, :workspace, :channel, :thread, :now)
ON CONFLICT (provider, adapter, channel, thread) DO NOTHING RETURNING provider;

-- name: told
SELECT count(*) AS told FROM outage_told;

-- name: forget
DELETE FROM outage_told WHERE provider NOT IN ({{values providers}});
