-- What chats with a gateway need: a card by its message, turns of several processes, and words of an outage.

CREATE INDEX card_message ON card (adapter, message) WHERE message IS NOT NULL;

-- when the next of those who take turns may go
CREATE TABLE turn (
    adapter TEXT NOT NULL,
    name    TEXT NOT NULL,
    next_at BIGINT NOT NULL,
    PRIMARY KEY (adapter, name)
);

-- conversations that were told of an outage which has not ended
CREATE TABLE outage_told (
    provider  TEXT NOT NULL,
    adapter   TEXT NOT NULL,
    workspace TEXT NOT NULL,
    channel   TEXT NOT NULL,
    thread    TEXT NOT NULL DEFAULT '',
    at        BIGINT NOT NULL,
    PRIMARY KEY (provider, adapter, channel, thread)
);
