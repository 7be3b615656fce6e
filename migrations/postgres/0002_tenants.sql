-- Tenants, their platform keys, their services, and the instance's own secrets. Moments are exact to the microsecond; the
-- gateway's are whole milliseconds.

CREATE TABLE users (
    id uuid NOT NULL PRIMARY KEY,
    clerk_user_id text UNIQUE,
    email text NOT NULL UNIQUE CHECK (email = lower(email)),
    password_hash text,
    full_name text,
    company_name text,
    plan_tier text NOT NULL CHECK (plan_tier IN ('free', 'pro', 'enterprise')),
    is_active boolean NOT NULL DEFAULT true,
    settings jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(settings) = 'object'),
    implicit_idempotency_seconds bigint CHECK (implicit_idempotency_seconds >= 0),
    data_key bytea NOT NULL, -- wrapped under a master key
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);

CREATE TABLE api_keys (
    id uuid NOT NULL PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users (id),
    key_hash bytea NOT NULL UNIQUE CHECK (length(key_hash) = 32),
    retired_hash bytea CHECK (length(retired_hash) = 32),
    retired_until timestamptz,
    key_name text NOT NULL,
    key_prefix text NOT NULL GENERATED ALWAYS AS ('unf_' || environment) STORED,
    environment text NOT NULL CHECK (environment IN ('test', 'live')),
    is_active boolean NOT NULL GENERATED ALWAYS AS (revoked_at IS NULL) STORED,
    scopes text[] NOT NULL,      -- empty: everything
    rate_limit_per_min bigint NOT NULL CHECK (rate_limit_per_min >= 1),
    rate_limit_per_day bigint NOT NULL CHECK (rate_limit_per_day >= 1),
    allowed_ips text[] NOT NULL CHECK (allowed_ips::inet[] IS NOT NULL), -- address/prefix; empty: from anywhere
    created_at timestamptz NOT NULL,
    expires_at timestamptz,
    revoked_at timestamptz,
    last_used_at timestamptz,
    CHECK ((retired_hash IS NULL) = (retired_until IS NULL))
);

CREATE INDEX api_keys_of_user ON api_keys (user_id, created_at);

-- Keys are found by their secret's hash, the one before the last rotation included.
CREATE INDEX api_keys_by_retired_hash ON api_keys (retired_hash) WHERE retired_hash IS NOT NULL;

-- Sealed field by field: field_names in order, credentials_encrypted beside it. The webhook secret has a column of its own,
-- since webhooks need it and nothing else; its place in credentials_encrypted is NULL.
CREATE TABLE service_credentials (
    id uuid NOT NULL PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id uuid NOT NULL REFERENCES users (id),
    service_name text NOT NULL,
    environment text NOT NULL CHECK (environment IN ('test', 'live')),
    field_names text[] NOT NULL CHECK (array_position(field_names, NULL) IS NULL),
    credentials_encrypted bytea[] NOT NULL,
    webhook_secret bytea,
    features_config jsonb NOT NULL CHECK (jsonb_typeof(features_config) = 'object'),
    is_active boolean NOT NULL DEFAULT true,
    last_verified_at timestamptz,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    UNIQUE (user_id, service_name, environment),
    CHECK (cardinality(field_names) = cardinality(credentials_encrypted)),
    CHECK (cardinality(array_positions(credentials_encrypted, NULL)) = CASE WHEN webhook_secret IS NULL THEN 0 ELSE 1 END)
);

CREATE TABLE instance_secrets (
    name text NOT NULL PRIMARY KEY,
    sealed bytea NOT NULL
);

-- A tenant sees itself. Without app.user_id, or with an empty one (a pooled connection that had it once), nobody is seen.
-- FORCE: the owner is no exception. TO: a role without a policy sees nothing, whatever it was granted by accident.
ALTER TABLE users ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY users_of_tenant ON users TO gateway_app
    USING (id = nullif(current_setting('app.user_id', true), '')::uuid);

ALTER TABLE api_keys ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY api_keys_of_tenant ON api_keys TO gateway_app
    USING (user_id = nullif(current_setting('app.user_id', true), '')::uuid);

ALTER TABLE service_credentials ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY service_credentials_of_tenant ON service_credentials TO gateway_app
    USING (user_id = nullif(current_setting('app.user_id', true), '')::uuid);

