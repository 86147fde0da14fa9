-- name: card_of_message
-- A copy shows a job of another card.
SELECT card.id AS card, coalesce(copied.id, job.id) AS job
FROM card LEFT JOIN job ON job.card = card.id LEFT JOIN job AS copied ON copied.id = card.copy_of
WHERE card.adapter = :adapter AND card.message IN ({{values messages}})
ORDER BY card.id, job.position;

-- name: due
SELECT id FROM card
WHERE shown_rev < wanted_rev AND undeliverable IS NULL AND run_at <= :now
  AND (lease_until IS NULL OR lease_until < :now) AND adapter IN ({{values adapters}})
ORDER BY run_at, id LIMIT :count {{skip_locked card}};

-- name: lease
UPDATE card SET lease_owner = :owner, lease_until = :until
WHERE id IN ({{values ids}}) AND (lease_until IS NULL OR lease_until < :now)
RETURNING id, adapter, workspace, channel, thread, message, reply_token, private, member, person, copy_of, purpose, note, wanted_rev,
          shown_rev, shown_digest, shown_estimates, posting_since, tries, created_at;

-- name: card
SELECT id, adapter, workspace, channel, thread, message, reply_token, private, member, person, copy_of, purpose, note, wanted_rev,
       shown_rev, shown_digest, shown_estimates, posting_since, tries, created_at
FROM card WHERE id = :id;

-- name: record_posting
UPDATE card SET posting_since = coalesce(posting_since, CAST(:now AS bigint))
WHERE id = :id AND lease_owner = :owner;

-- name: clear_posting
UPDATE card SET posting_since = NULL WHERE id = :id AND lease_owner = :owner;

-- name: record_shown
UPDATE card
SET shown_rev = CASE WHEN r.rev > card.shown_rev THEN r.rev ELSE card.shown_rev END,
    shown_digest = CASE WHEN r.rev > card.shown_rev THEN r.digest ELSE card.shown_digest END,
    shown_estimates = CASE WHEN r.rev > card.shown_rev THEN r.shown_estimates ELSE card.shown_estimates END,
    message = coalesce(r.message, card.message), posting_since = NULL, tries = 0,
    -- what was requested while this was being shown, maybe the result, keeps its own time
    run_at = CASE WHEN card.wanted_rev > r.rev THEN card.run_at ELSE r.run_at END,
    lease_owner = NULL, lease_until = NULL
FROM (SELECT sent.id, sent.owner, sent.rev, sent.digest, sent.shown_estimates, sent.message, sent.run_at
      FROM {{rows items (id text, owner text, rev bigint, digest text, shown_estimates text, message text,
                         run_at bigint)}} AS sent
      JOIN card AS kept ON kept.id = sent.id ORDER BY kept.id {{locked kept}}) AS r
WHERE card.id = r.id AND card.lease_owner = r.owner
RETURNING card.id, card.wanted_rev > card.shown_rev AS behind;

-- name: renew
UPDATE card SET lease_until = :until WHERE id = :id AND lease_owner = :owner AND lease_until > :now;

-- name: postpone
UPDATE card SET tries = tries + 1, run_at = :run_at, lease_owner = NULL, lease_until = NULL
WHERE id = :id AND lease_owner = :owner;

-- name: postpone_unreadable
UPDATE card SET tries = tries + 1, run_at = :run_at, lease_owner = NULL, lease_until = NULL,
                undeliverable = CASE WHEN created_at < :undeliverable_before THEN 'it cannot be read' END
WHERE id IN ({{values ids}});

-- name: mark_undeliverable
UPDATE card SET undeliverable = :reason, lease_owner = NULL, lease_until = NULL
WHERE id = :id AND lease_owner = :owner;

-- name: forget_report
-- The same report can be made again.
UPDATE card SET event = event || '/' || id WHERE id = :id AND purpose = 'report';

-- name: in_progress
-- Cards whose jobs are running come first, then those that were checked the longest time ago. Per channel each
-- kind has its own quota, so that waiting jobs are refreshed even where many are running.
WITH unfinished AS (
    SELECT card.id, card.adapter, card.channel, card.run_at,
           min(CASE WHEN job.state = 'queued' THEN 1 ELSE 0 END) AS later
    FROM job JOIN card ON card.id = job.card
    WHERE job.finished_at IS NULL AND job.state <> 'held'
      AND card.shown_rev = card.wanted_rev AND card.undeliverable IS NULL AND card.run_at <= :now
    GROUP BY card.id, card.adapter, card.channel, card.run_at),
ranked AS (
    SELECT id, later, run_at,
           row_number() OVER (PARTITION BY adapter, channel, later ORDER BY run_at, id) AS place
    FROM unfinished)
SELECT id FROM ranked WHERE place <= :each ORDER BY later, run_at, id LIMIT :count;

-- name: request_progress
WITH due AS MATERIALIZED (
    SELECT id FROM card
    WHERE id IN ({{values ids}}) AND shown_rev = wanted_rev AND undeliverable IS NULL AND run_at <= :now
    ORDER BY id {{skip_locked card}})
UPDATE card SET wanted_rev = wanted_rev + 1 WHERE id IN (SELECT id FROM due)
RETURNING id;

-- name: show_again
-- Another process may have shown an older revision over a newer one.
UPDATE card SET wanted_rev = wanted_rev + 1, shown_digest = '', run_at = :now WHERE id = :id;

-- name: insert_copy
-- The job is locked: whoever deletes it meanwhile waits, and finds the copy.
INSERT INTO card (id, event, adapter, workspace, channel, thread, message, reply_token, private, member, person,
                  copy_of, reaction, purpose, note, run_at, created_at)
SELECT id, event, adapter, workspace, channel, thread, message, reply_token, private, member, person,
       copy_of, reaction, purpose, note, now, now
FROM {{rows items (id text, event text, adapter text, workspace text, channel text, thread text, message text,
                   reply_token text, private bigint, member text, person text, copy_of text, reaction text, purpose text, note text,
                   since bigint, now bigint)}} AS r
WHERE NOT EXISTS (SELECT 1 FROM card AS earlier
                  WHERE earlier.reaction = r.reaction AND earlier.created_at > r.since)
ON CONFLICT (event) DO NOTHING;

-- name: was_sent
SELECT id FROM card WHERE copy_of = :job AND person IN ({{values persons}}) LIMIT 1;
