-- name: search
-- An empty filter leaves nothing out.
SELECT audit.at, audit.actor, coalesce(member.name, '') AS actor_name, audit.workspace, audit.action, audit.subject, audit.detail
FROM audit LEFT JOIN member ON member.id = audit.actor
WHERE (CAST(:workspace AS text) = '' OR audit.workspace = :workspace)
  AND (CAST(:member AS text) = '' OR audit.actor = :member OR audit.subject LIKE '%' || CAST(:member AS text) || '%')
  AND (CAST(:action AS text) = '' OR lower(audit.action) LIKE '%' || lower(CAST(:action AS text)) || '%')
  AND (CAST(:words AS text) = ''
       OR lower(audit.action || ' ' || audit.subject || ' ' || audit.detail || ' ' || coalesce(member.name, ''))
          LIKE '%' || lower(CAST(:words AS text)) || '%')
ORDER BY audit.id DESC LIMIT :count OFFSET :skip;

-- name: insert_refusals
{{insert audit items (at bigint, actor text, workspace text, action text, subject text, detail text)}};

-- name: audit_days
SELECT audit_days FROM workspace WHERE id = :workspace;

-- name: set_audit_days
UPDATE workspace SET audit_days = :days WHERE id = :workspace;

-- name: expire_own
-- Of workspaces whose admins have decided how long.
WITH due AS MATERIALIZED (
    SELECT audit.id FROM workspace
    JOIN audit ON audit.workspace = workspace.id AND audit.at < :now - workspace.audit_days * CAST(86400000 AS bigint)
    WHERE workspace.audit_days IS NOT NULL LIMIT :count)
DELETE FROM audit WHERE id IN (SELECT id FROM due);

-- name: expire_others
WITH due AS MATERIALIZED (
    SELECT audit.id FROM audit
    WHERE audit.at < :before
      AND NOT EXISTS (SELECT 1 FROM workspace WHERE workspace.id = audit.workspace AND workspace.audit_days IS NOT NULL)
    LIMIT :count)
DELETE FROM audit WHERE id IN (SELECT id FROM due);
