-- name: groups
-- The workspaces of a group are rows of their own; a group without any has one.
SELECT grouped.id, grouped.name, grouped.budget, workspace.id AS workspace
FROM workspace_group AS grouped LEFT JOIN workspace ON workspace.group_id = grouped.id
ORDER BY grouped.name, workspace.id;

-- name: lock_group
SELECT id, name, budget FROM workspace_group WHERE name = :name {{locked}};

-- name: group_names
SELECT name FROM workspace_group;

-- name: insert_group
INSERT INTO workspace_group (id, name, budget, created_at) VALUES (:id, :name, :budget, :now)
ON CONFLICT (name) DO NOTHING;

-- name: rename_group
UPDATE workspace_group SET name = :name
WHERE id = :id AND NOT EXISTS (SELECT 1 FROM workspace_group AS other WHERE other.name = :name AND other.id <> :id);

-- name: set_budget
UPDATE workspace_group SET budget = :budget WHERE id = :id;

-- name: delete_group
DELETE FROM workspace_group WHERE id = :id;

-- name: empty_group
UPDATE workspace SET group_id = NULL WHERE group_id = :id;

-- name: group_of
SELECT grouped.id, grouped.name, grouped.budget
FROM workspace JOIN workspace_group AS grouped ON grouped.id = workspace.group_id WHERE workspace.id = :workspace;

-- name: join_group
UPDATE workspace SET group_id = :id WHERE id = :workspace;

-- name: leave_group
UPDATE workspace SET group_id = NULL WHERE id = :workspace AND group_id = :id;

-- name: workspaces_of_group
SELECT id FROM workspace WHERE group_id = :id ORDER BY id;

-- name: group_ids
SELECT id, group_id FROM workspace WHERE id IN ({{values workspaces}}) AND group_id IS NOT NULL;
