-- The gateway's roles. None signs in, none owns a table, none bypasses row-level security.
--
-- A node signs in as a role of its own, which is a member of the first three and inherits nothing: by itself it can read no
-- table. Each transaction says whose work it does with SET LOCAL ROLE, and a tenant's work says for whom with
-- set_config('app.user_id', …, true); both end with the transaction, so that they are safe behind a transaction pooler.
--
--   gateway_app            a tenant's work: the rows of the tenant in app.user_id, and no others
--   gateway_log_writer     batches of many tenants into the logs: it adds rows and reads none of them
--   gateway_ledger_writer  batches of many tenants into the ledger, and the reconciler: the ledger and nothing else
--   gateway_definer        owns the few functions that look across tenants; nobody is a member but the migrating role

DO $$
DECLARE
    name text;
    mighty boolean;
BEGIN
    FOREACH name IN ARRAY ARRAY['gateway_app', 'gateway_log_writer', 'gateway_ledger_writer', 'gateway_definer'] LOOP
        -- Roles are the whole server's: another database of it may have them, or be making them right now.
        BEGIN
            IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) THEN
                EXECUTE format('CREATE ROLE %I NOLOGIN NOINHERIT', name);
            END IF;
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL;
        END;
        SELECT rolsuper OR rolbypassrls OR rolcanlogin INTO mighty FROM pg_roles WHERE rolname = name;
        IF mighty THEN
            RAISE EXCEPTION 'the role % can sign in, is a superuser or bypasses row-level security; it must not', name;
        END IF;
    END LOOP;
    -- Whoever is no superuser must be a member to give a function to gateway_definer.
    IF NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
        EXECUTE format('GRANT gateway_definer TO %I', current_user);
    END IF;
END $$;

-- A database that was made before PostgreSQL 15 lets everybody make tables in `public`. Whoever may do that could place a
-- table of his own in front of ours.
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO gateway_app, gateway_log_writer, gateway_ledger_writer, gateway_definer;

-- A node asks whether the schema is the one it knows, before it serves.
GRANT SELECT ON schema_migrations TO gateway_app;
