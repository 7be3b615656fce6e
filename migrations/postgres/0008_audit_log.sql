-- Who changed what of a tenant's account: rows are added and never changed, and never let go of. No foreign key to users.

CREATE TABLE audit_log (
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    actor text NOT NULL,       -- who: a person's or a key's id, or `operator`
    action text NOT NULL,      -- `api_keys.rotate`
    subject text NOT NULL,     -- what: the changed object's id
    environment text CHECK (environment IN ('test', 'live')),
    details jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(details) = 'object'), -- never a secret
    request_id text,
    ip_address inet,
    user_agent text,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (id, user_id)
);

CREATE INDEX audit_log_of_user ON audit_log (user_id, created_at);

CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- A change and the note of it are one commit of the tenant's work.
ALTER TABLE audit_log ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY audit_log_of_tenant ON audit_log TO gateway_app
    USING (user_id = nullif(current_setting('app.user_id', true), '')::uuid);
GRANT SELECT, INSERT ON audit_log TO gateway_app;
