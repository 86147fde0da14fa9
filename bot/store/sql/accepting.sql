-- name: known_events
SELECT event, id FROM card WHERE event IN ({{values events}});

-- name: known_reactions
SELECT reaction, id, created_at FROM card
WHERE reaction IN ({{values reactions}}) AND created_at > :since ORDER BY created_at;

-- name: see_workspaces
INSERT INTO workspace (id, created_at)
SELECT id, now FROM {{rows items (id text, now bigint)}} AS r WHERE true ORDER BY id
ON CONFLICT (id) DO NOTHING;

-- name: see_members
INSERT INTO member (id, workspace, person, name, guest, seen_at)
SELECT id, workspace, person, name, guest, now
FROM {{rows items (id text, workspace text, person text, name text, guest integer, now bigint)}} AS r
WHERE true ORDER BY id
ON CONFLICT (id) DO UPDATE SET name = excluded.name, guest = excluded.guest, seen_at = excluded.seen_at
WHERE member.name <> excluded.name OR member.guest <> excluded.guest
   OR member.seen_at < excluded.seen_at - 3600000;

-- name: workspaces
SELECT id, timezone, paused, pause_reason FROM workspace WHERE id IN ({{values ids}});

-- name: blocks
SELECT subject FROM block WHERE subject IN ({{values subjects}});

-- name: rules
SELECT workspace, level, subject, amount, period FROM rule
WHERE workspace IN ({{values workspaces}}) OR (workspace = '' AND subject IN ({{values subjects}}));

-- name: waiting
-- Asked once the meters are locked, unlike the rest of a workspace, so that nobody else is counting there.
SELECT r.workspace, r.id AS member,
       (SELECT count(*) FROM job WHERE job.workspace = r.workspace AND job.member = r.id
                                   AND job.state IN ('held', 'preparing', 'queued')) AS jobs,
       EXISTS (SELECT 1 FROM member WHERE member.id = r.id AND member.name = r.name
                                      AND member.guest = r.guest
                                      AND member.seen_at >= r.now - 3600000) AS known
FROM {{rows members (id text, workspace text, name text, guest integer, now bigint)}} AS r
UNION ALL
SELECT workspace.id, NULL, workspace.waiting, true FROM workspace WHERE workspace.id IN ({{values workspaces}});

-- name: last_turns
SELECT r.queue, r.member, {{greatest}}(
         coalesce((SELECT max(job.turn) FROM job WHERE job.queue = r.queue AND job.member = r.member), 0),
         coalesce((SELECT clock.turn FROM clock WHERE clock.queue = r.queue), 0)) AS turn
FROM {{rows items (queue text, member text)}} AS r;

-- name: open_meters
-- Made where they are new, and locked in one order until the commit.
INSERT INTO meter (id, scope, period, period_start, period_end, max_amount)
SELECT id, scope, period, period_start, period_end, max_amount
FROM {{rows items (id text, scope text, period text, period_start bigint, period_end bigint, max_amount bigint)}} AS r
WHERE true ORDER BY id
ON CONFLICT (id) DO UPDATE SET max_amount = excluded.max_amount
RETURNING id, used, reserved;

-- name: reserve
UPDATE meter SET reserved = meter.reserved + r.amount
FROM {{rows items (id text, amount bigint)}} AS r
WHERE meter.id = r.id AND meter.used + meter.reserved + r.amount <= meter.max_amount;

-- name: insert_cards
INSERT INTO card (id, event, adapter, workspace, channel, thread, message, reach, private, member, person,
                  reaction, posting_since, lease_owner, lease_until, run_at, created_at)
SELECT id, event, adapter, workspace, channel, thread, message, reach, private, member, person,
       reaction, posting_since, lease_owner, lease_until, run_at, created_at
FROM {{rows items (id text, event text, adapter text, workspace text, channel text, thread text, message text,
                   reach text, private bigint, member text, person text, reaction text, posting_since bigint,
                   lease_owner text, lease_until bigint, run_at bigint, created_at bigint)}} AS r;

-- name: insert_jobs
INSERT INTO job (id, card, position, workspace, member, person, member_name, provider, lane, queue, pace,
                 request, makes, title, price, state, turn, account_required, run_at, deadline, created_at, parent,
                 private)
SELECT id, card, position, workspace, member, person, member_name, provider, lane, queue, pace,
       request, makes, title, price, state, turn, account_required, run_at, deadline, created_at, parent, private
FROM {{rows items (id text, card text, position bigint, workspace text, member text, person text,
                   member_name text, provider text, lane text, queue text, pace text, request text, makes text,
                   title text, price bigint, state text, turn bigint, account_required text, run_at bigint, deadline bigint,
                   created_at bigint, parent text, private bigint)}} AS r;

-- name: insert_events
INSERT INTO job_event (job, at, before, after, attempt, cause)
SELECT job, at, before, after, attempt, cause
FROM {{rows items (job text, at bigint, before text, after text, attempt bigint, cause text)}} AS r
ORDER BY ord;

-- name: insert_reservations
INSERT INTO reservation (job, meter, amount)
SELECT job, meter, amount FROM {{rows items (job text, meter text, amount bigint)}} AS r;

-- name: insert_journal
INSERT INTO journal (meter, job, kind, amount, at, cause)
SELECT meter, job, kind, amount, at, cause
FROM {{rows items (meter text, job text, kind text, amount bigint, at bigint, cause text)}} AS r
ORDER BY ord;
