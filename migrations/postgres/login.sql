-- Lets the role in gateway.login do a node's work. Run after every migration; changes nothing the second time.

DO $$
DECLARE
    login text := current_setting('gateway.login');
    is_16 boolean := current_setting('server_version_num')::integer >= 160000;
    groups text[] := ARRAY['gateway_app', 'gateway_log_writer', 'gateway_ledger_writer'];
    role pg_roles;
    tries integer := 0;
BEGIN
    LOOP
        BEGIN
            SELECT * INTO role FROM pg_roles WHERE rolname = login;
            IF NOT FOUND THEN
                EXECUTE format('CREATE ROLE %I LOGIN NOINHERIT', login);
                SELECT * INTO role FROM pg_roles WHERE rolname = login;
            END IF;
            IF role.rolsuper OR role.rolbypassrls THEN
                RAISE EXCEPTION 'the role % is a superuser or bypasses row-level security: a node must sign in as another', login
                    USING ERRCODE = 'invalid_role_specification';
            END IF;
            IF EXISTS (
                SELECT FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
                WHERE nspname IN ('public', 'partitions') AND pg_has_role(role.oid, relowner, 'MEMBER')
            ) OR pg_has_role(role.oid, 'gateway_definer', 'MEMBER') THEN
                RAISE EXCEPTION 'the role % owns tables, or may act for the role that does: a node must sign in as another', login
                    USING ERRCODE = 'invalid_role_specification';
            END IF;
            -- What a member inherits it has all the time: every tenant's ledger, say. Before PostgreSQL 16 that is a property
            -- of the member, since then of the membership.
            IF NOT is_16 AND role.rolinherit THEN
                EXECUTE format('ALTER ROLE %I NOINHERIT', login);
            END IF;
            IF is_16 THEN
                EXECUTE format('GRANT %s TO %I WITH INHERIT FALSE, SET TRUE', array_to_string(groups, ', '), login);
            ELSE
                EXECUTE format('GRANT %s TO %I', array_to_string(groups, ', '), login);
            END IF;
            EXIT;
        -- Roles are the whole server's: another database of it may be at the same.
        EXCEPTION WHEN duplicate_object OR unique_violation OR internal_error THEN
            tries := tries + 1;
            IF tries > 50 THEN
                RAISE;
            END IF;
            PERFORM pg_sleep(0.05);
        END;
    END LOOP;
END $$;
