-- name: due
-- Conversations in which a job waits for a provider that takes nothing, without a notice so far.
SELECT DISTINCT job.provider, card.adapter, card.workspace, card.channel, coalesce(card.thread, '') AS thread
FROM job JOIN card ON card.id = job.card
WHERE job.state = 'queued' AND job.provider IN ({{values providers}})
  AND card.private = 0 AND card.adapter IN ({{values adapters}})
  AND NOT EXISTS (SELECT 1 FROM outage_notice AS sent
                  WHERE sent.provider = job.provider AND sent.adapter = card.adapter
                    AND sent.channel = card.channel AND sent.thread = coalesce(card.thread, ''))
LIMIT :count;

-- name: claim
INSERT INTO outage_notice (provider, adapter, workspace, channel, thread, at)
VALUES (:provider, :adapter, :workspace, :channel, :thread, :now)
ON CONFLICT (provider, adapter, channel, thread) DO NOTHING RETURNING provider;

-- name: count
SELECT count(*) AS notices FROM outage_notice;

-- name: clear
DELETE FROM outage_notice WHERE provider NOT IN ({{values providers}});
