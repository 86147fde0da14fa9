-- Whose key opens an account: a workspace, or NULL for the operator.
ALTER TABLE account ADD COLUMN workspace TEXT;

-- The API keys that workspaces entered. A removed one is kept until nothing of its account is in flight.
CREATE TABLE workspace_key (
    account     TEXT PRIMARY KEY REFERENCES account (id),
    workspace   TEXT NOT NULL REFERENCES workspace (id),
    -- encrypted for this workspace and account
    value       TEXT NOT NULL,
    -- what may be shown of it
    masked      TEXT NOT NULL,
    -- name of the admin
    set_by      TEXT NOT NULL,
    set_at      BIGINT NOT NULL,
    removed_at  BIGINT
);
CREATE UNIQUE INDEX workspace_key_current ON workspace_key (workspace) WHERE removed_at IS NULL;
CREATE INDEX job_account_required ON job (account_required) WHERE finished_at IS NULL AND account_required IS NOT NULL;