-- Signing up is an insert under the new id. What a tenant may change of itself; its plan, and whether it is served, are the
-- operator's.
GRANT SELECT, INSERT ON users TO gateway_app;
GRANT UPDATE (clerk_user_id, email, password_hash, full_name, company_name, settings, implicit_idempotency_seconds,
    data_key, updated_at) ON users TO gateway_app;

-- Keys are made, listed, rotated, revoked. None is ever deleted, or given to another tenant or environment.
GRANT SELECT, INSERT ON api_keys TO gateway_app;
GRANT UPDATE (key_hash, retired_hash, retired_until, revoked_at, last_used_at) ON api_keys TO gateway_app;

-- Services are configured again and again; what was before is overwritten.
GRANT SELECT, INSERT ON service_credentials TO gateway_app;
GRANT UPDATE (field_names, credentials_encrypted, webhook_secret, features_config, is_active, last_verified_at, updated_at)
    ON service_credentials TO gateway_app;

-- The instance's secrets are no tenant's: sealed under the master key, which the database never sees. Made once, never changed.
GRANT SELECT, INSERT ON instance_secrets TO gateway_app;

-- Before it is known whose work it is, three questions can be asked, and each gives an id only: what can be read with it is
-- for the policies to say.

GRANT SELECT (id, user_id, key_hash, retired_hash, last_used_at) ON api_keys TO gateway_definer;
GRANT SELECT (id, email, clerk_user_id) ON users TO gateway_definer;
GRANT UPDATE (last_used_at) ON api_keys TO gateway_definer;
CREATE POLICY api_keys_of_all ON api_keys TO gateway_definer USING (true);
CREATE POLICY users_of_all ON users FOR SELECT TO gateway_definer USING (true);

-- Whose key has this hash, as its present secret or the one before, revoked or not.
CREATE FUNCTION owner_of_key(hash bytea) RETURNS uuid
    LANGUAGE sql STABLE STRICT SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    RETURN (
        SELECT found.user_id FROM (
            (SELECT user_id FROM public.api_keys WHERE key_hash = hash)
            UNION ALL
            (SELECT user_id FROM public.api_keys WHERE retired_hash = hash)
        ) AS found LIMIT 1
    );

-- Who signs in with this address, in lower case.
CREATE FUNCTION user_by_email(address text) RETURNS uuid
    LANGUAGE sql STABLE STRICT SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    RETURN (SELECT id FROM public.users WHERE email = address);

-- Who signs in with this id of the identity provider.
CREATE FUNCTION user_by_clerk_id(clerk_id text) RETURNS uuid
    LANGUAGE sql STABLE STRICT SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    RETURN (SELECT id FROM public.users WHERE clerk_user_id = clerk_id);

-- When keys of many tenants were last used; a key of another tenant than is said stays untouched, and no moment goes back.
-- Rows are locked in one order, so that two nodes never wait for each other.
CREATE FUNCTION touch_keys(tenants uuid[], keys uuid[], moments timestamptz[]) RETURNS void
    LANGUAGE sql VOLATILE STRICT SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    BEGIN ATOMIC
        WITH used AS (
            SELECT tenant, key, max(moment) AS moment
            FROM unnest(tenants, keys, moments) AS given (tenant, key, moment) GROUP BY tenant, key
        ), locked AS (
            SELECT api_keys.id, used.moment FROM used JOIN public.api_keys ON id = used.key AND user_id = used.tenant
            WHERE last_used_at IS NULL OR last_used_at < used.moment
            ORDER BY api_keys.id FOR NO KEY UPDATE OF api_keys
        )
        UPDATE public.api_keys SET last_used_at = locked.moment FROM locked WHERE api_keys.id = locked.id;
    END;

REVOKE ALL ON FUNCTION owner_of_key, user_by_email, user_by_clerk_id, touch_keys FROM PUBLIC;
GRANT EXECUTE ON FUNCTION owner_of_key, user_by_email, user_by_clerk_id, touch_keys TO gateway_app;

-- To own a function in a schema, one must be allowed to make some there. That right is taken back at once.
GRANT CREATE ON SCHEMA public TO gateway_definer;
ALTER FUNCTION owner_of_key OWNER TO gateway_definer;
ALTER FUNCTION user_by_email OWNER TO gateway_definer;
ALTER FUNCTION user_by_clerk_id OWNER TO gateway_definer;
ALTER FUNCTION touch_keys OWNER TO gateway_definer;
REVOKE CREATE ON SCHEMA public FROM gateway_definer;
