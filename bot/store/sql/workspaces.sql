-- name: workspace
SELECT id, timezone, paused, pause_reason FROM workspace WHERE id = :id;

-- name: pause
UPDATE workspace SET paused = :paused, pause_reason = :reason WHERE id = :id;

-- name: set_rule
INSERT INTO rule (workspace, level, subject, amount, period)
VALUES (:workspace, :level, :subject, :amount, :period)
ON CONFLICT (workspace, level, subject) DO UPDATE SET amount = excluded.amount, period = excluded.period;

-- name: rules_of
SELECT workspace, level, subject, amount, period FROM rule WHERE workspace = :workspace ORDER BY level, subject;

-- name: block
INSERT INTO block (subject, created_at) VALUES (:subject, :now) ON CONFLICT (subject) DO NOTHING;

-- name: unblock
DELETE FROM block WHERE subject = :subject;

-- name: insert_audit
INSERT INTO audit (at, actor, workspace, action, subject, detail)
VALUES (:at, :actor, :workspace, :action, :subject, :detail);

-- name: find_members
SELECT id, name, person, guest FROM member
WHERE workspace = :workspace AND (id = :text OR person = :text OR lower(name) = lower(:text))
ORDER BY seen_at DESC LIMIT 2;

-- name: members_like
SELECT id, name FROM member WHERE workspace = :workspace AND lower(name) LIKE lower(:prefix) ORDER BY seen_at DESC LIMIT 10;

-- name: list_workspaces
SELECT workspace.id, workspace.paused, workspace.timezone,
       (SELECT count(*) FROM member WHERE member.workspace = workspace.id) AS members,
       (SELECT count(*) FROM block WHERE block.subject = workspace.id) AS blocked,
       (SELECT CAST(coalesce(sum(price), 0) AS bigint) FROM job
        WHERE job.workspace = workspace.id AND job.state = 'completed' AND job.refunded = 0
          AND job.finished_at >= :since) AS spent
FROM workspace ORDER BY workspace.id;
