-- The ledger: one row a side effect. No foreign key to users: a begun call must be settled whatever became of its tenant.
-- The transaction comes first in the primary key: its id grows with time, so that entries are appended. Rows have SQLite's own
-- row number, too: that keeps the other indexes' entries short.

CREATE TABLE ledger (
    transaction_id BLOB NOT NULL CHECK (length(transaction_id) = 16),
    user_id BLOB NOT NULL CHECK (length(user_id) = 16),
    api_key_id BLOB NOT NULL CHECK (length(api_key_id) = 16),
    environment TEXT NOT NULL,
    idempotency_key TEXT,
    operation TEXT NOT NULL,
    fingerprint BLOB NOT NULL CHECK (length(fingerprint) = 32),
    service_name TEXT NOT NULL,
    provider_key TEXT NOT NULL,
    target TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    lease_until INTEGER NOT NULL,
    replay_until INTEGER NOT NULL,
    -- Not `IN`: SQLite makes a table of its own for the list, each time a row is checked.
    state TEXT NOT NULL CHECK (state = 'started' OR state = 'unknown' OR state = 'settled'),
    response_status INTEGER,
    request_payload BLOB NOT NULL,
    response_payload BLOB,
    PRIMARY KEY (transaction_id, user_id),
    CHECK ((state = 'settled') = (response_status IS NOT NULL)),
    CHECK ((state = 'settled') = (response_payload IS NOT NULL))
) STRICT;

-- What makes one idempotency key one side effect.
CREATE UNIQUE INDEX ledger_by_idempotency_key ON ledger (user_id, environment, idempotency_key)
    WHERE idempotency_key IS NOT NULL;

-- What the reconciler looks through.
CREATE INDEX ledger_open ON ledger (lease_until) WHERE state <> 'settled';
