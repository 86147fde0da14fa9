-- name: request
-- Asked again, what was made meanwhile is deleted too.
INSERT INTO erasure (person, pseudonym, requested_at) VALUES (:person, :pseudonym, :now)
ON CONFLICT (person) DO UPDATE SET requested_at = excluded.requested_at, cleared_at = NULL;

-- name: open
SELECT person, pseudonym, requested_at, cleared_at FROM erasure ORDER BY requested_at, person;

-- name: waiting
SELECT id FROM job
WHERE person = :person AND created_at <= :requested_at AND state IN ('held', 'preparing', 'queued') ORDER BY id LIMIT :count;

-- name: to_delete
SELECT id FROM job
WHERE person = :person AND created_at <= :requested_at AND finished_at IS NOT NULL AND deleted = 0 ORDER BY id LIMIT :count;

-- name: to_clear
-- Of deleted jobs whose messages are gone too. A repeated event still finds its card for a while.
SELECT id, card, workspace, request, failure FROM job
WHERE person = :person AND created_at <= :requested_at AND deleted = 1 AND finished_at <= :ended_before
  AND NOT EXISTS (SELECT 1 FROM card WHERE (card.id = job.card OR card.copy_of = job.id)
                                       AND card.shown_rev < card.wanted_rev AND card.undeliverable IS NULL)
ORDER BY id LIMIT :count;

-- name: left
SELECT 1 AS found FROM job WHERE person = :person AND created_at <= :requested_at LIMIT 1;

-- name: clear_jobs
UPDATE job SET person = :pseudonym, member = r.member, member_name = :name, title = :title, request = r.request,
               failure = r.failure, words_removed = 1
FROM {{rows items (id text, member text, request text, failure text)}} AS r WHERE job.id = r.id;

-- name: clear_cards
-- The event of a card is unique.
UPDATE card SET person = :pseudonym, member = CAST(:pseudonym AS text), event = 'removed:' || card.id, reply_token = '',
                channel = CASE WHEN card.channel LIKE '@%' THEN '' ELSE card.channel END,
                reaction = NULL, note = '', shown_estimates = '{}',
                -- Nobody can find direct messages any more. Moderators read a report without who made it.
                undeliverable = CASE WHEN card.channel LIKE '@%' THEN coalesce(card.undeliverable, 'removed') ELSE card.undeliverable END,
                wanted_rev = CASE WHEN card.purpose IS NULL THEN card.wanted_rev ELSE card.wanted_rev + 1 END
WHERE card.id IN ({{values cards}});

-- name: own_cards
-- Without an index: somebody asks for this once.
SELECT id FROM card
WHERE person = :person AND created_at <= :requested_at
  AND (shown_rev >= wanted_rev OR undeliverable IS NOT NULL) ORDER BY id LIMIT :count;

-- name: members
SELECT id, workspace, name, seen_at FROM member WHERE person = :person ORDER BY id;

-- name: rename_members
-- Not somebody who has gone on to use the bot: `seen_at` is not written for every command.
UPDATE member SET name = :name, roles = '[]', defaults = '{}'
WHERE person = :person AND seen_at <= :requested_at
  AND NOT EXISTS (SELECT 1 FROM job WHERE job.person = :person AND job.created_at > :requested_at);

-- name: remove_members
DELETE FROM member
WHERE person = :person AND seen_at <= :requested_at
  AND NOT EXISTS (SELECT 1 FROM job WHERE job.person = :person AND job.created_at > :requested_at);

-- name: remove_votes
DELETE FROM vote WHERE member IN ({{values members}}) AND at <= :requested_at;

-- name: starred
SELECT job FROM star WHERE member IN ({{values members}}) AND at <= :requested_at;

-- name: remove_stars
DELETE FROM star WHERE member IN ({{values members}}) AND at <= :requested_at;

-- name: remove_refusals
DELETE FROM audit WHERE actor IN ({{values members}}) AND action = 'refused' AND at <= :requested_at;

-- name: clear_labels
UPDATE allowance SET label = '' WHERE level = 'member' AND subject IN ({{values members}});

-- name: ended_meters
SELECT id FROM meter WHERE scope IN ({{values scopes}}) AND period_end <= :now ORDER BY id LIMIT :count;

-- name: running_meter
SELECT 1 AS found FROM meter WHERE scope IN ({{values scopes}}) AND period_start <= :requested_at LIMIT 1;

-- name: copy_meter
INSERT INTO meter (id, scope, period, period_start, period_end, max_amount, used, reserved, unit, granted, is_cap)
SELECT :new, :pseudonym, period, period_start, period_end, max_amount, used, reserved, unit, granted, is_cap
FROM meter WHERE id = :old;

-- name: move_reservations
UPDATE reservation SET meter = :new WHERE meter = :old AND job IN (SELECT job FROM journal WHERE meter = :old);

-- name: move_journal
UPDATE journal SET meter = :new WHERE meter = :old;

-- name: move_grants
UPDATE quota_grant SET meter = :new, reason = '' WHERE meter = :old;

-- name: move_notices
UPDATE cap_notice SET meter = :new WHERE meter = :old;

-- name: remove_meter
DELETE FROM meter WHERE id = :old;

-- name: mark_cleared
UPDATE erasure SET cleared_at = :now WHERE person = :person AND requested_at = :requested_at;

-- name: finish
DELETE FROM erasure WHERE person = :person AND requested_at = :requested_at;
