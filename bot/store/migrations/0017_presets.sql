-- Defaults that members set for the options of commands, and the presets of workspaces.

ALTER TABLE member ADD COLUMN defaults TEXT NOT NULL DEFAULT '{}';

CREATE TABLE preset (
    workspace TEXT NOT NULL REFERENCES workspace (id),
    name      TEXT NOT NULL,
    kind      TEXT NOT NULL CHECK (kind IN ('style', 'character', 'prompt')),
    text      TEXT NOT NULL,
    -- references as JSON; each file is referenced by preset:<workspace>/<name>
    pictures  TEXT NOT NULL,
    -- whose results its pictures are, as a JSON list of persons
    makers    TEXT NOT NULL,
    set_by    TEXT NOT NULL,
    set_at    BIGINT NOT NULL,
    PRIMARY KEY (workspace, name)
);
