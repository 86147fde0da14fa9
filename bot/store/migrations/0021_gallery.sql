-- The galleries of workspaces: results with a star. Private results and direct messages have no entry.
CREATE TABLE gallery (
    -- sorts by when the result got its first star
    id        TEXT PRIMARY KEY,
    job       TEXT NOT NULL UNIQUE REFERENCES job (id),
    workspace TEXT NOT NULL,
    -- of somebody else's result: whether its maker has agreed, where the workspace asks for that
    state     TEXT NOT NULL CHECK (state IN ('waiting', 'shown', 'refused')),
    -- the card that shows it in the gallery's channel, and whether behind a spoiler
    card      TEXT,
    spoiler   INTEGER NOT NULL DEFAULT 0 CHECK (spoiler IN (0, 1))
);
CREATE INDEX gallery_shown ON gallery (workspace, id) WHERE state = 'shown';

INSERT INTO gallery (id, job, workspace, state)
SELECT job.id, job.id, job.workspace, 'shown' FROM job
WHERE job.deleted = 0 AND job.private = 0 AND job.workspace NOT LIKE '%:@dm'
  AND EXISTS (SELECT 1 FROM star WHERE star.job = job.id);

-- the jobs that were made from a job
CREATE INDEX job_parent ON job (parent) WHERE parent IS NOT NULL;

-- A card may now also be a post in the gallery's channel, or ask a maker for consent.
ALTER TABLE card ADD COLUMN shown_for TEXT CHECK (shown_for IN ('report', 'approval', 'gallery', 'consent'));
UPDATE card SET shown_for = purpose WHERE purpose IS NOT NULL;
ALTER TABLE card DROP COLUMN purpose;
ALTER TABLE card RENAME COLUMN shown_for TO purpose;
