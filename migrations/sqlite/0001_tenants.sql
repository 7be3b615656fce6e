-- Tenants, their platform keys, their services, and the instance's own secrets.
-- Ids are 16 bytes, big-endian, so that they sort by age. Moments are milliseconds since 1970.

CREATE TABLE users (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    clerk_user_id TEXT UNIQUE,
    email TEXT NOT NULL UNIQUE,
    password_hash TEXT,
    full_name TEXT,
    company_name TEXT,
    plan_tier TEXT NOT NULL,
    is_active INTEGER NOT NULL CHECK (is_active IN (0, 1)),
    implicit_idempotency_seconds INTEGER,
    data_key BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE api_keys (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    user_id BLOB NOT NULL REFERENCES users (id),
    key_hash BLOB NOT NULL UNIQUE CHECK (length(key_hash) = 32),
    retired_hash BLOB CHECK (length(retired_hash) = 32),
    retired_until INTEGER,
    key_name TEXT NOT NULL,
    environment TEXT NOT NULL,
    scopes TEXT NOT NULL,      -- names, separated by commas; empty: everything
    rate_limit_per_min INTEGER NOT NULL,
    rate_limit_per_day INTEGER NOT NULL,
    allowed_ips TEXT NOT NULL, -- address/prefix, separated by commas; empty: from anywhere
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    revoked_at INTEGER,
    last_used_at INTEGER,
    CHECK ((retired_hash IS NULL) = (retired_until IS NULL))
) STRICT, WITHOUT ROWID;

CREATE INDEX api_keys_of_user ON api_keys (user_id, created_at);

CREATE TABLE service_credentials (
    user_id BLOB NOT NULL REFERENCES users (id),
    service_name TEXT NOT NULL,
    environment TEXT NOT NULL,
    features_config TEXT NOT NULL, -- feature:on|off:priority, separated by commas
    last_verified_at INTEGER,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, service_name, environment)
) STRICT, WITHOUT ROWID;

CREATE TABLE service_credential_fields (
    user_id BLOB NOT NULL,
    service_name TEXT NOT NULL,
    environment TEXT NOT NULL,
    position INTEGER NOT NULL,
    field_name TEXT NOT NULL,
    credentials_encrypted BLOB NOT NULL,
    PRIMARY KEY (user_id, service_name, environment, position),
    FOREIGN KEY (user_id, service_name, environment) REFERENCES service_credentials ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE TABLE instance_secrets (
    name TEXT NOT NULL PRIMARY KEY,
    sealed BLOB NOT NULL
) STRICT, WITHOUT ROWID;
