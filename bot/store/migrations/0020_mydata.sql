-- Persons who asked that their data be deleted, until nothing of them is left.
CREATE TABLE erasure (
    person       TEXT PRIMARY KEY,
    -- takes the place of the person in what must be kept
    pseudonym    TEXT NOT NULL,
    -- what is newer stays
    requested_at BIGINT NOT NULL,
    -- when everything but the meters of running periods was done
    cleared_at   BIGINT
);

-- How many days a workspace keeps media and prompts of ended jobs; NULL: as long as the operator's settings say.
ALTER TABLE workspace ADD COLUMN media_days INTEGER;
ALTER TABLE workspace ADD COLUMN prompt_days INTEGER;

-- its words were removed: prompt, title and what the provider said about them
ALTER TABLE job ADD COLUMN words_removed INTEGER NOT NULL DEFAULT 0 CHECK (words_removed IN (0, 1));
CREATE INDEX job_words ON job (workspace, finished_at) WHERE finished_at IS NOT NULL AND words_removed = 0;
