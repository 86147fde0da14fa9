-- Words that a provider's video models know, as it last told them: JSON lists, shared by all processes.
CREATE TABLE vocabulary (
    provider       TEXT PRIMARY KEY,
    concepts       TEXT NOT NULL,
    camera_motions TEXT NOT NULL,
    told_at        BIGINT NOT NULL
);
