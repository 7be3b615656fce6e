-- What is known, and to be done, of calls whose outcome is not known; what keeps calls on one object apart; and events.

-- What a row changes, where that may be changed by one call at a time. It counts while the row is open.
ALTER TABLE ledger ADD COLUMN serial TEXT;
-- How often it was looked up in vain.
ALTER TABLE ledger ADD COLUMN look_ups INTEGER NOT NULL DEFAULT 0;
-- When to look next: of a started row the end of its lease; NULL: a person has to.
ALTER TABLE ledger ADD COLUMN look_up_at INTEGER;
-- A line for each request to the provider: a JSON array, or nothing.
ALTER TABLE ledger ADD COLUMN attempt_lines BLOB NOT NULL DEFAULT x'';
ALTER TABLE transaction_logs ADD COLUMN attempt_lines BLOB NOT NULL DEFAULT x'';

-- Rows of the version before are looked up, too.
UPDATE ledger SET look_up_at = lease_until WHERE state <> 'settled';

CREATE UNIQUE INDEX ledger_by_serial ON ledger (user_id, environment, serial)
    WHERE serial IS NOT NULL AND state <> 'settled';

-- What the reconciler looks through, and what an operator looks at.
DROP INDEX ledger_open;
CREATE INDEX ledger_due ON ledger (look_up_at) WHERE state <> 'settled';
CREATE INDEX ledger_unknown ON ledger (started_at, look_up_at) WHERE state = 'unknown';

-- What tenants are told of beside the answers to their requests. The gateway's own are of the service `gateway`.
CREATE TABLE webhook_events (
    id BLOB NOT NULL CHECK (length(id) = 16),
    user_id BLOB NOT NULL CHECK (length(user_id) = 16),
    service_name TEXT NOT NULL,
    environment TEXT NOT NULL,
    provider_event_id TEXT NOT NULL, -- of the gateway's own: kind and transaction
    event_type TEXT NOT NULL,
    payload BLOB NOT NULL,
    signature TEXT,
    processed INTEGER NOT NULL DEFAULT 0 CHECK (processed = 0 OR processed = 1),
    processed_at INTEGER,
    related_txn_id BLOB CHECK (length(related_txn_id) = 16),
    created_at INTEGER NOT NULL,
    CHECK (processed = (processed_at IS NOT NULL))
) STRICT;

-- An event is taken in once, however often it comes.
CREATE UNIQUE INDEX webhook_events_once ON webhook_events (user_id, service_name, environment, provider_event_id);
CREATE UNIQUE INDEX webhook_events_by_id ON webhook_events (id, user_id);

-- The list of a tenant's events.
CREATE INDEX webhook_events_of_gateway ON webhook_events (user_id, environment, id) WHERE service_name = 'gateway';
CREATE INDEX webhook_events_open ON webhook_events (created_at) WHERE NOT processed;
