-- A change of a video, such as a higher resolution, may be answered with the generation that it changes. That
-- generation then belongs to both jobs; every other one still belongs to one job.

-- the generation that the job changes
ALTER TABLE job ADD COLUMN edited_generation TEXT;
DROP INDEX job_generation;
CREATE INDEX job_generation ON job (account, remote_id) WHERE remote_id IS NOT NULL;
CREATE UNIQUE INDEX job_own_generation ON job (account, remote_id)
    WHERE remote_id IS NOT NULL AND (edited_generation IS NULL OR edited_generation <> remote_id);
