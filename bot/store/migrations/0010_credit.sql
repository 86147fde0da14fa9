-- Balances that the providers' accounts reported. A row is written only if something changed.
CREATE TABLE credit_reading (
    account   TEXT NOT NULL REFERENCES account (id),
    at        BIGINT NOT NULL,
    balance   BIGINT NOT NULL,
    -- generations that the account was working on at that time
    in_flight INTEGER NOT NULL,
    PRIMARY KEY (account, at)
);

-- What the provider took between two readings, where only finished jobs of one class lie between them.
CREATE TABLE price_check (
    account        TEXT NOT NULL REFERENCES account (id),
    at             BIGINT NOT NULL,
    duration_class TEXT NOT NULL,
    jobs           INTEGER NOT NULL,
    expected       BIGINT NOT NULL,
    actual         BIGINT NOT NULL,
    PRIMARY KEY (account, at)
);

CREATE INDEX job_account_spending ON job (account, finished_at) WHERE state = 'completed';
