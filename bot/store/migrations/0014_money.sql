-- Rules in pictures and videos, for roles and channels; caps of several periods beside each other.
CREATE TABLE allowance (
    workspace TEXT NOT NULL,
    level     TEXT NOT NULL CHECK (level IN ('member', 'role', 'person', 'channel', 'workspace', 'ceiling', 'everything')),
    subject   TEXT NOT NULL,
    unit      TEXT NOT NULL CHECK (unit IN ('money', 'pictures', 'videos')),
    period    TEXT NOT NULL CHECK (period IN ('day', 'week', 'month')),
    -- in its unit; money is micro-dollars
    amount    BIGINT NOT NULL CHECK (amount >= 0),
    -- name of the subject when the rule was set
    label     TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (workspace, level, subject, unit, period)
);
INSERT INTO allowance (workspace, level, subject, unit, period, amount)
SELECT workspace, level, subject, 'money', period, amount FROM rule;
DROP TABLE rule;

ALTER TABLE meter DROP COLUMN unit;
ALTER TABLE meter ADD COLUMN unit TEXT NOT NULL DEFAULT 'money' CHECK (unit IN ('money', 'pictures', 'videos'));
-- added to `max_amount` for this period
ALTER TABLE meter ADD COLUMN granted BIGINT NOT NULL DEFAULT 0 CHECK (granted >= 0);
-- a spending cap of a whole workspace or of everything
ALTER TABLE meter ADD COLUMN is_cap INTEGER NOT NULL DEFAULT 0 CHECK (is_cap IN (0, 1));
UPDATE meter SET is_cap = 1 WHERE scope LIKE 'workspace:%' OR scope LIKE 'ceiling:%' OR scope LIKE 'everything:%';
DROP INDEX meter_scope;
CREATE INDEX meter_current ON meter (scope, period_end);
CREATE INDEX meter_cap ON meter (period_end) WHERE is_cap = 1;

-- Append only. What is granted on a meter is the sum of its entries.
CREATE TABLE quota_grant (
    -- made before it is written, so that a repeated write grants nothing twice; begins with its time
    id     TEXT PRIMARY KEY,
    meter  TEXT NOT NULL REFERENCES meter (id),
    amount BIGINT NOT NULL CHECK (amount > 0),
    reason TEXT NOT NULL,
    actor  TEXT NOT NULL,
    at     BIGINT NOT NULL
);
CREATE INDEX quota_grant_meter ON quota_grant (meter, id);

-- Who was told about a cap in its period: admins ('' as target) or a conversation.
CREATE TABLE cap_notice (
    meter  TEXT NOT NULL REFERENCES meter (id),
    kind   TEXT NOT NULL CHECK (kind IN ('near', 'reached')),
    target TEXT NOT NULL,
    at     BIGINT NOT NULL,
    PRIMARY KEY (meter, kind, target)
);

-- ids of the roles that a member had when they were last seen, a list
ALTER TABLE member ADD COLUMN roles TEXT NOT NULL DEFAULT '[]';

-- milliseconds between two commands of a member, and how many unfinished jobs each may have; 0: no limit
ALTER TABLE workspace ADD COLUMN cooldown_ms BIGINT NOT NULL DEFAULT 0;
ALTER TABLE workspace ADD COLUMN max_open BIGINT NOT NULL DEFAULT 0;
-- lists of {id, name}; empty: all
ALTER TABLE workspace ADD COLUMN channels TEXT NOT NULL DEFAULT '[]';
ALTER TABLE workspace ADD COLUMN roles TEXT NOT NULL DEFAULT '[]';
ALTER TABLE workspace ADD COLUMN reactions INTEGER NOT NULL DEFAULT 1 CHECK (reactions IN (0, 1));
-- {id, name} of the channel for warnings, and its adapter; empty: none
ALTER TABLE workspace ADD COLUMN admin_channel TEXT NOT NULL DEFAULT '';
ALTER TABLE workspace ADD COLUMN admin_adapter TEXT NOT NULL DEFAULT '';
