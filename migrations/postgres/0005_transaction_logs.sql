-- The transaction log: rows are added and never changed. No foreign key to users: a row is kept whatever became of its tenant.
-- Payloads are bytes: they are given back as they came and never parsed again.

CREATE TABLE transaction_logs (
    user_id uuid NOT NULL,
    transaction_id uuid NOT NULL,
    api_key_id uuid NOT NULL,
    environment text NOT NULL CHECK (environment IN ('test', 'live')),
    operation text NOT NULL,
    subject uuid,
    service_name text,
    provider_txn_id text,
    endpoint text NOT NULL, -- method and route
    http_method text GENERATED ALWAYS AS (split_part(endpoint, ' ', 1)) STORED,
    status text NOT NULL CHECK (status IN ('success', 'failed', 'unknown')),
    object_status text,
    provider_status text,
    response_status integer NOT NULL CHECK (response_status BETWEEN 0 AND 65535),
    error_code text,
    error_message text,
    amount_minor bigint,
    currency text,
    reference text,
    duration_us bigint NOT NULL CHECK (duration_us >= 0),
    provider_duration_us bigint NOT NULL CHECK (provider_duration_us >= 0),
    response_time_ms bigint GENERATED ALWAYS AS (duration_us / 1000) STORED,
    attempts integer NOT NULL CHECK (attempts BETWEEN 0 AND 65535),
    request_id text NOT NULL,
    ip_address inet,
    user_agent text,
    created_at timestamptz NOT NULL,
    request_payload bytea NOT NULL,
    response_payload bytea NOT NULL
) PARTITION BY RANGE (created_at);

-- Look-ups by id. The transaction comes first: its id grows with time, so that entries are appended. The tenant is part of
-- it, so that no tenant's row is ever in another's way. The moment has to be part of it; a repeat has the same one.
CREATE UNIQUE INDEX transaction_logs_by_id ON transaction_logs (transaction_id, user_id, created_at);

-- What later transactions told about an order.
CREATE INDEX transaction_logs_by_subject ON transaction_logs (subject, user_id, transaction_id)
    WHERE subject IS NOT NULL;

-- A tenant's transactions, newest first.
CREATE INDEX transaction_logs_of_user ON transaction_logs (user_id, created_at);

-- The list of a tenant's orders.
CREATE INDEX transaction_logs_orders ON transaction_logs (user_id, environment, transaction_id)
    WHERE operation = 'orders.create' AND status = 'success';

-- What happened at a provider, for the operator.
CREATE INDEX transaction_logs_of_service ON transaction_logs (service_name, created_at);

SELECT register_partitioned('transaction_logs', 'created_at', true, false);

-- A tenant reads its own rows. gateway_log_writer adds rows of many tenants and reads none; through this table row by row,
-- where a batch meets rows that are there already, and else with COPY into a day's part.
ALTER TABLE transaction_logs ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY transaction_logs_of_tenant ON transaction_logs FOR SELECT TO gateway_app
    USING (user_id = nullif(current_setting('app.user_id', true), '')::uuid);
CREATE POLICY transaction_logs_of_all ON transaction_logs FOR INSERT TO gateway_log_writer WITH CHECK (true);
GRANT SELECT ON transaction_logs TO gateway_app;
GRANT INSERT ON transaction_logs TO gateway_log_writer;
