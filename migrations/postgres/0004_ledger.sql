-- The ledger: one row a side effect. No foreign key to users: a begun call must be settled whatever became of its tenant.
-- The transaction comes first in the primary key: its id grows with time, so that entries are appended.

CREATE TABLE ledger (
    transaction_id uuid NOT NULL,
    user_id uuid NOT NULL,
    api_key_id uuid NOT NULL,
    environment text NOT NULL CHECK (environment IN ('test', 'live')),
    idempotency_key text,
    operation text NOT NULL,
    fingerprint bytea NOT NULL CHECK (length(fingerprint) = 32),
    service_name text NOT NULL,
    provider_key text NOT NULL,
    target text NOT NULL,
    started_at timestamptz NOT NULL,
    lease_until timestamptz NOT NULL,
    replay_until timestamptz NOT NULL,
    state text NOT NULL CHECK (state IN ('started', 'unknown', 'settled')),
    response_status integer CHECK (response_status BETWEEN 0 AND 65535),
    request_payload bytea NOT NULL,
    response_payload bytea,
    PRIMARY KEY (transaction_id, user_id),
    CHECK ((state = 'settled') = (response_status IS NOT NULL)),
    CHECK ((state = 'settled') = (response_payload IS NOT NULL))
) WITH (autovacuum_vacuum_scale_factor = 0.02); -- each row is changed once and deleted once

-- What makes one idempotency key one side effect.
CREATE UNIQUE INDEX ledger_by_idempotency_key ON ledger (user_id, environment, idempotency_key)
    WHERE idempotency_key IS NOT NULL;

-- What the reconciler looks through.
CREATE INDEX ledger_open ON ledger (lease_until) WHERE state <> 'settled';

-- What is forgotten in time.
CREATE INDEX ledger_settled ON ledger (replay_until) WHERE state = 'settled';

-- A tenant's work reads how its own entries stand. Entries are begun and ended in batches of many tenants, each in one
-- commit, and looked after when no tenant is there to ask: that is gateway_ledger_writer's, which sees this table only.
ALTER TABLE ledger ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY ledger_of_tenant ON ledger TO gateway_app
    USING (user_id = nullif(current_setting('app.user_id', true), '')::uuid);
CREATE POLICY ledger_of_all ON ledger TO gateway_ledger_writer USING (true);
GRANT SELECT ON ledger TO gateway_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON ledger TO gateway_ledger_writer;
