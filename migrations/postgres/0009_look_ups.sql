-- What is known, and to be done, of calls whose outcome is not known; what keeps calls on one object apart; and how events
-- are listed.

ALTER TABLE ledger
    -- What a row changes, where that may be changed by one call at a time. It counts while the row is open.
    ADD COLUMN serial text,
    -- How often it was looked up in vain.
    ADD COLUMN look_ups smallint NOT NULL DEFAULT 0 CHECK (look_ups BETWEEN 0 AND 255),
    -- When to look next: of a started row the end of its lease; NULL: a person has to. Rows that are there, and those that
    -- nodes of the version before begin while others are brought up to date, are due when their leases are over.
    ADD COLUMN look_up_at timestamptz DEFAULT now(),
    -- A line for each request to the provider: a JSON array, or nothing.
    ADD COLUMN attempt_lines bytea NOT NULL DEFAULT '';

ALTER TABLE transaction_logs ADD COLUMN attempt_lines bytea NOT NULL DEFAULT '';

CREATE UNIQUE INDEX ledger_by_serial ON ledger (user_id, environment, serial)
    WHERE serial IS NOT NULL AND state <> 'settled';

-- What the reconciler looks through, and what an operator looks at.
DROP INDEX ledger_open;
CREATE INDEX ledger_due ON ledger (look_up_at) WHERE state <> 'settled';
CREATE INDEX ledger_unknown ON ledger (started_at, look_up_at) WHERE state = 'unknown';

-- The list of a tenant's events: the gateway's own are of the service `gateway`.
CREATE INDEX webhook_events_of_gateway ON webhook_events (user_id, environment, id) WHERE service_name = 'gateway';
