-- The transaction log: rows are added and never changed. No foreign key to users: a row is kept whatever became of its tenant.
-- Rows and all indexes but the list of orders grow at one end: with the tenant first, each row would dirty pages of its own
-- (measured with 1,000 tenants in turn: half the rows a second).

CREATE TABLE transaction_logs (
    user_id BLOB NOT NULL CHECK (length(user_id) = 16),
    transaction_id BLOB NOT NULL CHECK (length(transaction_id) = 16),
    api_key_id BLOB NOT NULL CHECK (length(api_key_id) = 16),
    environment TEXT NOT NULL,
    operation TEXT NOT NULL,
    subject BLOB CHECK (length(subject) = 16),
    service_name TEXT,
    provider_txn_id TEXT,
    endpoint TEXT NOT NULL,
    status TEXT NOT NULL,
    object_status TEXT,
    response_status INTEGER NOT NULL,
    error_code TEXT,
    amount_minor INTEGER,
    currency TEXT,
    reference TEXT,
    duration_us INTEGER NOT NULL,
    provider_duration_us INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    request_id TEXT NOT NULL,
    ip_address TEXT,
    user_agent TEXT,
    created_at INTEGER NOT NULL,
    request_payload BLOB NOT NULL,
    response_payload BLOB NOT NULL
) STRICT;

-- Look-ups by id. The transaction comes first: its id grows with time, so that entries are appended. The tenant is part of
-- it, so that no tenant's row is ever in another's way.
CREATE UNIQUE INDEX transaction_logs_by_id ON transaction_logs (transaction_id, user_id);

-- What later transactions told about an order.
CREATE INDEX transaction_logs_by_subject ON transaction_logs (subject, user_id, transaction_id)
    WHERE subject IS NOT NULL;

-- The list of a tenant's orders.
CREATE INDEX transaction_logs_orders ON transaction_logs (user_id, environment, transaction_id)
    WHERE operation = 'orders.create' AND status = 'success';

CREATE TRIGGER transaction_logs_refuse_update BEFORE UPDATE ON transaction_logs
BEGIN
    SELECT RAISE (ABORT, 'transaction_logs takes new rows only');
END;

CREATE TRIGGER transaction_logs_refuse_delete BEFORE DELETE ON transaction_logs
BEGIN
    SELECT RAISE (ABORT, 'transaction_logs takes new rows only');
END;
