-- Conditions that the operator is told about, by their ids.
CREATE TABLE alert (
    id       TEXT PRIMARY KEY,
    kind     TEXT NOT NULL,
    text     TEXT NOT NULL,
    remedy   TEXT NOT NULL,
    state    TEXT NOT NULL CHECK (state IN ('found', 'raised', 'resolved')),
    -- when any process last found the condition
    found_at BIGINT NOT NULL,
    told_at  BIGINT,
    -- names the alert in the messages about it
    notice   TEXT NOT NULL DEFAULT ''
);

-- Messages about alerts that are still to be sent.
CREATE TABLE alert_notice (
    id     TEXT PRIMARY KEY,
    -- 'webhook', or an operator
    target TEXT NOT NULL,
    alert  TEXT NOT NULL,
    kind   TEXT NOT NULL,
    state  TEXT NOT NULL CHECK (state IN ('raised', 'resolved')),
    text   TEXT NOT NULL,
    remedy TEXT NOT NULL,
    at     BIGINT NOT NULL,
    tries  INTEGER NOT NULL DEFAULT 0,
    run_at BIGINT NOT NULL
);
CREATE INDEX alert_notice_target ON alert_notice (target, id);

-- How long a workspace's audit is kept; NULL: as the operator's settings say.
ALTER TABLE workspace ADD COLUMN audit_days INTEGER;
CREATE INDEX audit_at ON audit (at);
CREATE INDEX audit_workspace_at ON audit (workspace, at);
