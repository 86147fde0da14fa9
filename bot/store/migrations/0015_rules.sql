-- What the admins of a workspace decide: rules as one JSON record, held jobs, votes, and cards for moderators.

ALTER TABLE workspace ADD COLUMN policy TEXT NOT NULL DEFAULT '{}';

-- what a held job waits for; kept once it is no longer held
ALTER TABLE job ADD COLUMN hold TEXT CHECK (hold IN ('confirmation', 'approval'));
ALTER TABLE job ADD COLUMN spoiler INTEGER NOT NULL DEFAULT 0 CHECK (spoiler IN (0, 1));

-- why a card shows a job to the moderators, and what they read beside it
ALTER TABLE card ADD COLUMN purpose TEXT CHECK (purpose IN ('report', 'approval'));
ALTER TABLE card ADD COLUMN note TEXT NOT NULL DEFAULT '';

-- Reactions that count as votes: a member counts once for each emoji under a job.
CREATE TABLE vote (
    job    TEXT NOT NULL REFERENCES job (id),
    emoji  TEXT NOT NULL,
    member TEXT NOT NULL,
    at     BIGINT NOT NULL,
    PRIMARY KEY (job, emoji, member)
);
