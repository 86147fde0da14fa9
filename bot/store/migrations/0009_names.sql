-- Tables and columns get the names that the code uses for them.

ALTER TABLE line RENAME TO queue_depth;
ALTER TABLE queue_depth RENAME COLUMN turn TO virtual_time;
ALTER TABLE clock RENAME TO virtual_clock;
ALTER TABLE virtual_clock RENAME COLUMN turn TO virtual_time;
ALTER TABLE turn RENAME TO rate_slot;
ALTER TABLE holding RENAME TO file_reference;
ALTER TABLE file_reference RENAME COLUMN until TO expires_at;
ALTER TABLE vault RENAME TO adapter_data;
ALTER TABLE vault_seq RENAME TO adapter_data_seq;
ALTER TABLE outage_told RENAME TO outage_notice;
ALTER TABLE event RENAME TO handled_event;

ALTER TABLE job RENAME COLUMN turn TO virtual_time;
ALTER TABLE job RENAME COLUMN pace TO duration_class;
-- failed looks at a known generation, or failures of our own processing while the job is prepared
ALTER TABLE job RENAME COLUMN misses TO failed_tries;
ALTER TABLE job RENAME COLUMN missed_at TO failing_since;
-- what is needed to answer an interaction, encrypted
ALTER TABLE card RENAME COLUMN reach TO reply_token;
-- the estimates that its message shows for unfinished jobs
ALTER TABLE card RENAME COLUMN told TO shown_estimates;
-- its callback URL carries a token that names it
ALTER TABLE attempt RENAME COLUMN marked TO has_token;
-- when a worker with its key last registered it
ALTER TABLE account RENAME COLUMN held_at TO registered_at;
ALTER TABLE lease RENAME COLUMN held_until TO expires_at;
ALTER TABLE vocabulary RENAME COLUMN told_at TO fetched_at;

-- Indexes follow; SQLite cannot rename them.
DROP INDEX job_turn;
CREATE INDEX job_virtual_time ON job (queue, member, virtual_time);
DROP INDEX job_pace;
CREATE INDEX job_duration ON job (duration_class, finished_at) WHERE state = 'completed';
DROP INDEX holding_holder;
CREATE INDEX file_reference_holder ON file_reference (holder);
DROP INDEX holding_until;
CREATE INDEX file_reference_expiry ON file_reference (expires_at) WHERE expires_at IS NOT NULL;
DROP INDEX vault_order;
CREATE INDEX adapter_data_order ON adapter_data (adapter, seq);
