-- name: current_caps
-- Caps whose period is now and of which at least so many percent are used or reserved.
SELECT id, scope, period, period_end, max_amount + granted AS amount, used, reserved FROM meter
WHERE is_cap = 1 AND period_end > :now AND period_start <= :now AND max_amount + granted > 0
  AND (used + reserved) * 100 >= (max_amount + granted) * CAST(:percent AS bigint)
ORDER BY id;

-- name: caps_of
-- The caps of one workspace and of everything whose period is now.
SELECT id, scope, period, period_end, max_amount + granted AS amount, used, reserved FROM meter
WHERE is_cap = 1 AND scope IN ({{values scopes}}) AND period_end > :now AND period_start <= :now
ORDER BY id;

-- name: paused_scopes
SELECT scope FROM meter
WHERE is_cap = 1 AND scope IN ({{values scopes}}) AND period_end > :now AND period_start <= :now
  AND used >= max_amount + granted;

-- name: claim_notice
INSERT INTO cap_notice (meter, kind, target, at) VALUES (:meter, :kind, :target, :now)
ON CONFLICT (meter, kind, target) DO NOTHING RETURNING meter;

-- name: waiting_conversations
-- Public conversations with a queued job that a paused cap holds back, and that were not told in its period.
SELECT DISTINCT card.adapter, card.workspace, card.channel, coalesce(card.thread, '') AS thread
FROM job JOIN card ON card.id = job.card
WHERE job.state = 'queued' AND (CAST(:workspace AS text) = '' OR job.workspace = :workspace)
  AND (CAST(:in_group AS text) = '' OR EXISTS (SELECT 1 FROM workspace WHERE workspace.id = job.workspace
                                                                       AND workspace.group_id = :in_group))
  AND (CAST(:own_keys AS integer) = 1 OR job.queue = job.provider || '/' || job.lane)
  AND card.private = 0 AND card.adapter IN ({{values adapters}})
  AND NOT EXISTS (SELECT 1 FROM cap_notice AS sent
                  WHERE sent.meter = :meter AND sent.kind = 'reached'
                    AND sent.target = card.adapter || '/' || card.workspace || '/' || card.channel || '/' || coalesce(card.thread, ''))
LIMIT :count;
