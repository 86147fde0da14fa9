-- name: workspaces
SELECT workspace.id, workspace.timezone, workspace.paused, workspace.pause_reason, workspace.cooldown_ms,
       workspace.max_open, workspace.channels, workspace.roles, workspace.reactions, workspace.admin_channel,
       workspace.admin_adapter, workspace.policy, own.account, account.provider,
       grouped.id AS group_id, grouped.name AS group_name, grouped.budget AS group_budget
FROM workspace
LEFT JOIN workspace_key AS own ON own.workspace = workspace.id AND own.removed_at IS NULL
LEFT JOIN account ON account.id = own.account
LEFT JOIN workspace_group AS grouped ON grouped.id = workspace.group_id
WHERE workspace.id IN ({{values ids}});

-- name: add_workspaces
INSERT INTO workspace (id, created_at)
SELECT id, now FROM {{rows items (id text, now bigint)}} AS r WHERE true ORDER BY id
ON CONFLICT (id) DO NOTHING;

-- name: lock_workspace
SELECT id FROM workspace WHERE id = :id {{locked}};

-- name: upsert_members
-- Roles that the platform does not say stay as they were.
INSERT INTO member (id, workspace, person, name, guest, roles, seen_at)
SELECT r.id, r.workspace, r.person, r.name, r.guest, coalesce(r.roles, known.roles, '[]'), r.now
FROM {{rows items (id text, workspace text, person text, name text, guest integer, roles text, now bigint)}} AS r
LEFT JOIN member AS known ON known.id = r.id
WHERE true ORDER BY r.id
ON CONFLICT (id) DO UPDATE SET name = excluded.name, guest = excluded.guest, roles = excluded.roles,
                               seen_at = excluded.seen_at
WHERE member.name <> excluded.name OR member.guest <> excluded.guest OR member.roles <> excluded.roles
   OR member.seen_at < excluded.seen_at - 3600000;

-- name: waiting
-- Read after the meters are locked, unlike the rest of a workspace, so that nobody else changes the counts.
SELECT r.workspace, r.id AS member,
       (SELECT count(*) FROM job WHERE job.workspace = r.workspace AND job.member = r.id
                                   AND job.state IN ('held', 'preparing', 'queued')) AS jobs,
       CASE WHEN workspace.max_open > 0 THEN
           (SELECT count(*) FROM job WHERE job.workspace = r.workspace AND job.member = r.id
                                       AND job.state IN ('held', 'preparing', 'queued', 'submitting', 'unknown', 'submitted'))
           END AS unfinished,
       CASE WHEN workspace.cooldown_ms > 0 THEN
           (SELECT job.created_at FROM job WHERE job.person = r.person AND job.workspace = r.workspace
            ORDER BY job.id DESC LIMIT 1)
           END AS last_at,
       EXISTS (SELECT 1 FROM member WHERE member.id = r.id AND member.name = r.name
                                      AND member.guest = r.guest AND member.roles = coalesce(r.roles, member.roles)
                                      AND member.seen_at >= r.now - 3600000) AS known,
       r.person, (SELECT linked_person.link FROM linked_person WHERE linked_person.person = r.person) AS link
FROM {{rows members (id text, workspace text, person text, name text, guest integer, roles text, now bigint)}} AS r
LEFT JOIN workspace ON workspace.id = r.workspace
UNION ALL
SELECT workspace.id, NULL, workspace.waiting, NULL, NULL, true, NULL, NULL FROM workspace WHERE workspace.id IN ({{values workspaces}});

-- name: set_pace
UPDATE workspace SET cooldown_ms = coalesce(CAST(:cooldown_ms AS bigint), cooldown_ms),
                     max_open = coalesce(CAST(:max_open AS bigint), max_open) WHERE id = :id;

-- name: set_up
-- NULL keeps a setting as it is.
UPDATE workspace SET timezone = coalesce(CAST(:timezone AS text), timezone),
                     channels = coalesce(CAST(:channels AS text), channels),
                     roles = coalesce(CAST(:roles AS text), roles),
                     reactions = coalesce(CAST(:reactions AS integer), reactions),
                     admin_channel = coalesce(CAST(:admin_channel AS text), admin_channel),
                     admin_adapter = coalesce(CAST(:admin_adapter AS text), admin_adapter)
WHERE id = :id;

-- name: pause
UPDATE workspace SET paused = :paused, pause_reason = :reason WHERE id = :id;

-- name: blocked
SELECT subject FROM block WHERE subject IN ({{values subjects}});

-- name: block
INSERT INTO block (subject, created_at) VALUES (:subject, :now) ON CONFLICT (subject) DO NOTHING;

-- name: unblock
DELETE FROM block WHERE subject = :subject;

-- name: insert_audit
INSERT INTO audit (at, actor, workspace, action, subject, detail)
VALUES (:at, :actor, :workspace, :action, :subject, :detail);

-- name: find_members
SELECT id, name, person, guest, roles FROM member
WHERE workspace = :workspace AND (id = :text OR person = :text OR lower(name) = lower(:text))
ORDER BY seen_at DESC LIMIT 2;

-- name: list_members
-- Not with LIKE: `_` and `%` are characters of names.
SELECT id, name, person, guest, roles FROM member
WHERE workspace = :workspace
  AND (CAST(:words AS text) = '' OR replace(lower(name), lower(CAST(:words AS text)), '') <> lower(name))
ORDER BY seen_at DESC, id LIMIT :count OFFSET :skip;

-- name: unknown_members
SELECT r.id FROM {{rows items (id text)}} AS r
WHERE NOT EXISTS (SELECT 1 FROM member WHERE member.id = r.id) ORDER BY r.id;

-- name: member_names
SELECT id, name FROM member WHERE workspace = :workspace AND lower(name) LIKE lower(:prefix) ORDER BY seen_at DESC LIMIT 10;

-- name: recent_members
SELECT id FROM member WHERE workspace = :workspace ORDER BY seen_at DESC LIMIT 1000;

-- name: workspace_ids
SELECT id FROM workspace;

-- name: list_workspaces
SELECT workspace.id, workspace.paused, workspace.timezone,
       (SELECT grouped.name FROM workspace_group AS grouped WHERE grouped.id = workspace.group_id) AS group_name,
       (SELECT count(*) FROM member WHERE member.workspace = workspace.id) AS members,
       (SELECT count(*) FROM block WHERE block.subject = workspace.id) AS blocked,
       (SELECT CAST(coalesce(sum(price), 0) AS bigint) FROM job
        WHERE job.workspace = workspace.id AND job.state = 'completed' AND job.refunded = 0
          AND job.finished_at >= :since
          AND NOT EXISTS (SELECT 1 FROM account WHERE account.id = job.account AND account.workspace IS NOT NULL)) AS spent
FROM workspace ORDER BY workspace.id;
