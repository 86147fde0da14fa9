-- Groups of workspaces with one monthly budget, and persons who are one person on several platforms.

CREATE TABLE workspace_group (
    id         TEXT PRIMARY KEY,
    name       TEXT NOT NULL UNIQUE,
    -- micro-dollars in a calendar month, UTC
    budget     BIGINT NOT NULL CHECK (budget >= 0),
    created_at BIGINT NOT NULL
);
ALTER TABLE workspace ADD COLUMN group_id TEXT REFERENCES workspace_group (id);
CREATE INDEX workspace_in_group ON workspace (group_id) WHERE group_id IS NOT NULL;
