-- name: known_events
SELECT event, id FROM card WHERE event IN ({{values events}});

-- name: known_reactions
SELECT reaction, id, created_at FROM card
WHERE reaction IN ({{values reactions}}) AND created_at > :since ORDER BY created_at;

-- name: last_virtual_times
SELECT r.queue, r.member, {{greatest}}(
         coalesce((SELECT max(job.virtual_time) FROM job WHERE job.queue = r.queue AND job.member = r.member), 0),
         coalesce((SELECT virtual_clock.virtual_time FROM virtual_clock WHERE virtual_clock.queue = r.queue), 0)) AS virtual_time
FROM {{rows items (queue text, member text)}} AS r;

-- name: reserve
UPDATE meter SET reserved = meter.reserved + r.amount
FROM {{rows items (id text, amount bigint)}} AS r
WHERE meter.id = r.id AND meter.used + meter.reserved + r.amount <= meter.max_amount + meter.granted;

-- name: insert_cards
{{insert card items (id text, event text, adapter text, workspace text, channel text, channel_name text, thread text, message text,
                     reply_token text, private bigint, member text, person text, reaction text, posting_since bigint,
                     lease_owner text, lease_until bigint, run_at bigint, created_at bigint)}};

-- name: insert_jobs
{{insert job items (id text, card text, position bigint, workspace text, member text, person text,
                    member_name text, provider text, lane text, queue text, duration_class text, request text, command text,
                    makes text, title text, price bigint, state text, virtual_time bigint, account_required text,
                    edited_generation text, run_at bigint, deadline bigint, created_at bigint, parent text, private bigint,
                    hold text, spoiler bigint)}};

-- name: insert_events
{{insert job_event items (job text, at bigint, before text, after text, attempt bigint, cause text)}} ORDER BY ord;

-- name: insert_reservations
{{insert reservation items (job text, meter text, amount bigint)}};
